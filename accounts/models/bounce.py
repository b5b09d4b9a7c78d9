"""Mails that came back, and addresses that mail does not reach (DOMAIN.md, "The inactivity rules")."""

from __future__ import annotations

import uuid
from enum import StrEnum

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from accounts.models.message import Message
from accounts.models.subject import Subject, choices, known


class BounceKind(StrEnum):
    """How a mail failed to ask anybody."""

    REFUSED = "refused"  # by the mail server, at once
    BOUNCED = "bounced"  # a delivery report said so later
    GONE = "gone"  # the reader was deactivated before it was sent
    SKIPPED = "skipped"  # mail to the address came back before, so this one was not even sent
    NOT_MINE = "not_mine"  # the reader says that the account is not theirs


OF_THE_ADDRESS = frozenset({BounceKind.REFUSED, BounceKind.BOUNCED})
"""The kinds that say something about the address, and not about the person behind it."""


class Bounce(models.Model):
    """One message that came back. The post room or a delivery report writes it; ``handled_at`` is set when what
    follows from it (the address, the notice's next contact) stands in the database."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    message = models.OneToOneField(Message, on_delete=models.PROTECT, related_name="bounce")
    kind = models.CharField(max_length=10, choices=choices(BounceKind))
    at = models.DateTimeField()
    permanent = models.BooleanField(default=True, help_text="Does it say that the address does not exist?")
    status = models.CharField(max_length=20, blank=True, help_text="The enhanced status code (RFC 3463), such as 5.1.1")
    diagnostic = models.CharField(max_length=500, blank=True)
    handled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [known("kind", BounceKind, "bounce_kind_is_known")]
        indexes = [models.Index(fields=["at"], name="bounce_to_handle", condition=Q(handled_at__isnull=True))]


class UnreachableAddress(Subject):
    """An address that mail came back from: nobody is asked there while ``since`` is set.

    It stays as a row with its history when mail arrives there again; then ``since`` is empty. ``arrived_at``: when the
    mail server accepted mail to an address that it had refused.
    """

    email = models.EmailField(max_length=254, help_text="In lower case.")
    since = models.DateTimeField(null=True)
    arrived_at = models.DateTimeField(null=True)
    kind = models.CharField(max_length=10, choices=choices(BounceKind))
    status = models.CharField(max_length=20, blank=True)
    diagnostic = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["email"], name="address_is_unique"),
            models.CheckConstraint(condition=Q(email=Lower("email")) & ~Q(email=""), name="address_is_lower_case"),
            known("kind", BounceKind, "address_kind_is_known"),
        ]
        indexes = [
            models.Index(fields=["-since", "id"], name="address_unreachable", condition=Q(since__isnull=False)),
        ]

    @classmethod
    def subject_type(cls) -> str:
        return "address"

    def __str__(self) -> str:
        return self.email


def unreachable_among(emails: set[str]) -> dict[str, UnreachableAddress]:
    """Those of ``emails`` that mail does not reach, in lower case. One query."""
    wanted = {email.lower() for email in emails if email}
    found = UnreachableAddress.objects.filter(email__in=wanted, since__isnull=False)
    return {address.email: address for address in found}
