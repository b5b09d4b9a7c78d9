"""The scheduled jobs: what they do and when they are due. Celery's tick and ``manage.py run_due`` call ``run_due``.

A job is due once a period; the row of its run is the claim, so it does not matter how many ticks there are.
Days are days in the portal's time zone, minutes are counted in UTC: no minute comes twice when clocks change.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.conf import settings
from django.utils import timezone

from accounts import delivery
from accounts.actions import (
    api_answers,
    bounce_mailbox,
    bounces,
    credentials,
    handovers,
    holds,
    inactivity,
    operations,
    overlaps,
    proposals,
    provider,
    reconciliation,
    runs,
    timers,
    uploads,
    usage_pull,
    webhooks,
)
from accounts.actions.lines import Progress
from accounts.lifecycle.actor import SYSTEM
from accounts.lifecycle.errors import Refused
from accounts.models import Event, JobRun, RunState
from accounts.readers import history

logger = logging.getLogger(__name__)

Clock = Callable[[], datetime]
RENEW_EVERY = timedelta(minutes=1)


@dataclass(frozen=True)
class Work:
    """What a job is given: the clock, its time and day (Europe/Oslo), and ways to say that it is still alive.

    ``progress(phase, done, total)`` says how far it has come, for the page of job runs; ``alive()`` only that it lives.
    """

    clock: Clock
    now: datetime
    today: date
    alive: Callable[[], None]
    progress: Progress


@dataclass(frozen=True)
class Job:
    """One scheduled job. ``daily_at`` is an hour in the portal's time zone; None: every minute.

    A daily job is due from its hour on until the day ends: a tick that was missed is caught up by the next one.
    A day that was missed altogether is not made up for: each of these jobs does all that is due by its day.
    """

    name: str
    work: Callable[[Work], Mapping[str, int]]
    daily_at: time | None = None

    def period(self, now: datetime) -> str:
        """The minute (UTC) or the day (portal's time zone) that ``now`` lies in."""
        if self.daily_at is None:
            return now.astimezone(UTC).strftime("%Y-%m-%dT%H:%MZ")
        return timezone.localdate(now).isoformat()

    def is_due(self, now: datetime) -> bool:
        """Has its hour come today? Whether it was done already, the row of its run says."""
        return self.daily_at is None or timezone.localtime(now).time() >= self.daily_at


def _deliver_messages(work: Work) -> Mapping[str, int]:
    return delivery.deliver_due(work.clock, between=work.alive)


def _deliver_webhooks(work: Work) -> Mapping[str, int]:
    counts = delivery.deliver_webhooks(work.clock, between=work.alive)
    return {**counts, "disabled": webhooks.disable_failing(by=SYSTEM, now=work.clock())}


def _take_in_bounces(work: Work) -> Mapping[str, int]:
    """What the mail server refused first: a mailbox that cannot be read must not hold that up."""
    counts = Counter(bounces.follow(now=work.clock()))
    url, portal = settings.BOUNCE_MAILBOX_URL, settings.PORTAL_URL
    counts.update(bounce_mailbox.poll(url, portal, clock=work.clock, between=work.alive))
    return counts


def _expire_handovers(work: Work) -> Mapping[str, int]:
    return handovers.expire(today=work.today, now=work.now, by=SYSTEM)


def _verify_new(work: Work) -> Mapping[str, int]:
    return credentials.verify_new(clock=work.clock, by=SYSTEM, between=work.alive)


def _work_operations(work: Work) -> Mapping[str, int]:
    return operations.work_due(clock=work.clock, between=work.alive)


def _destroy_uncollected(work: Work) -> Mapping[str, int]:
    return credentials.destroy_uncollected(today=work.today, now=work.now, by=SYSTEM)


def _pull_usage(work: Work) -> Mapping[str, int]:
    return usage_pull.pull(clock=work.clock, by=SYSTEM, between=work.alive)


def _reconcile_providers(work: Work) -> Mapping[str, int]:
    return reconciliation.reconcile(clock=work.clock, between=work.alive)


def _end_holds(work: Work) -> Mapping[str, int]:
    return holds.end_holds(today=work.today, now=work.now, by=SYSTEM)


def _end_stranded(work: Work) -> Mapping[str, int]:
    return overlaps.end_stranded(now=work.now, by=SYSTEM)


def _end_overlaps(work: Work) -> Mapping[str, int]:
    return overlaps.end_overlaps(today=work.today, now=work.now, by=SYSTEM)


def _propose_rotations(work: Work) -> Mapping[str, int]:
    return proposals.propose(today=work.today, now=work.now, by=SYSTEM)


def _check_inactivity(work: Work) -> Mapping[str, int]:
    counts: Counter[str] = Counter()
    for entry in inactivity.check(today=work.today, now=work.now, by=SYSTEM, progress=work.progress):
        counts[entry.kind] += 1
    return counts


def _remind_provider(work: Work) -> Mapping[str, int]:
    return provider.remind_open(today=work.today, now=work.now, by=SYSTEM)


def _remind_stages(work: Work) -> Mapping[str, int]:
    return timers.remind_stages(today=work.today, now=work.now, by=SYSTEM)


def _expire_returned(work: Work) -> Mapping[str, int]:
    return timers.expire_returned(today=work.today, now=work.now, by=SYSTEM)


def _tidy_runs(work: Work) -> Mapping[str, int]:
    uploads.tidy(now=work.now)
    api_answers.tidy(now=work.now)
    return runs.tidy([job.name for job in JOBS if job.daily_at is None], now=work.now)


def _verify_history(work: Work) -> Mapping[str, int]:
    verified, broken = history.Verified(), 0
    work.progress("verify", 0, Event.objects.count())
    for place in history.verify(verified, read=lambda events: work.progress("verify", events)):
        broken += 1
        logger.error("the history is broken", extra={"place": str(place)})
    return {"events": verified.events, "chains": verified.chains, "broken": broken}


JOBS: tuple[Job, ...] = (
    Job("deliver_messages", _deliver_messages),
    Job("take_in_bounces", _take_in_bounces),
    Job("deliver_webhooks", _deliver_webhooks),
    Job("verify_new", _verify_new),
    Job("work_operations", _work_operations),
    Job("end_stranded", _end_stranded),
    Job("expire_secrets", _destroy_uncollected, time(0, 30)),
    Job("tidy_runs", _tidy_runs, time(4, 0)),
    Job("reconcile_providers", _reconcile_providers, time(4, 30)),
    Job("pull_usage", _pull_usage, time(5, 0)),
    Job("end_holds", _end_holds, time(5, 30)),
    Job("check_inactivity", _check_inactivity, time(6, 0)),
    Job("expire_handovers", _expire_handovers, time(5, 45)),
    Job("end_overlaps", _end_overlaps, time(6, 15)),
    Job("propose_rotations", _propose_rotations, time(6, 15)),
    Job("remind_provider", _remind_provider, time(6, 30)),
    Job("remind_stages", _remind_stages, time(6, 30)),
    Job("expire_returned", _expire_returned, time(6, 30)),
    Job("verify_history", _verify_history, time(3, 0)),  # last: it may take minutes
)
"""In the order in which one tick runs them: mail first, it is what people wait for."""


def run_due(clock: Clock, jobs: Iterable[Job] = JOBS) -> list[JobRun]:
    """Run the jobs that are due and that nobody ran or runs; give their runs as they ended.

    A job that fails does not keep the others from running: its error is on its run, the details are in the log.
    """
    ended = []
    for job in jobs:
        now = clock()
        runs.close_cut_off(job.name, but=job.period(now), now=now)
        if job.is_due(now) and (run := runs.claim(job.name, job.period(now), now=now)):
            _work(job, run, clock, now)
            ended.append(run)
    return ended


def run_now(name: str, clock: Clock) -> JobRun | None:
    """Run the job ``name`` now although its hour is not come or it ran today; the run as it ended.

    None while one of its runs is under way, and when somebody asked for it in this same minute.
    """
    job, now = next(job for job in JOBS if job.name == name), clock()
    if is_running(name, now):
        return None
    run = runs.claim(name, by_hand(now), now=now)
    if run is not None:
        _work(job, run, clock, now)
    return run


def is_running(name: str, now: datetime) -> bool:
    """Is a run of the job ``name`` under way, and alive?"""
    return JobRun.objects.filter(job=name, state=RunState.RUNNING.value, lease_until__gt=now).exists()


def by_hand(now: datetime) -> str:
    """The period of a run that a person asked for: the minute, in the portal's time zone."""
    return f"{timezone.localtime(now):%Y-%m-%d %H:%M} by hand"


def _work(job: Job, run: JobRun, clock: Clock, now: datetime) -> None:
    work = Work(clock, now, timezone.localdate(now), _pulse(run, clock), runs.Reporter(run, clock))
    try:
        counts = job.work(work)
    except Exception as error:  # whatever it is, it belongs on the run, and the other jobs go on
        logger.exception("a job failed", extra={"job": job.name, "period": run.period})
        kept = runs.fail(run, now=clock(), error=_in_words(error))
    else:
        kept = runs.finish(run, now=clock(), counts=counts)
    if not kept:
        logger.warning("a job ended after it was taken over", extra={"job": job.name, "period": run.period})
    run.refresh_from_db()


def _pulse(run: JobRun, clock: Clock) -> Callable[[], None]:
    """A function to call while a job works: it renews the lease, at most once a minute."""

    def alive() -> None:
        now = clock()
        if now >= run.lease_until - runs.LEASE + RENEW_EVERY:
            runs.renew(run, now=now)

    return alive


def _in_words(error: Exception) -> str:
    """The error on one line: a refusal's own sentence, otherwise its kind and what it said first."""
    if isinstance(error, Refused):
        return str(error)
    first = next(iter(str(error).splitlines()), "")
    return f"{type(error).__name__}: {first}"[:500]
