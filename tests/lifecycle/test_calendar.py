"""Calendar arithmetic: whole years, and Norwegian working days."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from accounts.lifecycle.calendar import add_years, due_day, is_working_day, working_time


@pytest.mark.parametrize(
    ("day", "years", "later"),
    [
        (date(2023, 2, 28), 1, date(2024, 2, 28)),
        (date(2024, 2, 28), 1, date(2025, 2, 28)),
        (date(2024, 2, 29), 1, date(2025, 2, 28)),
        (date(2024, 2, 29), 4, date(2028, 2, 29)),
        (date(2024, 3, 1), 1, date(2025, 3, 1)),
        (date(2024, 2, 29), -1, date(2023, 2, 28)),
        (date(2025, 12, 31), 1, date(2026, 12, 31)),
        (date(2096, 2, 29), 4, date(2100, 2, 28)),  # 2100 is no leap year
    ],
)
def test_a_year_later_is_the_same_day(day: date, years: int, later: date) -> None:
    assert add_years(day, years) == later


@pytest.mark.parametrize(
    ("holiday", "name"),
    [
        (date(2026, 1, 1), "New Year's Day"),
        (date(2026, 4, 2), "Maundy Thursday"),
        (date(2026, 4, 3), "Good Friday"),
        (date(2026, 4, 6), "Easter Monday"),
        (date(2026, 5, 1), "Labour Day"),
        (date(2027, 5, 17), "Constitution Day"),
        (date(2026, 5, 14), "Ascension Day"),
        (date(2026, 5, 25), "Whit Monday"),
        (date(2026, 12, 25), "Christmas Day"),
        (date(2028, 12, 26), "Second day of Christmas"),
        (date(2026, 11, 21), "a Saturday"),
        (date(2026, 11, 22), "a Sunday"),
    ],
)
def test_no_work_on(holiday: date, name: str) -> None:
    assert not is_working_day(holiday), name


@pytest.mark.parametrize(
    "day",
    [
        date(2026, 4, 1),  # the Wednesday before Easter
        date(2026, 4, 7),
        date(2027, 5, 18),
        date(2026, 12, 24),  # Christmas Eve is no public holiday
        date(2026, 12, 31),
        date(2026, 11, 23),
    ],
)
def test_work_on(day: date) -> None:
    assert is_working_day(day)


@pytest.mark.parametrize(
    ("entered", "target", "due"),
    [
        (date(2026, 11, 23), 1, date(2026, 11, 24)),  # Monday -> Tuesday
        (date(2026, 11, 23), 2, date(2026, 11, 25)),
        (date(2026, 11, 27), 1, date(2026, 11, 30)),  # Friday -> Monday
        (date(2026, 11, 28), 1, date(2026, 11, 30)),  # entered on a Saturday
        (date(2026, 4, 1), 1, date(2026, 4, 7)),  # over Easter: Thursday to Monday are free
        (date(2026, 4, 1), 2, date(2026, 4, 8)),
        (date(2027, 5, 14), 1, date(2027, 5, 18)),  # Friday; Monday is 17 May, also Whit Monday
        (date(2026, 5, 13), 2, date(2026, 5, 18)),  # over Ascension Day and a weekend
        (date(2026, 12, 23), 2, date(2026, 12, 28)),  # Christmas Day is a Friday
        (date(2026, 12, 31), 1, date(2027, 1, 4)),  # over the turn of the year
    ],
)
def test_a_target_counts_working_days_after_the_day_it_was_entered(entered: date, target: int, due: date) -> None:
    assert due_day(entered, target) == due


def test_a_due_day_is_always_a_working_day_and_never_moves_back() -> None:
    day, last = date(2023, 1, 1), date(2023, 1, 1)
    while day.year < 2030:
        due = due_day(day, 3)
        assert is_working_day(due)
        assert due >= last
        day, last = day + timedelta(days=1), due


@pytest.mark.parametrize(
    ("start", "end", "days"),
    [
        ((2026, 11, 23, 9), (2026, 11, 23, 21), 0.5),  # a Monday
        ((2026, 11, 23, 9), (2026, 11, 24, 9), 1),
        ((2026, 11, 20, 15), (2026, 11, 23, 9), 0.75),  # over a weekend
        ((2026, 11, 21, 3), (2026, 11, 22, 22), 0),  # inside of one
        ((2026, 12, 31, 12), (2027, 1, 4, 12), 1),  # over New Year's Day and a weekend
        ((2026, 4, 1, 12), (2026, 4, 7, 12), 1),  # over Easter
        ((2023, 1, 2, 0), (2024, 1, 2, 0), 251),  # a whole year
    ],
)
def test_time_in_working_days_leaves_out_free_days(start: tuple[int, ...], end: tuple[int, ...], days: float) -> None:
    assert working_time(datetime(*start), datetime(*end)) == pytest.approx(days)  # type: ignore[arg-type]


def test_working_days_add_up_day_by_day() -> None:
    first = datetime(2023, 1, 1)
    for number in range(0, 1500, 7):
        end = first + timedelta(days=number)
        counted = sum(is_working_day((first + timedelta(days=one)).date()) for one in range(number))
        assert working_time(first, end) == counted
