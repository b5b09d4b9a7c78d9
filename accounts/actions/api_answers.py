"""A verb that a program sends again under the same Idempotency-Key gives the same answer and changes nothing more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction

from accounts.actions.usage_days import Ticket
from accounts.lifecycle.errors import LostRace
from accounts.lifecycle.sentence import Sentence as _
from accounts.models import ApiAnswer

KEPT = timedelta(days=30)
"""How long an answer is kept: longer than any program tries again."""


@dataclass(frozen=True)
class Answered:
    """The answer (plain JSON), and whether it stood there before: then nothing was done."""

    answer: dict[str, Any]
    replayed: bool


def once(ticket: Ticket, work: Callable[[], dict[str, Any]], *, now: datetime) -> Answered:
    """Do ``work`` once for each key of a token, in one transaction with its answer; without a key just do it.

    Raises LostRace when the key was used for another request, and what ``work`` raises: then the key stays free.
    """
    if not ticket.key:
        return Answered(work(), replayed=False)
    before = _before(ticket)
    if before is not None:
        return Answered(before, replayed=True)
    try:
        with transaction.atomic():
            row = ApiAnswer.objects.create(
                token=ticket.token, key=ticket.key, request_digest=ticket.request_digest, at=now
            )  # fmt: skip
            answer = work()
            ApiAnswer.objects.filter(pk=row.pk).update(answer=answer)
        return Answered(answer, replayed=False)
    except IntegrityError:  # the same key at the same moment: the other one was first
        other = _before(ticket)
        if other is None:
            raise
        return Answered(other, replayed=True)


def tidy(*, now: datetime) -> int:
    """Forget answers older than KEPT; give how many."""
    return ApiAnswer.objects.filter(at__lt=now - KEPT).delete()[0]


def _before(ticket: Ticket) -> dict[str, Any] | None:
    found = ApiAnswer.objects.filter(token=ticket.token, key=ticket.key).first()
    if found is None:
        return None
    if found.request_digest != ticket.request_digest:
        raise LostRace(_("This Idempotency-Key was used for another request. Use a new key for a new request."))
    return dict(found.answer)
