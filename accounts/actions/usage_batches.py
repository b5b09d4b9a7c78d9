"""Batches of usage that programs send: safe to send again under the same key."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import BinaryIO

from django.db import IntegrityError

from accounts.actions.usage import take_in, take_in_counted
from accounts.actions.usage_days import Ticket
from accounts.actions.usage_history import sent_before
from accounts.actions.usage_lines import UsageFormat
from accounts.lifecycle.actor import Actor
from accounts.models import Environment, FeedKind, UsageBatch

FEED = "api"  # the name of the feed of an environment that programs send to


@dataclass(frozen=True)
class Batch:
    """What a program sends: gateway log lines as a stream (``log``), or lines that it counted (``counted``)."""

    environment: Environment
    covers_through: date
    covers_from: date | None = None
    log: BinaryIO | None = None
    counted: Sequence[object] = ()


@dataclass(frozen=True)
class Sent:
    """The line in the history, and whether it stood there before: then nothing was done."""

    batch: UsageBatch
    replayed: bool


def send(batch: Batch, *, ticket: Ticket, by: Actor, now: datetime) -> Sent:
    """Take in ``batch``, once for each key of a token; the same key with the same batch gives the same answer.

    Raises LostRace when the key was used for another batch, and what ``take_in`` raises.
    """
    if ticket.key and (before := sent_before(ticket.token, ticket.key, ticket.request_digest)) is not None:
        return Sent(before, replayed=True)
    try:
        return Sent(_take_in(batch, ticket, by, now), replayed=False)
    except IntegrityError:  # the same key at the same moment: the other one was first
        other = sent_before(ticket.token, ticket.key, ticket.request_digest) if ticket.key else None
        if other is None:
            raise
        return Sent(other, replayed=True)


def _take_in(batch: Batch, ticket: Ticket, by: Actor, now: datetime) -> UsageBatch:
    if batch.log is not None:
        return take_in(
            batch.log, environment=batch.environment, covers_through=batch.covers_through,
            covers_from=batch.covers_from, form=UsageFormat.NDJSON, source=FEED, kind=FeedKind.API, ticket=ticket,
            by=by, now=now,
        ).batch  # fmt: skip
    return take_in_counted(
        batch.counted, _digest(batch.counted), environment=batch.environment, covers_through=batch.covers_through,
        covers_from=batch.covers_from, source=FEED, ticket=ticket, by=by, now=now,
    ).batch  # fmt: skip


def _digest(lines: Sequence[object]) -> str:
    """The SHA-256 of the lines, however they were spaced and whatever days they are said to cover; "" without any."""
    if not lines:
        return ""
    return hashlib.sha256(json.dumps(lines, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
