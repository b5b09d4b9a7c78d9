"""The access order form and the number people say on the phone."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from django.db import models
from django.db.models import Q

from accounts.lifecycle.actor import Actor
from accounts.lifecycle.states import OrderKind, OrderState, Role
from accounts.models.environment import Environment
from accounts.models.organisation import Organisation
from accounts.models.person import Person
from accounts.models.subject import Subject, choices, known

if TYPE_CHECKING:
    from accounts.models.account import Account

FORM_FIELDS = (
    "organisation_name",
    "organisation_number",
    "system",
    "purpose",
    "technical_name",
    "technical_email",
    "owner_name",
    "owner_email",
)
"""The text fields of the order form; role and environments are asked besides. All are required."""

ENDED = (OrderState.ISSUED.value, OrderState.REJECTED.value, OrderState.WITHDRAWN.value)
"""The states in which nobody works on an order any more; only a withdrawn one can be reopened."""

OPEN = tuple(state.value for state in OrderState if state.value not in ENDED and state is not OrderState.DRAFT)
"""The states in which somebody still has to do something."""

_BEING_WRITTEN = [OrderState.DRAFT.value, OrderState.RETURNED.value, OrderState.WITHDRAWN.value]
_MAY_BE_INCOMPLETE = Q(state__in=_BEING_WRITTEN)
_COMPLETE = Q(as_seller=True) | Q(as_broker=True)
for _field in FORM_FIELDS:
    _COMPLETE &= ~Q(**{_field: ""})


class OrderQuerySet(models.QuerySet["Order"]):
    def visible_to(self, actor: Actor) -> OrderQuerySet:
        """The orders that ``actor`` may see at all (DOMAIN.md, "Who"); a stranger's order is a 404.

        Drafts are their requester's alone. Cegal sees only what was sent to Cegal.
        """
        seen = Q(requester_id=actor.id) if actor.id else Q(pk__in=[])
        if actor.holds(Role.SUPPORT, Role.SERVICE_RESPONSIBLE, Role.ADMINISTRATOR, Role.SYSTEM):
            seen |= ~Q(state=OrderState.DRAFT.value)
        if actor.holds(Role.CEGAL):
            seen |= Q(sent_to_cegal_at__isnull=False)
        return self.filter(seen)

    def asking_for(self, account_id: UUID, kind: OrderKind) -> OrderQuerySet:
        """The orders of ``kind`` that were sent, have not ended, and are about this account."""
        return self.filter(concerns=account_id, kind=kind.value, state__in=OPEN)


class Order(Subject):
    """Who asks, for which organisation, as Seller and/or Broker, for which environments, system and purpose."""

    reference = models.CharField(max_length=20, unique=True)
    kind = models.CharField(max_length=20, choices=choices(OrderKind), default=OrderKind.NEW_ACCESS.value)
    state = models.CharField(max_length=20, choices=choices(OrderState), default=OrderState.DRAFT.value)
    state_since = models.DateTimeField()
    created_at = models.DateTimeField()
    requester = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="orders")
    organisation_name = models.CharField(max_length=200, blank=True)
    organisation_number = models.CharField(max_length=20, blank=True)
    organisation = models.ForeignKey(Organisation, null=True, on_delete=models.PROTECT, related_name="orders")
    as_seller = models.BooleanField(default=False)
    as_broker = models.BooleanField(default=False)
    environments = models.ManyToManyField(Environment, related_name="orders")
    system = models.CharField(max_length=200, blank=True)
    purpose = models.TextField(max_length=2000, blank=True)
    technical_name = models.CharField(max_length=200, blank=True)
    technical_email = models.EmailField(max_length=254, blank=True)
    owner_name = models.CharField(max_length=200, blank=True)
    owner_email = models.EmailField(max_length=254, blank=True)
    submitted_at = models.DateTimeField(null=True)
    submitted_answers = models.JSONField(default=dict, help_text="The answers as they were last sent, to show changes.")
    sent_to_cegal_at = models.DateTimeField(null=True)
    answer_by = models.DateField(null=True, help_text="The day by which a returned order must be answered.")
    expiry_warned_on = models.DateField(null=True)
    stage_reminded_on = models.DateField(null=True)
    assignee: models.ForeignKey[Person | None, Person | None] = models.ForeignKey(
        Person, null=True, blank=True, on_delete=models.SET_NULL, related_name="assigned_orders",
        help_text="The colleague in Support who works on it.",
    )  # fmt: skip
    concerns: models.ForeignKey[Account | None, Account | None] = models.ForeignKey(
        "accounts.Account", null=True, on_delete=models.PROTECT, related_name="orders_about",
        help_text="The account that a reactivation or a secret rotation is about.",
    )  # fmt: skip

    objects = OrderQuerySet.as_manager()

    class Meta:
        constraints = [
            known("state", OrderState, "order_state_is_known"),
            known("kind", OrderKind, "order_kind_is_known"),
            models.CheckConstraint(condition=~Q(reference=""), name="order_reference_is_given"),
            models.CheckConstraint(
                condition=_MAY_BE_INCOMPLETE | _COMPLETE | Q(kind=OrderKind.SECRET_ROTATION.value),  # it has no form
                name="order_form_is_complete",
            ),
            models.CheckConstraint(
                condition=_MAY_BE_INCOMPLETE | Q(organisation__isnull=False, submitted_at__isnull=False),
                name="order_sent_has_organisation_and_time",
            ),
            models.CheckConstraint(
                condition=~Q(state=OrderState.RETURNED.value) | Q(answer_by__isnull=False),
                name="order_returned_has_answer_by",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[OrderState.CEGAL_SETUP.value, OrderState.CREDENTIAL_ISSUE.value])
                | Q(sent_to_cegal_at__isnull=False),
                name="order_at_cegal_was_sent",
            ),
            models.CheckConstraint(
                condition=Q(kind=OrderKind.NEW_ACCESS.value, concerns__isnull=True)
                | (~Q(kind=OrderKind.NEW_ACCESS.value) & Q(concerns__isnull=False)),
                name="order_names_the_account_it_is_about",
            ),
            models.UniqueConstraint(
                fields=["concerns"],
                condition=Q(kind=OrderKind.SECRET_ROTATION.value, state__in=OPEN),
                name="order_one_rotation_per_account",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "state_since", "id"], name="order_worklist"),
            models.Index(fields=["requester", "-created_at", "id"], name="order_of_requester"),
            models.Index(
                fields=["assignee", "state", "state_since", "id"],
                name="order_of_assignee",
                condition=Q(assignee__isnull=False),
            ),
            models.Index(fields=["answer_by"], name="order_returned_due", condition=Q(state=OrderState.RETURNED.value)),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def reactivates(self) -> Account | None:
        """The suspended account that a reactivation asks for; None for an order of another kind."""
        return self.concerns if self.kind == OrderKind.REACTIVATION.value else None

    @property
    def rotates(self) -> Account | None:
        """The account whose secret a secret rotation replaces; None for an order of another kind."""
        return self.concerns if self.kind == OrderKind.SECRET_ROTATION.value else None

    @property
    def role_words(self) -> str:
        """Seller, Broker or both, as the Loop API names them."""
        return " + ".join(word for word, held in (("Seller", self.as_seller), ("Broker", self.as_broker)) if held)


class ReferenceCounter(models.Model):
    """The last number given in one year, so that references stay short: LA-2026-0142."""

    year = models.PositiveSmallIntegerField(primary_key=True)
    last = models.PositiveIntegerField(default=0)
