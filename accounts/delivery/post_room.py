"""Delivering what is due, batch after batch."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from django.utils import timezone

from accounts.delivery import claim as claims
from accounts.delivery import stamp
from accounts.delivery.claim import Claim
from accounts.delivery.letter import DEACTIVATED, UNREACHABLE, Letter, load, not_to_send
from accounts.delivery.line import AwayError, Line, NotSentError, RefusedError, words
from accounts.delivery.render import render
from accounts.lifecycle.policy import Policy
from accounts.models import BounceKind, MessageState, current_policy, unreachable_among

logger = logging.getLogger(__name__)

Clock = Callable[[], datetime]

BATCH = 100
RUN_FOR = timedelta(minutes=5)
"""A run begins no new batch after this: the next one goes on, and no task meets its time limit in the middle."""

_COUNTED_AS = {
    MessageState.DELIVERED.value: "delivered",
    MessageState.QUEUED.value: "postponed",
    MessageState.GIVEN_UP.value: "given_up",
}


_NEVER = {DEACTIVATED: BounceKind.GONE, UNREACHABLE: BounceKind.SKIPPED}
"""The reasons for which a notice goes on to its next contact."""


def deliver_due(
    now: datetime | Clock,
    limit: int | None = None,
    *,
    run_for: timedelta | None = RUN_FOR,
    between: Callable[[], None] = lambda: None,
    kind: str = "",
) -> dict[str, int]:
    """Deliver what is due, at most ``limit`` messages; give how many were ``delivered``, ``postponed``, ``given_up``.

    ``now`` is a time or a clock; with a clock every mail is stamped with its own time. ``between`` is called
    after each batch (a job renews its lease there). Safe to run in several processes at once. It ends early
    when the mail server is away; what it did not try stays due. ``kind`` delivers mails of that kind alone.
    """
    clock: Clock = now if callable(now) else lambda: now
    end = None if run_for is None else clock() + run_for
    counts: Counter[str] = Counter()
    while limit is None or counts.total() < limit:
        left = BATCH if limit is None else min(BATCH, limit - counts.total())
        claim = claims.take(clock(), left, kind=kind)
        if claim is None or not _deliver(claim, clock, counts):
            break
        between()
        if end is not None and clock() >= end:
            break
    return dict(counts)


def _deliver(claim: Claim, clock: Clock, counts: Counter[str]) -> bool:
    """Work through one claim; False when the mail server is away. Whatever happens, the rest is given back."""
    try:
        letters = _drop(load(claim), claim, clock(), counts)
        return _send_all(letters, claim, clock, counts)
    finally:
        claim.release()


def _drop(letters: Sequence[Letter], claim: Claim, now: datetime, counts: Counter[str]) -> list[Letter]:
    """Give up what should not go out any more; give the rest."""
    reasons = not_to_send(letters, timezone.localdate(now))
    for letter in letters:
        reason = reasons.get(letter.message.pk)
        if reason in _NEVER:
            stamp.came_back(letter.message, claim, _NEVER[reason], now=now, error=reason)
        elif reason:
            stamp.given_up(letter.message, claim, now=now, error=reason, tried=False)
        if reason:
            counts["given_up"] += 1
    return [letter for letter in letters if letter.message.pk not in reasons]


def _send_all(letters: Sequence[Letter], claim: Claim, clock: Clock, counts: Counter[str]) -> bool:
    policy, refused = current_policy(), _refused_before(letters)
    with Line() as line:
        for place, letter in enumerate(letters):
            now = clock()
            if claim.runs_out(now):
                return True
            try:
                state = _send(line, letter, claim, now, policy)
            except AwayError as error:
                logger.warning("the mail server is away", extra={"error": str(error), "waiting": len(letters) - place})
                for waiting in letters[place:]:
                    counts[_COUNTED_AS[stamp.not_now(waiting.message, claim, now=now, error=str(error))]] += 1
                return False
            counts[_COUNTED_AS[state]] += 1
            if state == MessageState.DELIVERED.value and letter.message.to_email.lower() in refused:
                stamp.arrived(letter.message.to_email, now=now)
    return True


def _refused_before(letters: Sequence[Letter]) -> set[str]:
    """The addresses that the mail server refused before; if it accepts one now, mail arrives there again."""
    found = unreachable_among({letter.message.to_email for letter in letters})
    return {email for email, address in found.items() if address.kind == BounceKind.REFUSED.value}


def _send(line: Line, letter: Letter, claim: Claim, now: datetime, policy: Policy) -> str:
    """Render, send and stamp one message; give the state it is in now. Raises AwayError."""
    message = letter.message
    told = {"message_id": str(message.pk), "kind": message.kind}
    try:
        mail = render(letter, now=now, policy=policy)
    except Exception as error:  # one mail that cannot be written must not keep the others from going out
        logger.exception("a mail could not be rendered", extra=told)
        return stamp.not_now(message, claim, now=now, error=words(error))
    try:
        line.send(mail)
    except AwayError:
        raise
    except RefusedError as error:
        logger.warning("a recipient was refused", extra=told)
        return stamp.came_back(message, claim, BounceKind.REFUSED, now=now, error=str(error), status=error.status)
    except NotSentError as error:
        logger.warning("a mail did not go through", extra=told)
        return stamp.not_now(message, claim, now=now, error=str(error))
    if not stamp.delivered(message, claim, now=now, policy=policy):
        logger.warning("a mail was sent after its claim had run out: it may go out twice", extra=told)
    return MessageState.DELIVERED.value
