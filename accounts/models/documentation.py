"""Technical documentation of the Loop API: the OpenAPI files that an administrator handed in for an environment."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import models
from django.db.models import Q

from accounts.models.environment import Environment
from accounts.models.person import Person


class Documentation(models.Model):
    """One version of an environment's documentation; ``Environment.documentation`` says which one is shown.

    A version never changes and is never deleted. ``content`` is the file as it came; ``outline`` is what
    ``actions.openapi`` read out of it, for pages that list the operations.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="documentations")
    number = models.PositiveIntegerField()
    file_name = models.CharField(max_length=200)
    content = models.BinaryField()
    digest = models.CharField(max_length=64, help_text="SHA-256 of the content")
    size = models.PositiveIntegerField()
    openapi = models.CharField(max_length=20, help_text="The version of OpenAPI that the file follows")
    title = models.CharField(max_length=200)
    api_version = models.CharField(max_length=100)
    operations = models.PositiveIntegerField()
    outline: models.JSONField[Any, Any] = models.JSONField(default=dict)
    uploaded_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="documentations")
    uploaded_at = models.DateTimeField()

    class Meta:
        ordering = ["environment", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["environment", "number"], name="documentation_number_once"),
            models.UniqueConstraint(fields=["environment", "digest"], name="documentation_file_once"),
            models.CheckConstraint(condition=~Q(title=""), name="documentation_title_is_given"),
        ]

    def __str__(self) -> str:
        return f"{self.title} {self.api_version}"
