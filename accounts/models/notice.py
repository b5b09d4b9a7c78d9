"""Notices: one round of the inactivity procedure of one account."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from accounts.lifecycle.inactivity import NoticeFacts
from accounts.lifecycle.states import NoticeOutcome
from accounts.models.account import Account
from accounts.models.environment import Environment
from accounts.models.subject import both_or_neither, choices, known


class Notice(models.Model):
    """Opened, delivered, reminded, answered or not, outcome (DOMAIN.md, "Things").

    ``delivered_on`` and ``answer_by`` are set together by the first delivery that succeeded.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="notices")
    opened_on = models.DateField()
    last_activity_on = models.DateField(help_text="The account's last activity when the notice opened.")
    delivered_on = models.DateField(null=True)
    answer_by = models.DateField(null=True)
    undeliverable_at = models.DateTimeField(null=True)
    reminded_on = models.DateField(null=True)
    outcome = models.CharField(max_length=20, choices=choices(NoticeOutcome), default=NoticeOutcome.OPEN.value)
    answer = models.CharField(max_length=1000, blank=True)
    answered_by = models.CharField(max_length=200, blank=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            known("outcome", NoticeOutcome, "notice_outcome_is_known"),
            both_or_neither("delivered_on", "answer_by", "notice_delivered_has_answer_by"),
            models.UniqueConstraint(
                fields=["account"],
                condition=Q(outcome=NoticeOutcome.OPEN.value),
                name="notice_one_open_per_account",
            ),
            models.CheckConstraint(
                condition=Q(outcome=NoticeOutcome.OPEN.value, closed_at__isnull=True)
                | (~Q(outcome=NoticeOutcome.OPEN.value) & Q(closed_at__isnull=False)),
                name="notice_closed_has_time",
            ),
        ]

    @property
    def is_open(self) -> bool:
        return self.outcome == NoticeOutcome.OPEN.value

    def facts(self, *, undeliverable: bool) -> NoticeFacts:
        """This notice as ``decide`` looks at it; ``undeliverable``: all its mails were given up."""
        return NoticeFacts(
            opened_on=self.opened_on,
            delivered_on=self.delivered_on,
            answer_by=self.answer_by,
            undeliverable=undeliverable,
            reminded_on=self.reminded_on,
        )


class SuspensionList(models.Model):
    """The brake: accounts of one environment that one run did not suspend because they were too many.

    Once a person confirms exactly this list, the next run suspends those of it that are still due.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="suspension_lists")
    run_on = models.DateField()
    accounts = models.ManyToManyField(Account, related_name="suspension_lists")
    allowed = models.PositiveIntegerField(help_text="How many one run may suspend without being asked.")
    created_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)
    confirmed_by = models.CharField(max_length=200, null=True)  # noqa: DJ001 - both or neither with confirmed_at

    class Meta:
        constraints = [
            both_or_neither("confirmed_at", "confirmed_by", "suspension_list_confirmed_by_somebody"),
            models.UniqueConstraint(
                fields=["environment"],
                condition=Q(confirmed_at__isnull=True),
                name="suspension_list_one_open_per_environment",
            ),
        ]
