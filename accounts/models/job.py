"""Job runs: every run of a scheduled job, with its counts or its error."""

from __future__ import annotations

import uuid
from enum import StrEnum

from django.db import models

from accounts.models.subject import choices, known


class RunState(StrEnum):
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class JobRun(models.Model):
    """One run of ``job`` for one ``period`` (a day, a minute, or the file's id, as text). The row is the claim.

    A run whose ``lease_until`` passed without an end was killed; the next tick takes the row over. While it runs,
    ``done`` of ``total`` (None where nobody knows it) of the ``phase`` are done.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    job = models.CharField(max_length=40)
    period = models.CharField(max_length=40)
    state = models.CharField(max_length=10, choices=choices(RunState), default=RunState.RUNNING.value)
    attempts = models.PositiveSmallIntegerField(default=1)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField()
    phase = models.CharField(max_length=20, blank=True)
    done = models.PositiveBigIntegerField(default=0)
    total = models.PositiveBigIntegerField(null=True)
    counts = models.JSONField(default=dict)
    error = models.TextField(blank=True)

    class Meta:
        constraints = [
            known("state", RunState, "job_run_state_is_known"),
            models.UniqueConstraint(fields=["job", "period"], name="job_runs_once_per_period"),
        ]
        indexes = [models.Index(fields=["-started_at", "id"], name="job_run_by_time")]
