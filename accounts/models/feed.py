"""Feeds: who tells the portal about use, every delivery of theirs, and what each says of an account's last use."""

from __future__ import annotations

import uuid
from enum import StrEnum

from django.db import models
from django.db.models import F, Q

from accounts.models.account import Account
from accounts.models.environment import Environment
from accounts.models.subject import choices, known
from accounts.models.token import ApiToken


class FeedKind(StrEnum):
    """Through which door a feed's usage comes."""

    FILE = "file"
    API = "api"
    GRAPH = "graph"
    MANUAL = "manual"


class Figure(StrEnum):
    """What a day of last use was read from: successful calls, a sign-in at the directory, or somebody's word."""

    CALLS = "calls"
    SIGN_IN = "sign_in"
    MANUAL = "manual"


class BatchOutcome(StrEnum):
    """What became of a delivery: counted, counted before, or refused as a whole."""

    TAKEN = "taken"
    REPEATED = "repeated"
    REFUSED = "refused"


class Feed(models.Model):
    """One source of usage of an environment. An environment may have several: the latest day wins.

    ``problem`` says why the last delivery, or pull, failed; "" after one that succeeded. The last block is for
    GRAPH alone: where to ask, as whom (the secret is sealed for this row), and whether a complete report also says
    who was silent (``states_coverage``: every client of the environment signs in at that tenant).
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="feeds")
    kind = models.CharField(max_length=10, choices=choices(FeedKind))
    name = models.CharField(max_length=100)
    created_at = models.DateTimeField()
    last_received_at = models.DateTimeField(null=True)
    problem = models.CharField(max_length=500, blank=True)
    problem_at = models.DateTimeField(null=True)

    token_url = models.URLField(max_length=500, blank=True)
    report_url = models.URLField(max_length=500, blank=True)
    client_id = models.CharField(max_length=200, blank=True)
    sealed_secret = models.TextField(blank=True, help_text="v1.<key id>.<base64>")
    states_coverage = models.BooleanField(default=False)
    stopped_at = models.DateTimeField(null=True, help_text="Since then nothing is pulled any more.")

    class Meta:
        ordering = ["environment__position", "environment__name", "kind", "name"]
        constraints = [
            known("kind", FeedKind, "feed_kind_is_known"),
            models.UniqueConstraint(fields=["environment", "name"], name="feed_name_once_in_environment"),
            models.CheckConstraint(condition=~Q(name=""), name="feed_name_is_given"),
            models.CheckConstraint(
                condition=~Q(kind=FeedKind.GRAPH.value)
                | (~Q(token_url="") & ~Q(report_url="") & ~Q(client_id="") & ~Q(sealed_secret="")),
                name="feed_graph_knows_where_to_ask",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.environment})"


class UsageBatch(models.Model):
    """One delivery of a feed, as it was received: who, when, how much, what could not be used. Never changed.

    Both ends of ``covered_*`` (what it newly covers) and ``gap_*`` (what stays unknown before it) are days in
    Europe/Oslo. ``bad_lines`` are the first [50] of ``bad`` mistakes, each with line, field and
    detail: a sentence in its plain form, in old rows its English words. ``notes`` are sentences about the days it
    covers.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    feed = models.ForeignKey(Feed, on_delete=models.PROTECT, related_name="batches")
    received_at = models.DateTimeField()
    said_by = models.CharField(max_length=200)
    outcome = models.CharField(max_length=10, choices=choices(BatchOutcome))
    lines = models.PositiveBigIntegerField(default=0)
    failed = models.PositiveBigIntegerField(default=0)
    calls = models.PositiveBigIntegerField(default=0)
    accounts = models.PositiveIntegerField(default=0)
    moved_on = models.PositiveIntegerField(default=0)
    unknown = models.PositiveIntegerField(default=0)
    unknown_names = models.JSONField(default=list)
    covered_from = models.DateField(null=True)
    covered_through = models.DateField(null=True)
    gap_from = models.DateField(null=True)
    gap_through = models.DateField(null=True)
    taken_before = models.DateTimeField(null=True)
    notes = models.JSONField(default=list)
    bad = models.PositiveBigIntegerField(default=0)
    bad_lines = models.JSONField(default=list)
    problem = models.CharField(max_length=500, blank=True)
    token = models.ForeignKey(ApiToken, null=True, on_delete=models.PROTECT, related_name="batches")
    idempotency_key = models.CharField(max_length=255, blank=True)
    request_digest = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = [
            known("outcome", BatchOutcome, "usage_batch_outcome_is_known"),
            models.UniqueConstraint(
                fields=["token", "idempotency_key"], condition=~Q(idempotency_key=""), name="usage_batch_key_once"
            ),
            models.CheckConstraint(
                condition=Q(idempotency_key="") | Q(token__isnull=False), name="usage_batch_key_of_a_token"
            ),
        ]
        indexes = [models.Index(fields=["-received_at", "id"], name="usage_batch_by_time")]


class LastUse(models.Model):
    """What one feed says about an account's last use: the latest day it ever named, and when it first did so.

    Of a manual entry ``before_on`` is what was known of the account's last use without it, so that it can be taken
    back; ``said_by`` and ``reason`` are Support's.
    """

    id = models.BigAutoField(primary_key=True)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="last_uses")
    feed = models.ForeignKey(Feed, on_delete=models.PROTECT, related_name="last_uses")
    day = models.DateField()
    figure = models.CharField(max_length=10, choices=choices(Figure))
    received_at = models.DateTimeField()
    before_on = models.DateField(null=True)
    said_by = models.CharField(max_length=200, blank=True)
    reason = models.CharField(max_length=2000, blank=True)

    class Meta:
        ordering = [F("day").desc(), "feed_id"]
        constraints = [
            known("figure", Figure, "last_use_figure_is_known"),
            models.UniqueConstraint(fields=["account", "feed"], name="last_use_once_per_feed"),
        ]
