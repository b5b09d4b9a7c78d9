"""Usage feeds for staff: who tells the portal about use, how far each environment is known, what came when."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from uuid import UUID

from django.db.models import Max

from accounts.lifecycle.inactivity import feed_is_current
from accounts.lifecycle.policy import Policy
from accounts.models import Account, BatchOutcome, Coverage, Environment, Feed, LastUse, UsageBatch
from accounts.models.watch import Stretch, Watch, watches
from accounts.readers import paging

NEWEST_FIRST = paging.Order("received_at", falling=True)
GAPS_SHOWN = 20
ONE_DAY = timedelta(days=1)
ALL = "all"


@dataclass(frozen=True)
class Gap:
    """Days that nobody has reported, both ends included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1


@dataclass(frozen=True)
class Source:
    """One feed, and the last day that it covers; None when it never covered one."""

    feed: Feed
    through: date | None

    @property
    def state(self) -> str:
        """stopped, failed, never or receiving."""
        if self.feed.stopped_at:
            return "stopped"
        if self.feed.problem:
            return "failed"
        return "receiving" if self.feed.last_received_at else "never"


@dataclass(frozen=True)
class Known:
    """What is known of the use in one environment on ``today``, and from whom.

    ``gaps`` are the latest [20] stretches that nobody reported between days that are known; ``accepted`` those that
    Support takes as known.
    """

    environment: Environment
    today: date
    through: date | None
    is_current: bool
    sources: list[Source]
    gaps: list[Gap]
    accepted: list[Coverage]

    @property
    def state(self) -> str:
        """current, stale or never."""
        if self.through is None:
            return "never"
        return "current" if self.is_current else "stale"

    @property
    def behind(self) -> int | None:
        """How many days lie between yesterday, the last day that can be complete, and the last day covered."""
        return max(0, (self.today - ONE_DAY - self.through).days) if self.through else None


def known(policy: Policy, today: date) -> list[Known]:
    """Every environment with its feeds, gaps and accepted gaps. Five queries, however many there are."""
    watched = watches()
    covered = Coverage.objects.filter(feed__isnull=False).order_by().values_list("feed").annotate(Max("last_day"))
    through = dict(covered)
    sources: dict[UUID, list[Source]] = defaultdict(list)
    for feed in Feed.objects.order_by("kind", "name"):
        sources[feed.environment_id].append(Source(feed, through.get(feed.pk)))
    accepted: dict[UUID, list[Coverage]] = defaultdict(list)
    for row in Coverage.objects.exclude(accepted_by="").order_by("-last_day"):
        accepted[row.environment_id].append(row)
    return [
        _known(environment, watched.get(environment.pk, Watch()), sources, accepted, policy, today)
        for environment in Environment.objects.all()
    ]


def batches(tab: str, environment: str, asked: Mapping[str, str]) -> paging.Page[UsageBatch]:
    """One page of deliveries, the newest first: of one outcome or "all", of one environment or "". One query."""
    found = UsageBatch.objects.select_related("feed__environment")
    if tab != ALL:
        found = found.filter(outcome=tab)
    if environment:
        found = found.filter(feed__environment__name=environment)
    return paging.page(found, NEWEST_FIRST, asked)


def gap_of(environment: Environment, first: date, last: date) -> Gap | None:
    """The gap between ``first`` and ``last`` of an environment, when it is one now."""
    watch = watches().get(environment.pk, Watch())
    return next((gap for gap in _gaps(watch.stretches) if (gap.first, gap.last) == (first, last)), None)


def told_of(account: Account) -> list[LastUse]:
    """What each feed says about the account's last use, the latest day first. One query."""
    return list(LastUse.objects.filter(account=account).select_related("feed").order_by("-day", "received_at"))


def who_said(account: Account, told: Iterable[LastUse]) -> LastUse | None:
    """Who told of the last use that counts; None when that was the import, or nobody."""
    return next((row for row in told if row.day == account.last_used_on), None)


TABS = (ALL, *(outcome.value for outcome in BatchOutcome))


def _known(
    environment: Environment,
    watch: Watch,
    sources: Mapping[UUID, list[Source]],
    accepted: Mapping[UUID, list[Coverage]],
    policy: Policy,
    today: date,
) -> Known:
    return Known(
        environment, today, watch.feed_through, feed_is_current(watch.feed_through, policy, today),
        sources.get(environment.pk, []), _gaps(watch.stretches), accepted.get(environment.pk, [])[:GAPS_SHOWN],
    )  # fmt: skip


def _gaps(stretches: tuple[Stretch, ...]) -> list[Gap]:
    """The days between one stretch and the next, the latest first."""
    found = [Gap(before[1] + ONE_DAY, after[0] - ONE_DAY) for before, after in pairwise(stretches)]
    return found[::-1][:GAPS_SHOWN]
