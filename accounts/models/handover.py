"""Hand-overs: an account's owner asks a colleague to be its owner, and the colleague accepts or not (DOMAIN.md)."""

from __future__ import annotations

import uuid
from datetime import date
from enum import StrEnum

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from accounts.models.account import Account
from accounts.models.notice import Notice
from accounts.models.person import Person
from accounts.models.subject import choices, known


class HandoverState(StrEnum):
    ASKED = "asked"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


class Handover(models.Model):
    """One account offered by ``owner`` to whoever signs in with ``to_email``, until ``accept_by`` (that day counts).

    ``notice`` is the round of the inactivity procedure that it answered; none for one outside a notice.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="handovers")
    notice = models.ForeignKey(Notice, null=True, on_delete=models.PROTECT, related_name="handovers")
    owner = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="handovers")
    to_email = models.EmailField(max_length=254, help_text="In lower case.")
    to_name = models.CharField(max_length=200, blank=True)
    asked_at = models.DateTimeField()
    asked_by = models.CharField(max_length=200)
    comment = models.TextField(max_length=2000, blank=True)
    accept_by: models.DateField[date, date] = models.DateField()
    state = models.CharField(max_length=10, choices=choices(HandoverState), default=HandoverState.ASKED.value)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            known("state", HandoverState, "handover_state_is_known"),
            models.CheckConstraint(
                condition=Q(to_email=Lower("to_email")) & ~Q(to_email=""), name="handover_address_is_lower_case"
            ),
            models.CheckConstraint(
                condition=Q(state=HandoverState.ASKED.value, closed_at__isnull=True)
                | (~Q(state=HandoverState.ASKED.value) & Q(closed_at__isnull=False)),
                name="handover_closed_has_time",
            ),
            models.UniqueConstraint(
                fields=["account"], condition=Q(state=HandoverState.ASKED.value), name="handover_one_open_per_account"
            ),
        ]
        indexes = [
            models.Index(fields=["accept_by"], name="handover_due", condition=Q(state=HandoverState.ASKED.value)),
            models.Index(fields=["to_email"], name="handover_by_address", condition=Q(state=HandoverState.ASKED.value)),
        ]

    @property
    def is_open(self) -> bool:
        return self.state == HandoverState.ASKED.value

    @property
    def to(self) -> str:
        """The colleague, by name where one was given."""
        return self.to_name or self.to_email
