"""API tokens: what a program shows instead of signing in. Only a hash of it is kept."""

from __future__ import annotations

import hashlib
import uuid
from datetime import datetime
from enum import StrEnum

from django.db import models
from django.db.models import Q

LONGEST_DAYS = 730  # that a token is valid


class Scope(StrEnum):
    """What a token may be used for."""

    USAGE_WRITE = "usage:write"


def digest_of(token: str) -> str:
    """The SHA-256 of a token, in hex: it holds 256 random bits, so that nothing slower is needed."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


class ApiToken(models.Model):
    """One token: ``digest`` finds it, ``hint`` (how it begins) lets a person recognise it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=100)
    hint = models.CharField(max_length=20)
    digest = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(default=list)
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=200)
    expires_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    revoked_by = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(name=""), name="api_token_name_is_given"),
            models.CheckConstraint(
                condition=Q(revoked_at__isnull=True, revoked_by="") | (Q(revoked_at__isnull=False) & ~Q(revoked_by="")),
                name="api_token_revoked_by_somebody",
            ),
        ]
        indexes = [models.Index(fields=["-created_at", "id"], name="api_token_by_time")]

    def __str__(self) -> str:
        return self.name

    def state(self, now: datetime) -> str:
        """usable, expired or revoked at ``now``."""
        if self.revoked_at is not None:
            return "revoked"
        return "expired" if self.expires_at is not None and self.expires_at <= now else "usable"
