"""How far an environment's usage is known: the days that its feed, or an accepted gap, covers."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Protocol
from uuid import UUID

from accounts.lifecycle.inactivity import InactivityFacts, NoticeFacts
from accounts.lifecycle.states import AccountState
from accounts.models.usage import Coverage

Stretch = tuple[date, date]
ONE_DAY = timedelta(days=1)


class Watched(Protocol):
    """What is looked at of an account: its row, or the same columns read in bulk."""

    @property
    def state(self) -> str: ...
    @property
    def last_activity_on(self) -> date: ...
    @property
    def kept_on(self) -> date | None: ...
    @property
    def reactivated_on(self) -> date | None: ...
    @property
    def stated_through(self) -> date | None: ...
    @property
    def last_use_is_unknown(self) -> bool: ...


@dataclass(frozen=True)
class Watch:
    """The known days of one environment as stretches in order, none touching the next.

    ``fed`` are those of the days that a feed covers: gaps that Support accepted are left out.
    """

    stretches: tuple[Stretch, ...] = ()
    fed: tuple[Stretch, ...] = ()

    @property
    def feed_through(self) -> date | None:
        """The last day that a feed covers; None when nothing was received."""
        return self.fed[-1][1] if self.fed else None

    def known_through(self, day: date) -> date:
        """The last day up to which every day after ``day`` is known; ``day`` itself when the next one is unknown."""
        place = bisect_right(self.stretches, (day + ONE_DAY, date.max)) - 1
        if place < 0:
            return day
        return max(day, self.stretches[place][1])

    def watched_since(self, seen_on: date = date.max) -> date | None:
        """The first day of the last stretch of a feed that had begun by ``seen_on``: since then somebody watched.

        Days that Support accepted were not watched: an account whose last use is unknown may have been used on them.
        """
        begun = [first for first, _last in self.fed if first <= seen_on]
        return begun[-1] if begun else None

    def unknown_after(self, day: date) -> tuple[Stretch, ...]:
        """The stretches after ``day`` that nobody has reported, up to the last day that a feed covers; oldest first."""
        found, known = [], day
        for first, last in self.stretches:
            if first > known + ONE_DAY and self.feed_through and known < self.feed_through:
                found.append((known + ONE_DAY, first - ONE_DAY))
            known = max(known, last)
        return tuple(found)

    def facts(self, account: Watched, notice: NoticeFacts | None, held_until: date | None = None) -> InactivityFacts:
        """``account`` as ``decide`` looks at it (DOMAIN.md, "Known use"); ``held_until``: the last day of its hold.

        An unknown last use is counted from the day on which we began to watch without a gap, until its owner
        has answered or the account was reactivated. A gap that came after its notice is no use: the days in it are
        unknown, and hold the suspension.
        """
        last_activity = account.last_activity_on
        since = self.watched_since(notice.opened_on) if notice else self.watched_since()
        if account.last_use_is_unknown and since and not (account.kept_on or account.reactivated_on):
            last_activity = max(last_activity, since)
        return InactivityFacts(
            state=AccountState(account.state),
            last_activity_on=last_activity,
            known_through=self.known_through(max(last_activity, account.stated_through or last_activity)),
            feed_through=self.feed_through,
            notice=notice,
            held_until=held_until,
        )


def fed(watch: Watch, first: date, last: date) -> Watch:
    """``watch`` as it will be when a feed has covered these days too, both ends included; as it is for no days."""
    if last < first:
        return watch
    new = (first, last)
    return Watch(_joined(sorted([*watch.stretches, new])), _joined(sorted([*watch.fed, new])))


def watches() -> dict[UUID, Watch]:
    """The watch of every environment that has one, by its id. One query."""
    by_environment: dict[UUID, list[Coverage]] = {}
    for row in Coverage.objects.order_by("environment_id", "first_day"):
        by_environment.setdefault(row.environment_id, []).append(row)
    return {environment: _watch(rows) for environment, rows in by_environment.items()}


def watch_of(environment_id: UUID) -> Watch:
    """The watch of one environment; an empty one when nothing was ever received."""
    return _watch(Coverage.objects.filter(environment_id=environment_id).order_by("first_day"))


def _watch(rows: Iterable[Coverage]) -> Watch:
    covered = [(row.first_day, row.last_day, row.accepted_by) for row in rows]
    fed = _joined((first, last) for first, last, accepted_by in covered if not accepted_by)
    return Watch(_joined((first, last) for first, last, _by in covered), fed)


def _joined(stretches: Iterable[Stretch]) -> tuple[Stretch, ...]:
    """Stretches sorted by their first day, with those that overlap or touch made one."""
    joined: list[Stretch] = []
    for first, last in stretches:
        if joined and first <= joined[-1][1] + ONE_DAY:
            joined[-1] = (joined[-1][0], max(joined[-1][1], last))
        else:
            joined.append((first, last))
    return tuple(joined)
