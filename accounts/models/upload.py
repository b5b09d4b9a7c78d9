"""Files that somebody handed in on a page: accounts to import, usage to take in."""

from __future__ import annotations

import uuid
from datetime import date
from enum import StrEnum
from typing import Any

from django.db import models
from django.db.models import Q

from accounts.models.environment import Environment
from accounts.models.job import JobRun
from accounts.models.person import Person
from accounts.models.subject import choices, known


class UploadKind(StrEnum):
    ACCOUNTS = "accounts"
    USAGE = "usage"


class Upload(models.Model):
    """One file and what became of it. Its bytes wait in ``parts`` and are deleted when its run has ended.

    ``dry_run``: everything is tried and nothing is kept. ``result`` is written when the run ends: counts, notes,
    and the lines that are wrong (``actions.uploads``).
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=10, choices=choices(UploadKind))
    file_name = models.CharField(max_length=200)
    size = models.PositiveBigIntegerField()
    dry_run = models.BooleanField(default=False)
    environment = models.ForeignKey(Environment, null=True, on_delete=models.PROTECT, related_name="uploads")
    covers_from: models.DateField[date | None, date | None] = models.DateField(null=True)
    covers_through: models.DateField[date | None, date | None] = models.DateField(null=True)
    uploaded_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="uploads")
    uploaded_at = models.DateTimeField()
    run = models.OneToOneField(JobRun, null=True, on_delete=models.SET_NULL, related_name="upload")
    result: models.JSONField[Any, Any] = models.JSONField(default=dict)

    class Meta:
        constraints = [
            known("kind", UploadKind, "upload_kind_is_known"),
            models.CheckConstraint(
                condition=~Q(kind=UploadKind.USAGE.value) | Q(environment__isnull=False, covers_through__isnull=False),
                name="upload_of_usage_says_its_days",
            ),
        ]
        indexes = [models.Index(fields=["-uploaded_at", "id"], name="upload_by_time")]


class UploadPart(models.Model):
    """A piece of a file: so many bytes that a worker on any host can read, in order, without holding the whole."""

    upload = models.ForeignKey(Upload, on_delete=models.CASCADE, related_name="parts")
    number = models.PositiveIntegerField()
    data = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["upload", "number"], name="upload_part_once")]
