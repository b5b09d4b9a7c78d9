"""API accounts: one client in one environment."""

from __future__ import annotations

import re
from datetime import date

from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Coalesce, Greatest, Lower

from accounts.lifecycle.actor import Actor
from accounts.lifecycle.states import PROVIDER_TASKS, AccountState, OrderKind, Role
from accounts.models.environment import Environment
from accounts.models.order import OPEN, Order
from accounts.models.organisation import Organisation
from accounts.models.person import Person
from accounts.models.subject import Subject, both_or_neither, choices, known

_LIVING = [AccountState.ACTIVE.value, AccountState.NOTIFIED.value, AccountState.SUSPENDED.value]

_FOR_CEGAL = [kind.value for kind in PROVIDER_TASKS]
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def normal_client_id(text: str) -> str:
    """A client id as it is stored: without spaces around it, and in lower case where it is a UUID (RFC 9562)."""
    text = text.strip()
    return text.lower() if _UUID.fullmatch(text) else text


class AccountQuerySet(models.QuerySet["Account"]):
    def visible_to(self, actor: Actor) -> AccountQuerySet:
        """The accounts that ``actor`` may see: their own, all for staff, and for Cegal those of an order that was
        sent to them and those for which they owe (or did) a task.
        """
        seen = Q(owner_id=actor.id) if actor.id else Q(pk__in=[])
        if actor.id and actor.email:
            seen |= Q(technical_email=actor.email.lower())
        if actor.owns is not None:
            seen |= Q(pk=actor.owns)
        if actor.holds(Role.SUPPORT, Role.SERVICE_RESPONSIBLE, Role.ADMINISTRATOR, Role.SYSTEM):
            return self
        if actor.holds(Role.CEGAL):
            seen |= Q(order__sent_to_cegal_at__isnull=False) | Q(tasks__kind__in=_FOR_CEGAL)
            return self.filter(seen).distinct()
        return self.filter(seen)

    def active_past(self, cutoff: date) -> AccountQuerySet:
        """Active accounts whose last activity lies before ``cutoff``: those that may be due for a notice."""
        return self.filter(state=AccountState.ACTIVE.value, last_activity_on__lt=cutoff)


class Account(Subject):
    """One client (``client_id``) in one environment, that belongs to an organisation and an owner.

    ``watched_from`` is set for an account whose last use is unknown: the day from which we can know.
    ``stated_through`` is the day up to which an import made a statement about its use.
    """

    client_id = models.CharField(max_length=200)
    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="accounts")
    state = models.CharField(max_length=20, choices=choices(AccountState), default=AccountState.PENDING.value)
    state_since = models.DateTimeField()
    created_at = models.DateTimeField()
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="accounts")
    order = models.ForeignKey(Order, null=True, on_delete=models.PROTECT, related_name="accounts")
    owner = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="accounts")
    technical_name = models.CharField(max_length=200, blank=True)
    technical_email = models.EmailField(max_length=254, blank=True, help_text="In lower case.")
    collector_email = models.EmailField(
        max_length=254,
        blank=True,
        help_text="In lower case: the technical contact whom the owner lets collect secrets.",
    )
    collector_named_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    as_seller = models.BooleanField(default=False)
    as_broker = models.BooleanField(default=False)
    system = models.CharField(max_length=200, blank=True)
    purpose = models.TextField(max_length=2000)
    loop_reference = models.CharField(max_length=100, blank=True, help_text="The account’s reference in Loop.")
    activated_on = models.DateField(null=True)
    last_used_on = models.DateField(null=True)
    watched_from = models.DateField(null=True)
    stated_through = models.DateField(null=True)
    kept_on = models.DateField(null=True)
    reactivated_on = models.DateField(null=True)
    last_activity_on = models.GeneratedField(
        expression=Greatest(
            F("activated_on"),
            Coalesce(F("last_used_on"), F("activated_on")),
            Coalesce(F("watched_from"), F("activated_on")),
            Coalesce(F("kept_on"), F("activated_on")),
            Coalesce(F("reactivated_on"), F("activated_on")),
        ),
        output_field=models.DateField(null=True),
        db_persist=True,
        help_text="The latest of the days above (DOMAIN.md, “Last activity”); the database works it out.",
    )

    objects = AccountQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["client_id", "environment"], name="account_is_unique_in_environment"),
            known("state", AccountState, "account_state_is_known"),
            models.CheckConstraint(condition=~Q(client_id=""), name="account_client_id_is_given"),
            models.CheckConstraint(condition=~Q(purpose=""), name="account_purpose_is_given"),
            models.CheckConstraint(condition=Q(as_seller=True) | Q(as_broker=True), name="account_role_is_given"),
            models.CheckConstraint(
                condition=Q(technical_email=Lower("technical_email")), name="account_technical_email_is_lower_case"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=_LIVING) | Q(activated_on__isnull=False),
                name="account_living_was_activated",
            ),
        ]
        indexes = [
            # not partial: PostgreSQL forgets a column that an index's condition says, SQLite needs it in the index
            models.Index(fields=["state", "last_activity_on", "id"], name="account_by_activity"),
            models.Index(fields=["environment", "state"], name="account_by_environment"),
            models.Index(fields=["state", "state_since", "id"], name="account_by_state"),
            models.Index(fields=["technical_email"], name="account_by_technical_contact"),
        ]

    def __str__(self) -> str:
        return f"{self.client_id} ({self.environment})"

    @property
    def last_use_is_unknown(self) -> bool:
        """Unknown is not “never used”: nobody has yet said anything about this account's use."""
        return self.last_used_on is None and self.watched_from is not None

    @property
    def technical_may_collect(self) -> bool:
        """Does the owner let the technical contact collect secrets? It ends when either of them is somebody else."""
        named = bool(self.collector_email) and self.collector_email == self.technical_email
        return named and self.collector_named_by_id == self.owner_id

    @property
    def role_words(self) -> str:
        """Seller, Broker or both, as the Loop API names them."""
        return " + ".join(word for word, held in (("Seller", self.as_seller), ("Broker", self.as_broker)) if held)


