"""Days from 2023 to 2029: whole years, answer periods, midnights in Oslo, both changes of the clock, free days.

The expected days stand here as somebody would read them off a calendar on the wall; nothing computes them.
"""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from accounts.lifecycle.calendar import add_years, due_day, is_working_day, working_days_between, working_time
from accounts.lifecycle.inactivity import NoticeFacts, answer_by, cutoff, inactive_from, reminder_due
from accounts.lifecycle.policy import Policy
from tests.architecture.source import ROOT

pytestmark = pytest.mark.sqlite_only
OSLO = ZoneInfo("Europe/Oslo")


def d(text: str) -> date:
    return date.fromisoformat(text)


@pytest.mark.parametrize(
    ("last_activity", "years", "first_day_inactive"),
    [
        ("2022-12-31", 1, "2024-01-01"),
        ("2023-01-01", 1, "2024-01-02"),
        ("2023-02-27", 1, "2024-02-28"),
        ("2023-02-28", 1, "2024-02-29"),  # the next day of a leap year is the 29th
        ("2023-03-01", 1, "2024-03-02"),
        ("2024-02-28", 1, "2025-03-01"),
        ("2024-02-29", 1, "2025-03-01"),  # 29 February + 1 year = 28 February, and the day after it
        ("2024-03-01", 1, "2025-03-02"),
        ("2025-02-28", 1, "2026-03-01"),
        ("2026-11-22", 1, "2027-11-23"),
        ("2027-02-28", 1, "2028-02-29"),
        ("2028-02-29", 1, "2029-03-01"),
        ("2028-12-31", 1, "2030-01-01"),
        ("2024-02-29", 2, "2026-03-01"),
        ("2024-02-29", 3, "2027-03-01"),
        ("2024-02-29", 4, "2028-03-01"),  # a 29th again
        ("2023-02-28", 5, "2028-02-29"),
    ],
)
def test_the_first_day_on_which_an_account_is_inactive(last_activity: str, years: int, first_day_inactive: str) -> None:
    policy, first = Policy(inactive_after_years=years), d(first_day_inactive)
    assert inactive_from(d(last_activity), policy) == first
    assert d(last_activity) < cutoff(policy, first)
    assert not d(last_activity) < cutoff(policy, first - timedelta(days=1))


@pytest.mark.parametrize(
    ("today", "first_day_not_inactive"),
    [
        ("2023-03-01", "2022-03-01"),
        ("2024-02-28", "2023-02-28"),
        ("2024-02-29", "2023-03-01"),
        ("2024-03-01", "2023-03-01"),
        ("2024-12-31", "2023-12-31"),
        ("2025-02-28", "2024-02-28"),
        ("2025-03-01", "2024-03-01"),  # those of the 28th and of the 29th together
        ("2026-02-28", "2025-02-28"),
        ("2026-03-29", "2025-03-29"),
        ("2026-10-25", "2025-10-25"),
        ("2028-02-29", "2027-03-01"),
        ("2029-03-01", "2028-03-01"),
    ],
)
def test_the_cutoff_of_a_day(today: str, first_day_not_inactive: str) -> None:
    assert cutoff(Policy(), d(today)) == d(first_day_not_inactive)


@pytest.mark.parametrize(
    ("day", "years", "later"),
    [
        ("2023-02-28", 1, "2024-02-28"),
        ("2024-02-29", 1, "2025-02-28"),
        ("2024-02-29", 4, "2028-02-29"),
        ("2028-02-29", -1, "2027-02-28"),
        ("2028-02-29", -4, "2024-02-29"),
        ("2023-12-31", 6, "2029-12-31"),
    ],
)
def test_whole_years(day: str, years: int, later: str) -> None:
    assert add_years(d(day), years) == d(later)


