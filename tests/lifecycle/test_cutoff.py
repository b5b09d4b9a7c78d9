"""The index range that the daily check reads says the same as the rule, for every day of seven years."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from accounts.lifecycle.inactivity import cutoff, is_inactive
from accounts.lifecycle.policy import Policy

FIRST, LAST = date(2023, 1, 1), date(2029, 12, 31)
ONE_DAY = timedelta(days=1)


@pytest.mark.parametrize("years", [1, 2, 3, 4])
def test_cutoff_parts_the_inactive_from_the_others_on_every_day(years: int) -> None:
    policy = Policy(inactive_after_years=years)
    today = FIRST
    while today <= LAST:
        first_not_inactive = cutoff(policy, today)
        assert not is_inactive(first_not_inactive, policy, today)
        assert is_inactive(first_not_inactive - ONE_DAY, policy, today), today
        today += ONE_DAY


def test_cutoff_equals_the_rule_for_every_pair_of_days_around_the_year() -> None:
    policy, today = Policy(), FIRST
    while today <= LAST:
        before = cutoff(policy, today)
        for distance in range(360, 372):
            last_activity = today - timedelta(days=distance)
            assert (last_activity < before) == is_inactive(last_activity, policy, today)
        today += ONE_DAY


@pytest.mark.parametrize(
    ("today", "first_not_inactive"),
    [
        (date(2025, 2, 28), date(2024, 2, 28)),
        (date(2025, 3, 1), date(2024, 3, 1)),  # 28 and 29 February become inactive together
        (date(2024, 2, 29), date(2023, 3, 1)),
        (date(2024, 3, 1), date(2023, 3, 1)),  # nobody was active on 29 February 2023: nothing new
        (date(2026, 11, 23), date(2025, 11, 23)),
    ],
)
def test_around_29_february(today: date, first_not_inactive: date) -> None:
    assert cutoff(Policy(), today) == first_not_inactive
