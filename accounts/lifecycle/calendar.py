"""Calendar arithmetic of the rules. Dates are days in the portal's time zone (DOMAIN.md, "The inactivity rules")."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

import holidays


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


def working_days_between(first: date, last: date) -> int:
    """The working days after ``first`` up to and with ``last`` (Norwegian); 0 within one day."""
    return sum(is_working_day(first + timedelta(days=number)) for number in range(1, (last - first).days + 1))


def is_working_day(day: date) -> bool:
    """Monday to Friday, and no Norwegian public holiday."""
    return day.weekday() < 5 and day not in _holidays(day.year)


@lru_cache(maxsize=16)
def _holidays(year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays("NO", years=year))
