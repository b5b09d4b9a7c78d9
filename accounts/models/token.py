"""API tokens: what a program shows instead of signing in. Only a hash of it is kept."""

from __future__ import annotations

import hashlib
from datetime import datetime
from enum import StrEnum

from django.db import models
from django.db.models import Q

from accounts.lifecycle.states import Role
from accounts.models.person import Person
from accounts.models.subject import Subject

LONGEST_DAYS = 730  # that a token is valid


PROGRAM_ROLES = (Role.SUPPORT, Role.SERVICE_RESPONSIBLE, Role.CEGAL)
"""The roles that an administrator may give to a program. Nobody administers the portal with a token."""


class Scope(StrEnum):
    """What a token may be used for. What it sees and which verbs are its own, its roles say."""

    USAGE_WRITE = "usage:write"
    ORDERS_READ = "orders:read"
    ORDERS_WRITE = "orders:write"
    ACCOUNTS_READ = "accounts:read"
    ACCOUNTS_WRITE = "accounts:write"


def digest_of(token: str) -> str:
    """The SHA-256 of a token, in hex: it holds 256 random bits, so that nothing slower is needed."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


class ApiToken(Subject):
    """One token: ``digest`` finds it, ``hint`` (how it begins) lets a person recognise it."""

    name = models.CharField(max_length=100)
    hint = models.CharField(max_length=20)
    digest = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(default=list)
    roles = models.JSONField(default=list, help_text="The roles in which the program acts; PROGRAM_ROLES.")
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=200)
    maker: models.ForeignKey[Person | None, Person | None] = models.ForeignKey(
        Person, null=True, on_delete=models.PROTECT, related_name="api_tokens",
        help_text="Who made it; empty where an operator did with a command.",
    )  # fmt: skip
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

    def state_at(self, now: datetime) -> str:
        """usable, expired or revoked at ``now``."""
        if self.revoked_at is not None:
            return "revoked"
        return "expired" if self.expires_at is not None and self.expires_at <= now else "usable"


class ApiAnswer(models.Model):
    """What a verb answered under an Idempotency-Key of one token, so that the same request again changes nothing.

    ``request_digest`` is a keyed hash of the request: it tells another one apart and gives nothing away. The answer
    is never a secret: it is the event and the subject's new state.
    """

    token = models.ForeignKey(ApiToken, on_delete=models.CASCADE, related_name="answers")
    key = models.CharField(max_length=255)
    request_digest = models.CharField(max_length=64)
    answer = models.JSONField(default=dict)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["token", "key"], name="api_answer_once_per_key"),
            models.CheckConstraint(condition=~Q(key=""), name="api_answer_key_is_given"),
        ]
        indexes = [models.Index(fields=["at"], name="api_answer_by_time")]
