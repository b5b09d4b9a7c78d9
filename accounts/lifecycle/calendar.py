"""Calendar arithmetic of the rules. Dates are days in the portal's time zone (DOMAIN.md, "The inactivity rules")."""

from __future__ import annotations

from datetime import date


def add_years(day: date, years: int) -> date:
    """The same day ``years`` later; 29 February + 1 year = 28 February (DOMAIN.md)."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)
