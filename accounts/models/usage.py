"""Usage: calls per account and day, and how far each environment's feed is complete."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import F, Q

from accounts.models.account import Account
from accounts.models.environment import Environment
from accounts.models.feed import Feed


class DailyUsage(models.Model):
    """Successful calls of one account on one day (Europe/Oslo)."""

    id = models.BigAutoField(primary_key=True)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="usage")
    day = models.DateField()
    calls = models.PositiveBigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "day"], name="usage_once_per_account_and_day"),
            models.CheckConstraint(condition=Q(calls__gt=0), name="usage_counts_something"),
        ]


class Coverage(models.Model):
    """Days of an environment about which a source has said everything it knows, both ends included.

    A row with ``accepted_by`` is a gap that Support accepted, with ``reason``.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="coverage")
    feed = models.ForeignKey(Feed, null=True, on_delete=models.PROTECT, related_name="coverage")
    source = models.CharField(max_length=100, help_text="The feed’s name; “accepted gap” for Support’s word.")
    first_day = models.DateField()
    last_day = models.DateField()
    received_at = models.DateTimeField()
    accepted_by = models.CharField(max_length=200, blank=True)
    reason = models.CharField(max_length=1000, blank=True)

    class Meta:
        indexes = [models.Index(fields=["environment", "last_day"], name="coverage_by_day")]
        constraints = [
            models.CheckConstraint(condition=Q(first_day__lte=F("last_day")), name="coverage_days_in_order"),
            models.UniqueConstraint(
                fields=["environment", "source", "first_day", "last_day"], name="coverage_is_said_once"
            ),
        ]


class UsageFile(models.Model):
    """A file of usage that was taken in, by its SHA-256, so that the same file twice changes nothing."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="usage_files")
    digest = models.CharField(max_length=64)
    received_at = models.DateTimeField()
    lines = models.PositiveBigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["environment", "digest"], name="usage_file_once")]
