"""Runs of the scheduled jobs: what each did, what failed, and whether the daily ones ran today."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.models import JobRun, RunState, Upload
from accounts.readers import paging

WORTH, FAILED, ALL = "worth", "failed", "all"
NEWEST_FIRST = paging.Order("started_at", falling=True)
LOOK_BACK = timedelta(days=30)

_COUNTED = {
    "notified": gettext_noop("notified"),
    "reminded": gettext_noop("reminded"),
    "cleared": gettext_noop("in use again"),
    "suspended": gettext_noop("suspended"),
    "held": gettext_noop("held"),
    "delivered": gettext_noop("delivered"),
    "postponed": gettext_noop("postponed"),
    "given_up": gettext_noop("given up"),
    "verified": gettext_noop("verified"),
    "refused": gettext_noop("refused"),
    "bounced": gettext_noop("came back"),
    "works_again": gettext_noop("addresses that work again"),
    "known_already": gettext_noop("known already"),
    "other_mails": gettext_noop("other mails"),
    "destroyed": gettext_noop("destroyed"),
    "expired": gettext_noop("expired"),
    "warned": gettext_noop("warned"),
    "deleted": gettext_noop("deleted"),
    "pulled": gettext_noop("feeds fetched"),
    "clients": gettext_noop("clients"),
    "created": gettext_noop("accounts made"),
    "already_there": gettext_noop("already there"),
    "people": gettext_noop("new people"),
    "organisations": gettext_noop("new organisations"),
    "lines": gettext_noop("lines"),
    "calls": gettext_noop("calls"),
    "moved_on": gettext_noop("used later than known"),
    "events": gettext_noop("events"),
    "chains": gettext_noop("chains"),
    "broken": gettext_noop("broken"),
}


@dataclass(frozen=True)
class Row:
    """One run, as it is drawn."""

    run: JobRun

    @property
    def upload(self) -> Upload | None:
        """The file that this run takes in; None for a scheduled job."""
        return getattr(self.run, "upload", None)

    @property
    def seconds(self) -> float | None:
        """How long it took; None while it runs."""
        return (self.run.ended_at - self.run.started_at).total_seconds() if self.run.ended_at else None

    @property
    def counts(self) -> str:
        """What it did, in words: "3 delivered, 1 given up"."""
        known = [name for name in _COUNTED if name in self.run.counts]  # a database may keep them in any order
        names = [*known, *sorted(set(self.run.counts) - set(known))]
        return ", ".join(f"{self.run.counts[name]} {_(_COUNTED.get(name, name.replace('_', ' ')))}" for name in names)


@dataclass(frozen=True)
class Daily:
    """One daily job today. ``state`` is done, running, failed, missed or waits (its hour has not come)."""

    job: str
    state: str
    last_done: datetime | None


def daily(due: Mapping[str, bool], today: date) -> list[Daily]:
    """How the daily jobs stand on ``today`` (Europe/Oslo). ``due``: by name, has its hour come? One query."""
    since = (today - LOOK_BACK).isoformat()
    runs = JobRun.objects.filter(job__in=list(due), period__gte=since).order_by("period")
    of_job: dict[str, list[JobRun]] = {name: [] for name in due}
    for run in runs:
        of_job[run.job].append(run)
    return [_daily(name, of_job[name], is_due, today.isoformat()) for name, is_due in due.items()]


def runs(tab: str, asked: Mapping[str, str]) -> paging.Page[JobRun]:
    """One page of the runs, the newest first; "worth" leaves out those that found nothing to do. One query."""
    found = JobRun.objects.select_related("upload").defer("upload__result")
    if tab == FAILED:
        found = found.filter(state=RunState.FAILED.value)
    elif tab == WORTH:
        found = found.exclude(Q(state=RunState.DONE.value, counts={}))
    return paging.page(found, NEWEST_FIRST, asked)


def last(job: str, number: int) -> list[JobRun]:
    """The newest runs of one job. One query."""
    found = JobRun.objects.filter(job=job).select_related("upload").defer("upload__result")
    return list(found.order_by("-started_at", "id")[:number])


def _daily(name: str, found: list[JobRun], is_due: bool, period: str) -> Daily:
    today = next((run for run in found if run.period == period), None)
    done = [run.ended_at for run in found if run.state == RunState.DONE.value]
    state = today.state if today else "missed" if is_due else "waits"
    return Daily(name, state, done[-1] if done else None)
