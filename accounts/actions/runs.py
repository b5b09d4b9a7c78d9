"""Runs of scheduled jobs: claimed once a period, renewed while they work, ended with counts or an error.

The row of ``JobRun`` is the claim. ``attempts`` fences it: a run that was taken over can neither renew nor end it.
How far a run has come is written beside the work, never inside its transaction: else nobody could see it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from threading import Thread
from typing import Any

from django.db import connection
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext_noop as _

from accounts.models import JobRun, RunState

LEASE = timedelta(minutes=5)
"""How long a run counts as alive without a word from it."""

LONGEST_PAUSE = timedelta(hours=1)
SAY_EVERY = timedelta(seconds=1)
"""How often a run says how far it has come: a page that looks every few seconds sees no more."""

KEEP_MINUTES_FOR = timedelta(days=30)
KEEP_QUIET_MINUTES_FOR = timedelta(days=1)
CUT_OFF = _("The run was cut off before it ended. The next run does its work.")


def claim(job: str, period: str, *, now: datetime) -> JobRun | None:
    """Take the run of ``job`` for ``period``: a new one, one whose worker died, or a failed one after its pause.

    None when it is done, when somebody works on it, or when somebody else was first.
    """
    fresh = {"state": RunState.RUNNING.value, "attempts": 1, "started_at": now, "lease_until": now + LEASE}
    run, created = JobRun.objects.get_or_create(job=job, period=period, defaults=fresh)
    if created:
        return run
    if not _may_be_taken(run, now):
        return None
    seen = JobRun.objects.filter(pk=run.pk, state=run.state, attempts=run.attempts, lease_until=run.lease_until)
    nothing: dict[str, Any] = {"ended_at": None, "counts": {}, "error": "", "phase": "", "done": 0, "total": None}
    again = {**fresh, **nothing, "attempts": F("attempts") + 1}
    if not seen.update(**again):
        return None
    run.refresh_from_db()
    return run


def renew(run: JobRun, *, now: datetime) -> bool:
    """Say that ``run`` is alive; False when somebody took it over."""
    run.lease_until = now + LEASE
    return _mine(run).update(lease_until=run.lease_until) == 1


class Reporter:
    """Tells the row of ``run`` how far the work has come, and so that it is alive; a ``Progress`` of actions.lines.

    ``done`` more of ``phase``; a phase that begins counts from zero. At most one short UPDATE a second. While the
    work is inside its own transaction, the UPDATE goes over a connection of its own (PostgreSQL); SQLite knows one
    writer at a time, so there the row tells of the phase and is silent until the transaction is over.
    """

    def __init__(self, run: JobRun, clock: Callable[[], datetime]) -> None:
        self._run, self._clock = run, clock
        self._phase, self._done, self._total = run.phase, run.done, run.total
        self._said_at: datetime | None = None

    def __call__(self, phase: str, done: int, total: int | None = None) -> None:
        begins = phase != self._phase
        self._done = done if begins else self._done + done
        self._total = total if begins or total is not None else self._total
        self._phase = phase
        now = self._clock()
        if begins or self._said_at is None or now >= self._said_at + SAY_EVERY:
            self._said_at = now
            self._say(now)

    def _say(self, now: datetime) -> None:
        run = self._run
        run.phase, run.done, run.total, run.lease_until = self._phase, self._done, self._total, now + LEASE
        said = {"phase": run.phase, "done": run.done, "total": run.total, "lease_until": run.lease_until}
        if not connection.in_atomic_block:
            _mine(run).update(**said)
        elif connection.vendor == "postgresql":
            beside = Thread(target=_update_beside, args=(_mine(run), said))
            beside.start()
            beside.join()


def finish(run: JobRun, *, now: datetime, counts: Mapping[str, int]) -> bool:
    """The run did its work. Counts of nothing are left out, so that a quiet run is known by having none."""
    said = {name: number for name, number in counts.items() if number}
    return _end(run, now, state=RunState.DONE.value, counts=said)


def fail(run: JobRun, *, now: datetime, error: str) -> bool:
    """The run ended with an error; it is tried again within its period, after a pause that grows."""
    return _end(run, now, state=RunState.FAILED.value, error=error)


def close_cut_off(job: str, *, but: str, now: datetime) -> int:
    """End the runs of past periods whose worker died: nobody takes them over any more. Gives their number."""
    dead = JobRun.objects.filter(job=job, state=RunState.RUNNING.value, lease_until__lte=now).exclude(period=but)
    return dead.update(state=RunState.FAILED.value, ended_at=now, error=CUT_OFF)


def tidy(minute_jobs: list[str], *, now: datetime) -> dict[str, int]:
    """Delete runs of jobs that run every minute: after a month, and those that found nothing to do after a day."""
    old = Q(started_at__lt=now - KEEP_MINUTES_FOR)
    quiet = Q(started_at__lt=now - KEEP_QUIET_MINUTES_FOR, state=RunState.DONE.value, counts={})
    deleted, _by_model = JobRun.objects.filter(old | quiet, job__in=minute_jobs).delete()
    return {"deleted": deleted}


def pause(attempts: int) -> timedelta:
    """How long a job rests after so many failed attempts: 1, 2, 4, ... minutes, at most an hour."""
    return min(timedelta(minutes=2 ** min(attempts - 1, 10)), LONGEST_PAUSE)


def _may_be_taken(run: JobRun, now: datetime) -> bool:
    if run.state == RunState.RUNNING.value:
        return run.lease_until <= now
    if run.state == RunState.FAILED.value and run.ended_at is not None:
        return run.ended_at + pause(run.attempts) <= now
    return False


def _update_beside(rows: QuerySet[JobRun], columns: Mapping[str, object]) -> None:
    """Runs in a thread, which has a connection, and so a transaction, of its own."""
    try:
        rows.update(**columns)
    finally:
        connection.close()


def _mine(run: JobRun) -> QuerySet[JobRun]:
    return JobRun.objects.filter(pk=run.pk, state=RunState.RUNNING.value, attempts=run.attempts)


def _end(run: JobRun, now: datetime, **columns: object) -> bool:
    return _mine(run).update(ended_at=now, lease_until=now, **columns) == 1
