"""Events: what happened, to what, by whom, when, why. Append-only, a chain of hashes per subject.

Triggers (migration 0002) refuse UPDATE and DELETE, on SQLite and on PostgreSQL.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC
from typing import Any

from django.db import models
from django.db.models import Q

from accounts.lifecycle.actor import named
from accounts.lifecycle.sentence import Sentence
from accounts.lifecycle.sentence import Sentence as _

SCHEME = "v1"
DEPUTY_FOR = "deputy_for"
"""Under this name ``data`` keeps the service responsible in whose place a deputy acted."""
ON_BEHALF_OF = "on_behalf_of"
"""Under this name ``data`` keeps the owner for whom Support acted."""
SET_UP_BY = "set_up_by"
"""Under this name ``data`` keeps the id of the person who made the token with which a program acted."""


class Event(models.Model):
    """One link of a subject's chain, ``seq`` 1, 2, 3, ... Names are copied in words: history does not change."""

    id = models.BigAutoField(primary_key=True)
    subject_type = models.CharField(max_length=20)
    subject_id = models.UUIDField()
    seq = models.PositiveIntegerField()
    at = models.DateTimeField()
    verb = models.CharField(max_length=40)
    source = models.CharField(max_length=20, blank=True)
    target = models.CharField(max_length=20, blank=True)
    actor_kind = models.CharField(max_length=10)
    actor_id = models.UUIDField(null=True)
    actor_name = models.CharField(max_length=200)
    comment = models.TextField(blank=True)
    data = models.JSONField(default=dict)
    previous = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["subject_type", "subject_id", "seq"], name="event_once_in_chain"),
        ]
        indexes = [  # the audit trail, newest first: all of it, by what was done, by whom
            models.Index(fields=["at", "id"], name="event_by_time"),
            models.Index(fields=["verb", "at", "id"], name="event_by_verb_and_time"),
            # partial: what the portal does by itself, a million at a time, costs nothing here
            models.Index(fields=["actor_id", "at", "id"], name="event_by_person", condition=Q(actor_id__isnull=False)),
            models.Index(fields=["at", "id"], name="event_by_people", condition=Q(actor_id__isnull=False)),
            models.Index(fields=["at", "id"], name="event_by_link", condition=Q(actor_kind="link")),
        ]

    @property
    def who(self) -> Sentence:
        """Who did it, and in whose place (a deputy's principal, an owner); a door says it in the reader's language."""
        name = named(self.actor_name)
        if DEPUTY_FOR in self.data:
            return _("%(name)s, as deputy for %(principal)s", name=name, principal=self.data[DEPUTY_FOR])
        if ON_BEHALF_OF in self.data:
            return _("%(name)s on behalf of %(owner)s", name=name, owner=self.data[ON_BEHALF_OF])
        return name

    def words(self) -> dict[str, Any]:
        """Everything the hash covers, as plain values; the time as the text that is hashed (UTC)."""
        return {
            "scheme": SCHEME,
            "subject": [self.subject_type, str(self.subject_id), self.seq],
            "at": self.at.astimezone(UTC).isoformat(timespec="microseconds"),
            "verb": self.verb,
            "move": [self.source, self.target],
            "actor": [self.actor_kind, str(self.actor_id or ""), self.actor_name],
            "comment": self.comment,
            "data": self.data,
            "previous": self.previous,
        }

    def computed_hash(self) -> str:
        """SHA-256 over the canonical JSON of ``words``: sorted keys, no spaces, UTF-8."""
        text = json.dumps(self.words(), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()