class CredentialQuerySet(models.QuerySet["Credential"]):
    def in_place(self) -> CredentialQuerySet:
        """Those that the provider has, as far as we know: issued, and not confirmed as removed."""
        return self.filter(collect_by__isnull=False, removed_at__isnull=True)

    def working(self) -> CredentialQuerySet:
        """Those in place that their owner has, or can collect."""
        return self.in_place().filter(Q(revealed_at__isnull=False) | Q(destroyed_at__isnull=True))

    def older_than(self, new: Credential) -> CredentialQuerySet:
        """The secrets that the provider has had of the same account for longer than ``new``.

        Also one that was never issued (wrong, or its order ended), where the provider's id says that it is there.
        """
        there = self.filter(Q(collect_by__isnull=False) | ~Q(key_id=""), removed_at__isnull=True)
        return there.filter(account=new.account_id, entered_at__lt=new.entered_at)

    def in_overlap(self) -> CredentialQuerySet:
        """The second secrets beside which the first one is still left in place."""
        return self.filter(overlap_until__isnull=False, overlap_ended_at__isnull=True)

    def last_working(self) -> CredentialQuerySet:
        """The working secret of each account in use that expires last, where that is known.

        One that nobody has revealed yet keeps no system going: it counts only where its owner has no other.
        """
        others = Credential.objects.working().filter(account=OuterRef("account")).exclude(pk=OuterRef("pk"))
        had = others.filter(revealed_at__isnull=False)
        longer = had.filter(Q(expires_on__isnull=True) | Q(expires_on__gt=OuterRef("expires_on")))
        held = self.working().filter(account__state__in=[AccountState.ACTIVE.value, AccountState.NOTIFIED.value])
        held = held.filter(Q(revealed_at__isnull=False) | ~Exists(had))
        return held.filter(expires_on__isnull=False).exclude(Exists(longer))

    def to_propose(self, by: date, late: date) -> CredentialQuerySet:
        """Those of ``last_working`` that expire by this day, of which not everything was told.

        Where a new one is asked for, or waits to be collected, only those that expire by the day ``late``.
        """
        asked = Order.objects.filter(
            concerns=OuterRef("account"), kind=OrderKind.SECRET_ROTATION.value, state__in=OPEN
        )  # fmt: skip
        waiting = Credential.objects.filter(account=OuterRef("account"), destroyed_at__isnull=True)
        waiting = waiting.exclude(pk=OuterRef("pk"))
        due = self.last_working().filter(Q(expiry_told__isnull=True) | Q(expiry_told__gt=0), expires_on__lte=by)
        return due.filter(Q(expires_on__lte=late) | ~(Exists(asked) | Exists(waiting)))


