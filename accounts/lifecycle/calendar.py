"""Calendar arithmetic of the rules. Dates are days in the portal's time zone (DOMAIN.md, "The inactivity rules")."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import lru_cache

import holidays

_FIRST_YEAR = 2000  # the portal knows nothing older
EARLIEST = date(_FIRST_YEAR, 1, 1)
"""No API account is older: an earlier day is a mistake, of a clock or of a hand."""


def add_years(day: date, years: int) -> date:
    """The same day ``years`` later; 29 February + 1 year = 28 February (DOMAIN.md)."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


def due_day(entered: date, working_days: int) -> date:
    """The last day on which a stage entered on ``entered`` meets its target of ``working_days`` (Norwegian)."""
    day = entered
    while working_days > 0:
        day += timedelta(days=1)
        working_days -= is_working_day(day)
    return day


def late_since(today: date, working_days: int) -> date:
    """The last day on which something was begun that is over its target of ``working_days`` on ``today``."""
    day = today - timedelta(days=1)
    while due_day(day, working_days) >= today:
        day -= timedelta(days=1)
    return day


def working_days_between(first: date, last: date) -> int:
    """The working days after ``first`` up to and with ``last`` (Norwegian); 0 within one day."""
    return sum(is_working_day(first + timedelta(days=number)) for number in range(1, (last - first).days + 1))


def is_working_day(day: date) -> bool:
    """Monday to Friday, and no Norwegian public holiday."""
    return day.weekday() < 5 and day not in _holidays(day.year)


def working_time(start: datetime, end: datetime) -> float:
    """How long it is from ``start`` to ``end`` in working days of 24 hours: nights count, free days do not.

    Both are told in the portal's time zone.
    """
    return worked(end) - worked(start)


def worked(at: datetime) -> float:
    """Working days of 24 hours from a day long past to ``at``, which is told in the portal's time zone.

    The difference of two is ``working_time``; whoever needs many asks once for each moment.
    """
    day = at.date()
    before = _working_days_before(day)
    if not is_working_day(day):
        return before
    return before + (at.hour * 3600 + at.minute * 60 + at.second) / 86400


@lru_cache(maxsize=4096)
def _working_days_before(day: date) -> int:
    first = date(day.year, 1, 1)
    return _of_years_before(day.year) + sum(
        is_working_day(first + timedelta(days=number)) for number in range((day - first).days)
    )


@lru_cache(maxsize=256)
def _of_years_before(year: int) -> int:
    if year <= _FIRST_YEAR:
        return 0
    return _working_days_before(date(year - 1, 12, 31)) + is_working_day(date(year - 1, 12, 31))


@lru_cache(maxsize=16)
def _holidays(year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays("NO", years=year))
