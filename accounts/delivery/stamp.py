"""What became of a message, written on its row: only while the claim still holds (compare and swap)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from accounts.delivery.claim import Claim
from accounts.delivery.kinds import INACTIVITY_NOTICE
from accounts.lifecycle.inactivity import answer_by
from accounts.lifecycle.policy import Policy
from accounts.lifecycle.states import NoticeOutcome
from accounts.models import Bounce, BounceKind, Message, MessageState, Notice, UnreachableAddress
from accounts.models.prepared import Prepared, PreparedUpdate, Slot

GIVE_UP_AFTER = timedelta(days=1)
LONGEST_PAUSE = timedelta(hours=2)


def delivered(message: Message, claim: Claim, *, now: datetime, policy: Policy) -> bool:
    """The mail server accepted it. Gives False when the claim had run out and somebody else has the message.

    The first delivery of a notice starts its answer period: in the same transaction as the stamp, with the
    day (Europe/Oslo) that the mail itself was rendered with.
    """
    if message.kind != INACTIVITY_NOTICE or message.notice is None:
        return _delivered(message, claim, now)
    with transaction.atomic():
        _LOCK.rows(notice=message.notice.pk)  # a bounce may count anew right now
        stamped = _delivered(message, claim, now)
        if stamped:
            _start_answer_period(message.notice, timezone.localdate(now), policy)
    return stamped


def not_now(message: Message, claim: Claim, *, now: datetime, error: str) -> str:
    """A passing failure: the message is due again after a pause that grows, or given up a day after it was created.

    Gives the state it is in now.
    """
    attempts = message.attempts + 1
    end = message.created_at + GIVE_UP_AFTER
    if now >= end:
        return given_up(message, claim, now=now, error=error)
    _stamp(message, claim, due_at=min(now + pause(attempts), end), attempts=attempts, last_error=error)
    return MessageState.QUEUED.value


def given_up(message: Message, claim: Claim, *, now: datetime, error: str, tried: bool = True) -> str:
    """The portal does not try again by itself; Support sees it and can send it again. Gives the new state."""
    attempts = message.attempts + tried
    _stamp(message, claim, state=MessageState.GIVEN_UP.value, due_at=now, attempts=attempts, last_error=error)
    return MessageState.GIVEN_UP.value


def came_back(message: Message, claim: Claim, kind: BounceKind, *, now: datetime, error: str, status: str = "") -> str:
    """It reached nobody and never will: refused at once, or its reader is gone. Gives the new state.

    The bounce stands beside the stamp, in one transaction; what follows from it (the address, a notice's next
    contact) is ``actions.bounces``' work.
    """
    with transaction.atomic():
        stamped = _stamp(
            message, claim, state=MessageState.GIVEN_UP.value, due_at=now, last_error=error,
            attempts=message.attempts + (kind is BounceKind.REFUSED),
        )  # fmt: skip
        if stamped:
            Bounce.objects.filter(message=message).delete()  # of an earlier time that it was sent
            Bounce.objects.create(message=message, kind=kind.value, at=now, status=status[:20], diagnostic=error)
    return MessageState.GIVEN_UP.value


def arrived(email: str, *, now: datetime) -> None:
    """The mail server accepted mail to an address that it had refused; ``actions.bounces`` takes the mark away."""
    UnreachableAddress.objects.filter(email=email.lower(), since__isnull=False).update(arrived_at=now)


def pause(attempts: int) -> timedelta:
    """How long to wait after so many failed attempts: 1, 2, 4, ... minutes, at most two hours."""
    return min(timedelta(minutes=2 ** min(attempts - 1, 10)), LONGEST_PAUSE)


def _start_answer_period(notice: Notice, day: date, policy: Policy) -> None:
    last_day = answer_by(day, policy)
    if _START.run(notice=notice.pk, delivered_on=day, answer_by=last_day):
        notice.delivered_on, notice.answer_by = day, last_day


def _delivered(message: Message, claim: Claim, now: datetime) -> bool:
    return bool(_DELIVERED.run(message=message.pk, claim=claim.token, now=now))


def _stamp(message: Message, claim: Claim, **columns: object) -> bool:
    return bool(_mine(message.pk, claim.token).update(**_NOBODYS, **columns))


def _mine(message: Any, token: Any) -> QuerySet[Message]:
    """The message, while the claim still holds."""
    return Message.objects.filter(pk=message, claim=token, state=MessageState.QUEUED.value)


_NOBODYS: dict[str, Any] = {"claim": None, "claimed_until": None}
_NOTICE: Callable[[str], Any] = Notice._meta.get_field
_MESSAGE: Callable[[str], Any] = Message._meta.get_field

# What every mail asks, a hundred in a row: by statements that are kept (accounts/models/prepared.py).
_DELIVERED = PreparedUpdate(
    lambda: (
        _mine(Slot("message", _MESSAGE("id")), Slot("claim", _MESSAGE("claim"))),
        {**_NOBODYS, "state": MessageState.DELIVERED.value, "delivered_at": Slot("now", _MESSAGE("delivered_at")),
         "attempts": F("attempts") + 1, "last_error": ""},
    )
)  # fmt: skip
_LOCK = Prepared(lambda: Notice.objects.select_for_update().filter(pk=Slot("notice", _NOTICE("id"))).values_list("pk"))
_START = PreparedUpdate(
    lambda: (
        Notice.objects.filter(
            pk=Slot("notice", _NOTICE("id")), outcome=NoticeOutcome.OPEN.value, delivered_on__isnull=True
        ),
        {name: Slot(name, _NOTICE(name)) for name in ("delivered_on", "answer_by")},
    )
)
