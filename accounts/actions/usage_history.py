"""The history of the feeds: one line for every delivery, and what a feed's last one came to."""

from __future__ import annotations

from datetime import datetime

from accounts.actions.lines import BadFile
from accounts.actions.usage_days import Covered, Said
from accounts.actions.usage_merge import Merged
from accounts.lifecycle.errors import LostRace, Refused
from accounts.lifecycle.sentence import Sentence as _
from accounts.models import ApiToken, BatchOutcome, Feed, UsageBatch

LONGEST_PROBLEM = 500


def taken(
    said: Said, merged: Merged, covered: Covered, *, lines: int, failed: int, taken_before: datetime | None
) -> UsageBatch:
    """Write the line of a delivery that was counted; call it in the transaction that counts it."""
    first, last = covered.days or (None, None)
    gap_first, gap_last = covered.gap or (None, None)
    Feed.objects.filter(pk=said.feed.pk).update(last_received_at=said.now, problem="", problem_at=None)
    return UsageBatch.objects.create(
        **_whose(said), lines=lines, failed=failed, calls=merged.calls, accounts=merged.accounts,
        moved_on=merged.moved_on, unknown=merged.unknown, unknown_names=list(merged.unknown_names),
        covered_from=first, covered_through=last, gap_from=gap_first, gap_through=gap_last, taken_before=taken_before,
        notes=[note.plain() for note in covered.notes],
        outcome=(BatchOutcome.REPEATED if taken_before else BatchOutcome.TAKEN).value, **_key(said),
    )  # fmt: skip


def refused(said: Said, refusal: Refused) -> None:
    """Write the line of a delivery that was refused as a whole, with its first bad lines, and mark the feed.

    Its key stays free: the same key may come again with the mistake put right.
    """
    bad = refusal.bad_lines if isinstance(refusal, BadFile) else ()
    sentence = str(refusal)[:LONGEST_PROBLEM]
    UsageBatch.objects.create(
        **_whose(said), outcome=BatchOutcome.REFUSED.value, problem=sentence,
        bad=refusal.total if isinstance(refusal, BadFile) else 0,
        bad_lines=[{"line": line.line, "field": line.field, "detail": line.sentence.plain()} for line in bad],
    )  # fmt: skip
    failed(said.feed, sentence, now=said.now)


def failed(feed: Feed, problem: str, *, now: datetime) -> None:
    """Say on the feed's row why its last delivery or pull failed; the next one that succeeds takes it away."""
    Feed.objects.filter(pk=feed.pk).update(problem=problem[:LONGEST_PROBLEM], problem_at=now)


def sent_before(token: ApiToken, key: str, request_digest: str) -> UsageBatch | None:
    """The delivery that ``token`` already sent under ``key``, or None.

    Raises LostRace when the key was used for another delivery: nobody can tell which of the two is meant.
    """
    found = UsageBatch.objects.filter(token=token, idempotency_key=key).select_related("feed__environment").first()
    if found is not None and found.request_digest != request_digest:
        raise LostRace(_("This Idempotency-Key was used for another batch. Use a new key for a new batch."))
    return found


def _whose(said: Said) -> dict[str, object]:
    token = said.ticket.token if said.ticket else None
    return {"feed": said.feed, "received_at": said.now, "said_by": said.by.name[:200], "token": token}


def _key(said: Said) -> dict[str, str]:
    if said.ticket is None:
        return {}
    return {"idempotency_key": said.ticket.key, "request_digest": said.ticket.request_digest}