class Credential(models.Model):
    """One client secret of an account: encrypted until it is revealed once, then destroyed (DOMAIN.md)."""

    id = models.UUIDField(primary_key=True, editable=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="credentials")
    sealed_secret = models.TextField(blank=True, help_text="v1.<key id>.<base64>; empty once destroyed.")
    entered_at = models.DateTimeField()
    entered_by = models.CharField(max_length=200)
    expires_on = models.DateField(null=True, help_text="The day on which the provider lets the secret expire.")
    checked_at = models.DateTimeField(null=True)
    check_outcome = models.CharField(max_length=40, blank=True)
    check_sentence = models.CharField(max_length=500, blank=True)
    check_facts = models.JSONField(default=dict, help_text="The last check’s sentence and figures, never the secret.")
    check_due_at = models.DateTimeField(null=True, help_text="When the token URL is asked next; null: not by itself.")
    check_until = models.DateTimeField(null=True, help_text="Until when it is asked again, once it was asked.")
    check_tries = models.PositiveSmallIntegerField(default=0, help_text="How often it was asked in this round.")
    verified_at = models.DateTimeField(null=True)
    collect_by = models.DateField(null=True, help_text="After this day an unrevealed secret is destroyed.")
    revealed_at = models.DateTimeField(null=True)
    revealed_by = models.CharField(max_length=200, null=True)  # noqa: DJ001 - both or neither with revealed_at
    destroyed_at = models.DateTimeField(null=True)
    ending = models.CharField(max_length=3, blank=True, help_text="Its last characters, to tell two secrets apart.")
    key_id = models.CharField(max_length=100, blank=True, help_text="The provider’s id of this secret.")
    removed_at = models.DateTimeField(null=True, help_text="When the provider confirmed that it is removed.")
    rotation = models.ForeignKey(
        Order, null=True, on_delete=models.PROTECT, related_name="secrets",
        help_text="The order for which it came beside the secret before it.",
    )  # fmt: skip
    overlap_until = models.DateField(null=True, help_text="Through this day the secret before it is left in place.")
    overlap_announced_on = models.DateField(null=True)
    overlap_ended_at = models.DateTimeField(null=True, help_text="When the removal of the one before was asked for.")
    in_use_at = models.DateTimeField(null=True, help_text="When its owner confirmed that it is the one in use.")
    expiry_told = models.PositiveSmallIntegerField(
        null=True, help_text="The fewest days before the expiry for which its people were told; 0: that it expired."
    )

    objects = CredentialQuerySet.as_manager()

    class Meta:
        constraints = [
            both_or_neither("revealed_at", "revealed_by", "credential_revealed_by_somebody"),
            models.CheckConstraint(
                condition=Q(sealed_secret="", destroyed_at__isnull=False)
                | (~Q(sealed_secret="") & Q(destroyed_at__isnull=True, revealed_at__isnull=True)),
                name="credential_secret_until_destroyed",
            ),
            models.UniqueConstraint(
                fields=["account"], condition=Q(destroyed_at__isnull=True), name="credential_one_to_collect"
            ),
            models.CheckConstraint(
                condition=Q(overlap_until__isnull=True) | Q(rotation__isnull=False, revealed_at__isnull=False),
                name="credential_overlap_begins_when_collected",
            ),
        ]
        indexes = [
            models.Index(fields=["collect_by"], name="credential_due", condition=Q(destroyed_at__isnull=True)),
            models.Index(
                fields=["expires_on", "id"], name="credential_by_expiry", condition=Q(removed_at__isnull=True)
            ),
            models.Index(
                fields=["overlap_until"],
                name="credential_in_overlap",
                condition=Q(overlap_until__isnull=False, overlap_ended_at__isnull=True),
            ),
            models.Index(fields=["check_due_at"], name="credential_to_check", condition=Q(check_due_at__isnull=False)),
        ]

    @property
    def is_collectable(self) -> bool:
        """Issued and not yet revealed: the owner may collect it."""
        return self.destroyed_at is None and self.collect_by is not None
