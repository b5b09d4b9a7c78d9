"""What Support's work on an order leaves behind: reasons to return it, and what was checked."""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import StrEnum

from django.db import models
from django.db.models import Q

from accounts.models.order import FORM_FIELDS, Order
from accounts.models.subject import Subject, choices, known


class CheckItem(StrEnum):
    """What Support looks at before an order goes to the Service Responsible (SOURCE.md, slide 3, step 2)."""

    ORGANISATION = "organisation"
    CONTACTS = "contacts"
    PURPOSE = "purpose"
    ENVIRONMENTS = "environments"
    DUPLICATES = "duplicates"


class CheckOutcome(StrEnum):
    """Looked at and found good, or let pass although it is not, with a reason."""

    CHECKED = "checked"
    WAIVED = "waived"


class Check(models.Model):
    """What Support found about one item of an order's checklist; the order's events keep who changed their mind."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="checks")
    item = models.CharField(max_length=20, choices=choices(CheckItem))
    outcome = models.CharField(max_length=10, choices=choices(CheckOutcome))
    reason = models.TextField(max_length=2000, blank=True)
    by_name = models.CharField(max_length=200)
    at: models.DateTimeField[datetime, datetime] = models.DateTimeField()

    class Meta:
        constraints = [
            known("item", CheckItem, "check_item_is_known"),
            known("outcome", CheckOutcome, "check_outcome_is_known"),
            models.UniqueConstraint(fields=["order", "item"], name="check_once_per_item"),
            models.CheckConstraint(
                condition=~Q(outcome=CheckOutcome.WAIVED.value) | ~Q(reason=""), name="check_waived_has_reason"
            ),
        ]


class ReturnReason(Subject):
    """A reason to return an order, ready to be put into a comment; its texts an administrator edits."""

    field = models.CharField(
        max_length=40, blank=True, help_text="The field of the order form it is about; empty: the whole order."
    )
    title_en = models.CharField(max_length=100)
    title_nb = models.CharField(max_length=100)
    text_en = models.TextField(max_length=1000)
    text_nb = models.TextField(max_length=1000)
    position = models.PositiveSmallIntegerField(default=0)
    active = models.BooleanField(default=True)

    class Meta:
        ordering = ["position", "title_en"]
        constraints = [
            models.CheckConstraint(
                condition=Q(field__in=["", "role", "environments", *FORM_FIELDS]), name="return_reason_field_is_known"
            ),
            models.CheckConstraint(
                condition=~Q(title_en="") & ~Q(title_nb="") & ~Q(text_en="") & ~Q(text_nb=""),
                name="return_reason_says_something",
            ),
        ]

    @classmethod
    def subject_type(cls) -> str:
        return "return_reason"

    def __str__(self) -> str:
        return self.title_en

    def title(self, language: str) -> str:
        """Its short name in ``language`` ("nb" or "en")."""
        return self.title_nb if language == "nb" else self.title_en

    def text(self, language: str) -> str:
        """What the requester reads, in ``language`` ("nb" or "en")."""
        return self.text_nb if language == "nb" else self.text_en
