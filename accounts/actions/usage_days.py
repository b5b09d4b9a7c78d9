"""Which days a delivery of usage covers, and which stay unknown before them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils import timezone

from accounts.lifecycle.actor import Actor
from accounts.lifecycle.calendar import EARLIEST
from accounts.lifecycle.errors import NotReady
from accounts.lifecycle.sentence import Sentence as _
from accounts.models import ApiToken, Coverage, Feed, Figure
from accounts.models.watch import watch_of

ONE_DAY = timedelta(days=1)
LONG_HOLE = 31
"""So many days may pass on which nobody called before a delivery is not believed to be complete over them."""
Stretch = tuple[date, date]


@dataclass(frozen=True)
class Ticket:
    """How a program named its delivery, so that sending it twice is harmless: its token, its key, its SHA-256."""

    token: ApiToken
    key: str
    request_digest: str


@dataclass(frozen=True)
class Said:
    """What a delivery is said to be: from which feed, by whom, when; complete for which days (None: for none)."""

    feed: Feed
    by: Actor
    now: datetime
    covers_through: date | None
    covers_from: date | None = None
    figure: Figure = Figure.CALLS
    ticket: Ticket | None = None
    dry_run: bool = False  # everything is tried, nothing is kept

    @property
    def complete_through(self) -> date | None:
        """The last day that counts as covered, at most yesterday: calls of a day that is not over may still come."""
        if self.covers_through is None:
            return None
        return min(self.covers_through, timezone.localdate(self.now) - ONE_DAY)


@dataclass(frozen=True)
class Covered:
    """``days`` are the new statement, ``gap`` the days that stay unknown before it; None where there are none."""

    days: Stretch | None = None
    gap: Stretch | None = None
    notes: tuple[_, ...] = ()


def cover(said: Said, days: Iterable[date]) -> Covered:
    """Record the days that a delivery covers. ``days`` are those of its lines.

    Call it in the transaction that counts the delivery, with the environment's row locked.
    """
    through = said.complete_through
    if through is None:
        return Covered()
    stretches = watch_of(said.feed.environment_id).stretches
    known_through = stretches[-1][1] if stretches else None
    first, notes = _first_day(said, known_through, days, through)
    if through != said.covers_through:
        day = str(said.covers_through)
        notes += (_("%(day)s is not over, so it does not count as covered: calls may still come.", day=day),)
    if first > through:
        return Covered(notes=notes)
    Coverage.objects.get_or_create(
        environment=said.feed.environment, source=said.feed.name, first_day=first, last_day=through,
        defaults={"received_at": said.now, "feed": said.feed},
    )  # fmt: skip
    known_before = max((last for start, last in stretches if start < first), default=None)
    if known_before is None or known_before + ONE_DAY >= first:
        return Covered((first, through), None, notes)
    return Covered((first, through), (known_before + ONE_DAY, first - ONE_DAY), notes)


def check_days(first: date | None, last: date, today: date) -> None:
    """Raise NotReady for a stretch of days that ends after ``today``, before it begins, or lies before [2000]."""
    if last > today:
        raise NotReady(_("%(day)s lies in the future: nobody knows it yet.", day=last.isoformat()))
    if min(first or last, last) < EARLIEST:
        raise NotReady(_("No day before %(first)s can be covered. Check the year.", first=EARLIEST.isoformat()))
    if first is not None and first > last:
        days = {"first": first.isoformat(), "last": last.isoformat()}
        raise NotReady(_("The first day %(first)s is later than the last day %(last)s.", **days))


def _first_day(
    said: Said, known_through: date | None, days: Iterable[date], through: date
) -> tuple[date, tuple[_, ...]]:
    """From which day on a delivery is believed to be complete: the one it names, else that of its earliest new line.

    A day that was lost must not become a silent one (DOMAIN.md, "Known use"). A report of last sign-ins looks back over
    everything, so it bridges whatever was not fetched.
    """
    if said.covers_from is not None:
        return said.covers_from, ()
    follows = known_through + ONE_DAY if known_through is not None else None
    if follows is not None and (follows >= through or said.figure is not Figure.CALLS):
        return follows, ()
    new = sorted(day for day in days if day <= through and (follows is None or day >= follows))
    if new:
        return _after_the_last_hole(new, through)
    note = _(
        "Nothing says from which day on this delivery is complete, so only %(day)s counts as covered. "
        "Name the first day to cover more.",
        day=through.isoformat(),
    )
    return through, (note,)


def _after_the_last_hole(days: list[date], through: date) -> tuple[date, tuple[_, ...]]:
    """The first of ``days`` (ascending), or that after the last hole of more than [31] days, with a note.

    One line with a wrong clock must not make years of silence known.
    """
    ends = [*days[1:], through + ONE_DAY]
    holes = [(day + ONE_DAY, end - ONE_DAY) for day, end in zip(days, ends, strict=True) if _is_long(day, end)]
    if not holes:
        return days[0], ()
    first, last = holes[-1]
    start = min(last + ONE_DAY, through)
    note = _(
        "No line of this delivery is of a day from %(first)s through %(last)s, so it counts as complete only from "
        "%(day)s on. Name the first day to cover more.",
        first=first.isoformat(),
        last=last.isoformat(),
        day=start.isoformat(),
    )
    return start, (note,)


def _is_long(day: date, next_day: date) -> bool:
    return (next_day - day).days - 1 > LONG_HOLE