@pytest.mark.parametrize(
    ("delivered", "last_day", "first_reminder", "second_reminder"),
    [
        ("2023-01-31", "2023-03-02", "2023-02-16", "2023-02-27"),
        ("2024-01-31", "2024-03-01", "2024-02-16", "2024-02-27"),  # over 29 February: a day earlier in March
        ("2024-02-29", "2024-03-30", "2024-03-16", "2024-03-27"),
        ("2026-03-01", "2026-03-31", "2026-03-17", "2026-03-28"),  # over the spring change of the clock
        ("2026-10-01", "2026-10-31", "2026-10-17", "2026-10-28"),  # over the autumn change
        ("2026-11-23", "2026-12-23", "2026-12-09", "2026-12-20"),
        ("2026-12-02", "2027-01-01", "2026-12-18", "2026-12-29"),
        ("2028-01-30", "2028-02-29", "2028-02-15", "2028-02-26"),
        ("2029-12-15", "2030-01-14", "2029-12-31", "2030-01-11"),
    ],
)
def test_an_answer_period_and_its_reminders(
    delivered: str, last_day: str, first_reminder: str, second_reminder: str
) -> None:
    policy = Policy()
    by = answer_by(d(delivered), policy)
    assert by == d(last_day)
    notice = NoticeFacts(opened_on=d(delivered), delivered_on=d(delivered), answer_by=by)
    days = [d(delivered) + timedelta(days=number) for number in range(35)]
    assert next(day for day in days if reminder_due(notice, policy, day)) == d(first_reminder)
    reminded = NoticeFacts(d(delivered), d(delivered), by, reminded_on=d(first_reminder))
    assert next(day for day in days if reminder_due(reminded, policy, day)) == d(second_reminder)


@pytest.mark.parametrize(
    ("moment", "day_in_oslo"),
    [
        ("2023-12-31T22:59:59", "2023-12-31"),  # winter: Oslo is an hour ahead
        ("2023-12-31T23:00:00", "2024-01-01"),
        ("2024-02-28T23:30:00", "2024-02-29"),
        ("2024-02-29T23:30:00", "2024-03-01"),
        ("2025-03-29T23:30:00", "2025-03-30"),  # the night in which the clock goes forward
        ("2025-03-30T21:30:00", "2025-03-30"),  # ... two hours ahead from then on
        ("2025-03-30T22:00:00", "2025-03-31"),
        ("2026-06-30T21:59:59", "2026-06-30"),  # summer
        ("2026-06-30T22:00:00", "2026-07-01"),
        ("2026-10-24T22:30:00", "2026-10-25"),  # the night in which it goes back
        ("2026-10-25T22:30:00", "2026-10-25"),  # a day of 25 hours
        ("2026-10-25T23:30:00", "2026-10-26"),
        ("2026-11-23T23:30:00", "2026-11-24"),
        ("2028-02-28T23:30:00", "2028-02-29"),
        ("2029-03-24T23:30:00", "2029-03-25"),
        ("2029-12-31T23:30:00", "2030-01-01"),
    ],
)
def test_a_moment_lies_on_the_day_of_oslo(moment: str, day_in_oslo: str) -> None:
    from django.utils import timezone

    at = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    assert timezone.localdate(at) == d(day_in_oslo)
    assert at.astimezone(OSLO).date() == d(day_in_oslo)


CLOCK_CHANGES = [
    ("2023-03-26", "2023-10-29"),
    ("2024-03-31", "2024-10-27"),
    ("2025-03-30", "2025-10-26"),
    ("2026-03-29", "2026-10-25"),
    ("2027-03-28", "2027-10-31"),
    ("2028-03-26", "2028-10-29"),
    ("2029-03-25", "2029-10-28"),
]


@pytest.mark.parametrize(("spring", "autumn"), CLOCK_CHANGES)
def test_both_changes_of_the_clock_fall_on_a_sunday_and_change_no_day(spring: str, autumn: str) -> None:
    for text, hours in ((spring, 23), (autumn, 25)):
        start = datetime.combine(d(text), datetime.min.time(), OSLO).astimezone(UTC)
        end = datetime.combine(d(text) + timedelta(days=1), datetime.min.time(), OSLO).astimezone(UTC)
        assert (end - start) == timedelta(hours=hours)
        assert d(text).weekday() == 6
        assert inactive_from(add_years(d(text), -1), Policy()) == d(text) + timedelta(days=1)
        # Friday noon to Monday noon is one working day, whatever the clock did on Sunday
        friday, monday = d(text) - timedelta(days=2), d(text) + timedelta(days=1)
        if is_working_day(friday) and is_working_day(monday):
            noon = [datetime(day.year, day.month, day.day, 12, tzinfo=OSLO) for day in (friday, monday)]
            assert working_time(noon[0], noon[1]) == pytest.approx(1)


