"""Holds: Support leaves an account alone until a day (DOMAIN.md, "Hold")."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import date
from uuid import UUID

from django.db import models
from django.db.models import Q

from accounts.models.account import Account
from accounts.models.among import among
from accounts.models.subject import both_or_neither


class HoldQuerySet(models.QuerySet["Hold"]):
    def running(self, today: date) -> HoldQuerySet:
        """The holds that keep an account off notices and suspension on ``today`` (Europe/Oslo).

        The last day decides, not whether the job that ends holds has come by.
        """
        return self.filter(ended_at__isnull=True, until__gte=today)

    def by_account(self, accounts: Iterable[UUID], today: date) -> dict[UUID, Hold]:
        """The running hold of each of ``accounts``; one that is not held is left out. One query."""
        return {hold.account_id: hold for hold in self.running(today).filter(among("account_id", accounts))}


class Hold(models.Model):
    """One account that Support leaves alone through ``until``: it is neither notified nor reminded nor suspended.

    ``ended_at`` is set when somebody lifted it, or by itself after its last day; ``announced_on`` is the day on which
    its end was announced.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="holds")
    until = models.DateField(help_text="The last day on which the account is left alone.")
    reason = models.CharField(max_length=1000)
    set_by = models.CharField(max_length=200)
    set_at = models.DateTimeField()
    announced_on = models.DateField(null=True)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=200, null=True)  # noqa: DJ001 - both or neither with ended_at

    objects = HoldQuerySet.as_manager()

    class Meta:
        constraints = [
            both_or_neither("ended_at", "ended_by", "hold_ended_by_somebody"),
            models.CheckConstraint(condition=~Q(reason=""), name="hold_reason_is_given"),
            models.UniqueConstraint(
                fields=["account"], condition=Q(ended_at__isnull=True), name="hold_one_open_per_account"
            ),
        ]
        indexes = [
            models.Index(fields=["until", "id"], name="hold_open", condition=Q(ended_at__isnull=True)),
            models.Index(fields=["-set_at", "id"], name="hold_by_time"),
        ]
