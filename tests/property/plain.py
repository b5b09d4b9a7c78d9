"""The rules of inactivity told a second time, as plainly as possible, to hold the product against them.

Nothing here asks the product: days are sets of days, and what is known is what the test itself did. DOMAIN.md, "The
inactivity rules", is the source of every line.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

DAY = timedelta(days=1)


@dataclass
class Numbers:
    """The policy's numbers that these rules read."""

    inactive_after_years: int = 1
    answer_days: int = 30
    feed_max_age_days: int = 7
    mass_suspension_least: int = 10
    mass_suspension_percent: int = 5


@dataclass
class Where:
    """An environment: the days that feeds covered, those whose gap was accepted.

    ``waiting``: the list that a person may confirm, with the day of its run.
    """

    fed: set[date] = field(default_factory=set)
    accepted: set[date] = field(default_factory=set)
    waiting: tuple[date, frozenset[str]] | None = None

    @property
    def known(self) -> set[date]:
        """Every day of which it is known what happened."""
        return self.fed | self.accepted

    def began_to_watch(self, by: date | None) -> date | None:
        """The first day of the latest unbroken time of watching that had begun on ``by``."""
        firsts = [day for day in self.fed if day - DAY not in self.fed and (by is None or day <= by)]
        return max(firsts, default=None)


@dataclass
class Round:
    """One notice: who has its mail since when, and the end of the answer period, None before anybody has it."""

    opened: date
    arrived: dict[str, date] = field(default_factory=dict)
    begun: date | None = None
    answer_by: date | None = None
    confirmed_by_lists_of: set[date] = field(default_factory=set)

    def accept(self, to: str, day: date, numbers: Numbers) -> None:
        """The mail server took the mail to ``to``."""
        self.arrived[to] = day
        if self.answer_by is None:
            self.begun, self.answer_by = day, day + numbers.answer_days * DAY

    def lose(self, to: str, numbers: Numbers) -> None:
        """``to`` was not asked after all: it bounced, or they say that it is not theirs."""
        self.arrived.pop(to, None)
        if not self.arrived:
            self.begun = self.answer_by = None
        elif self.begun is not None and self.answer_by is not None and min(self.arrived.values()) > self.begun:
            self.begun = min(self.arrived.values())
            self.answer_by = max(self.answer_by, self.begun + numbers.answer_days * DAY)


@dataclass
class Plain:
    """One account as everybody would tell it: what is known of it, and what state it must be in."""

    name: str
    where: Where
    activated: date
    stated_through: date
    used: dict[date, int] = field(default_factory=dict)
    said: set[date] = field(default_factory=set)
    unknown_since: date | None = None
    kept: set[date] = field(default_factory=set)
    held_until: date | None = None
    state: str = "active"
    round: Round | None = None

    def last_activity(self) -> date:
        """The latest day on which something spoke for it."""
        days = {self.activated, *self.used, *self.said, *self.kept}
        if self.unknown_since is not None:
            days.add(self.unknown_since)
            watched = self.where.began_to_watch(self.round.opened if self.round else None)
            if not (self.used or self.said or self.kept) and watched is not None:
                days.add(watched)
        return max(days)

    def inactive(self, today: date, numbers: Numbers) -> bool:
        """More than so many calendar years have passed."""
        last = self.last_activity()
        year = last.year + numbers.inactive_after_years
        day = 28 if (last.month, last.day) == (2, 29) and year % 4 else last.day
        return today > date(year, last.month, day)

    def held(self, today: date) -> bool:
        """Does Support leave it alone today?"""
        return self.held_until is not None and self.held_until >= today

    def watched_without_a_gap(self, through: date) -> bool:
        """Is every silent day up to ``through`` known, and does a feed reach as far?"""
        day, unknown = max(self.last_activity(), self.stated_through) + DAY, False
        while day <= through:
            unknown = unknown or day not in self.where.known
            day += DAY
        return not unknown and max(self.where.fed, default=date.min) >= through

    def may_be_suspended(self, today: date, numbers: Numbers) -> bool:
        """The promise: a year unused, a delivered notice, a full answer period, no answer, no hold, a covered feed."""
        return (
            self.state == "notified"
            and self.round is not None
            and self.round.answer_by is not None
            and today > self.round.answer_by
            and self.inactive(today, numbers)
            and not self.held(today)
            and self.watched_without_a_gap(self.round.answer_by)
        )

    def confirmed(self) -> bool:
        """Did a person confirm a list with it on, of a run after its answer period?"""
        assert self.round is not None
        assert self.round.answer_by is not None
        return any(day > self.round.answer_by for day in self.round.confirmed_by_lists_of)

    def may_be_notified(self, today: date, numbers: Numbers) -> bool:
        """A year unused, no hold, and a feed that is not too old."""
        latest = max(self.where.fed, default=date.min)
        fresh = latest + numbers.feed_max_age_days * DAY >= today if self.where.fed else False
        return self.state == "active" and self.inactive(today, numbers) and not self.held(today) and fresh

    def end_round(self, state: str) -> None:
        """The notice is over, and the account is in ``state``."""
        self.state, self.round = state, None


def suspensions(accounts: list[Plain], today: date, numbers: Numbers) -> list[Plain]:
    """Whom a run of ``today`` must suspend: all that may be, but not too many at once without a person's word."""
    due = [account for account in accounts if account.may_be_suspended(today, numbers)]
    found = []
    for where in {id(account.where): account.where for account in accounts}.values():
        here = [account for account in due if account.where is where]
        living = [one for one in accounts if one.where is where and one.state in ("active", "notified")]
        share = len(living) * numbers.mass_suspension_percent / 100
        too_many = len(here) > max(numbers.mass_suspension_least, share)
        asked = {account.name for account in here if too_many and not account.confirmed()}
        where.waiting = (today, frozenset(asked)) if asked else None
        found += [account for account in here if account.name not in asked]
    return found


def run(accounts: list[Plain], today: date, numbers: Numbers) -> set[str]:
    """What a run of ``today`` leaves behind; gives the names of those suspended."""
    suspended = suspensions(accounts, today, numbers)
    for account in accounts:
        if account.state == "notified" and not account.inactive(today, numbers):
            account.end_round("active")
    for account in suspended:
        account.end_round("suspended")
    for account in accounts:
        if account.may_be_notified(today, numbers):
            account.state, account.round = "notified", Round(today)
    return {account.name for account in suspended}