EASTER = ["2023-04-09", "2024-03-31", "2025-04-20", "2026-04-05", "2027-03-28", "2028-04-16", "2029-04-01"]


@pytest.mark.parametrize("sunday", EASTER)
def test_the_days_around_easter_are_free(sunday: str) -> None:
    easter = d(sunday)
    for distance in (-3, -2, 0, 1, 39, 49, 50):  # Maundy Thursday to Whit Monday
        assert not is_working_day(easter + timedelta(days=distance)), distance
    assert is_working_day(easter - timedelta(days=4))  # the Wednesday before
    assert due_day(easter - timedelta(days=4), 1) == easter + timedelta(days=2)


@pytest.mark.parametrize("year", range(2023, 2030))
def test_the_days_that_are_free_each_year(year: int) -> None:
    for month, day in ((1, 1), (5, 1), (5, 17), (12, 25), (12, 26)):
        assert not is_working_day(date(year, month, day)), (month, day)
    assert is_working_day(date(year, 12, 24)) is (date(year, 12, 24).weekday() < 5)


@pytest.mark.parametrize(
    ("entered", "working_days", "last_day"),
    [
        ("2023-04-05", 1, "2023-04-11"),  # over Easter
        ("2023-05-16", 2, "2023-05-22"),  # 17 May is a Wednesday and 18 May Ascension Day
        ("2023-12-22", 1, "2023-12-27"),  # Christmas on Monday and Tuesday
        ("2024-03-27", 1, "2024-04-02"),
        ("2024-05-08", 1, "2024-05-10"),  # Ascension Day on a Thursday; the Friday after is no holiday
        ("2024-05-16", 1, "2024-05-21"),  # Friday 17 May, a weekend and Whit Monday
        ("2024-12-24", 2, "2024-12-30"),
        ("2025-04-16", 2, "2025-04-23"),
        ("2025-12-23", 2, "2025-12-29"),  # Christmas Eve counts, Thursday and Friday do not
        ("2026-04-30", 1, "2026-05-04"),  # 1 May is a Friday
        ("2026-12-23", 2, "2026-12-28"),
        ("2027-05-14", 1, "2027-05-18"),  # 17 May is Whit Monday too
        ("2027-12-30", 2, "2028-01-03"),
        ("2028-02-28", 1, "2028-02-29"),
        ("2028-02-29", 1, "2028-03-01"),
        ("2029-05-16", 1, "2029-05-18"),
        ("2029-12-21", 1, "2029-12-24"),
    ],
)
def test_targets_over_free_days(entered: str, working_days: int, last_day: str) -> None:
    assert due_day(d(entered), working_days) == d(last_day)
    assert working_days_between(d(entered), d(last_day)) == working_days


def test_a_worker_that_runs_for_years_knows_the_day() -> None:
    """Nothing is computed when the modules are read: a process that began in 2023 decides rightly in 2029."""
    code = (
        "import datetime, time_machine\n"
        "with time_machine.travel(datetime.datetime(2023, 2, 28, 12, tzinfo=datetime.UTC), tick=False):\n"
        "    from accounts.lifecycle import calendar, inactivity, policy\n"
        "    old = inactivity.cutoff(policy.Policy(), datetime.date.today())\n"
        "with time_machine.travel(datetime.datetime(2029, 5, 16, 12, tzinfo=datetime.UTC), tick=False):\n"
        "    today = datetime.date.today()\n"
        "    print(old, inactivity.cutoff(policy.Policy(), today), calendar.due_day(today, 1))\n"
    )
    said = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    assert said.split() == ["2022-02-28", "2028-05-16", "2029-05-18"]
