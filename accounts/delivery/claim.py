"""Claiming: a worker takes messages that are due, for as long as its lease runs."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet

from accounts.models import Message, MessageState, WebhookMessage

Queue = type[Message] | type[WebhookMessage]

LEASE = timedelta(minutes=5)
"""How long a claim holds; then the worker counts as dead, and its messages are anybody's."""

SPARE = timedelta(minutes=1)
"""No mail is begun with less than this left of the lease: one that drags on must still be ours when it is stamped."""


@dataclass(frozen=True)
class Claim:
    """The messages that one worker took, and until when they are its own."""

    token: UUID
    until: datetime
    ids: Sequence[UUID]
    queue: Queue = Message

    def runs_out(self, now: datetime) -> bool:
        """Is there too little left of the lease to begin another mail?"""
        return now >= self.until - SPARE

    def held(self) -> QuerySet[Any]:
        """Those of the messages that are still ours: every stamp goes through this (compare and swap)."""
        return self.queue._default_manager.filter(pk__in=self.ids, claim=self.token, state=MessageState.QUEUED.value)

    def release(self) -> None:
        """Give back what was not stamped, so that nobody has to wait for the lease to run out."""
        self.held().update(claim=None, claimed_until=None)


def take(now: datetime, most: int, queue: Queue = Message, *, kind: str = "") -> Claim | None:
    """Claim up to ``most`` messages of ``queue`` that are due and that nobody holds, the longest due first.

    ``kind`` takes emails of that kind alone.

    Two workers never get the same row: on PostgreSQL the rows that the other one is just taking are passed
    over, on SQLite one waits for the other, and the UPDATE itself asks again whether the row is free.
    """
    token, until = uuid.uuid4(), now + LEASE
    with transaction.atomic():
        free = _free(queue, now).order_by("due_at").select_for_update(skip_locked=True)
        free = free.filter(kind=kind) if kind else free
        ids = list(free.values_list("pk", flat=True)[:most])
        if not ids or not _free(queue, now).filter(pk__in=ids).update(claim=token, claimed_until=until):
            return None
    return Claim(token, until, ids, queue)


def _free(queue: Queue, now: datetime) -> QuerySet[Any]:
    nobodys = Q(claimed_until__isnull=True) | Q(claimed_until__lte=now)
    return queue._default_manager.filter(nobodys, state=MessageState.QUEUED.value, due_at__lte=now)
