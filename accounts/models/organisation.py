"""Organisations: the Sellers and Brokers that accounts belong to."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q


class Organisation(models.Model):
    """A company, known by its Norwegian organisation number (9 digits)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=200)
    number = models.CharField(max_length=20, unique=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(name=""), name="organisation_name_is_given"),
            models.CheckConstraint(condition=~Q(number=""), name="organisation_number_is_given"),
        ]

    def __str__(self) -> str:
        return self.name
