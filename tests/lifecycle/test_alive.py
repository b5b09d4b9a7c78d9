"""When ticks, the daily check, mails and feeds count as standing still."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from accounts.lifecycle.alive import FeedSeen, Late, Part, Pulse, late
from accounts.lifecycle.policy import Policy

pytestmark = pytest.mark.sqlite_only

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
TODAY = date(2026, 11, 23)
WELL = Pulse(since=NOW - timedelta(days=400), ticked_at=NOW, checked_at=NOW - timedelta(hours=6))


def found(pulse: Pulse, today: date = TODAY) -> list[Late]:
    return late(pulse, Policy(), now=NOW, today=today)


def test_all_goes_on() -> None:
    assert found(WELL) == []


@pytest.mark.parametrize(("minutes", "is_late"), [(15, False), (16, True)])
def test_ticks(minutes: int, is_late: bool) -> None:
    assert bool(found(replace(WELL, ticked_at=NOW - timedelta(minutes=minutes)))) == is_late


@pytest.mark.parametrize(("since", "is_late"), [(timedelta(minutes=14), False), (timedelta(minutes=16), True)])
def test_a_portal_that_never_ticked_counts_from_its_start(since: timedelta, is_late: bool) -> None:
    parts = [one.part for one in found(Pulse(since=NOW - since))]
    assert parts == ([Part.TICKS] if is_late else [])


@pytest.mark.parametrize(("hours", "is_late"), [(25, False), (26, False), (26.1, True)])
def test_the_daily_check(hours: float, is_late: bool) -> None:
    parts = [one.part for one in found(replace(WELL, checked_at=NOW - timedelta(hours=hours)))]
    assert parts == ([Part.DAILY_CHECK] if is_late else [])


@pytest.mark.parametrize(
    ("waits", "stuck", "is_late"),
    [(15, 15, False), (16, 16, True), (59, 16, True), (59, 15, False), (60, None, False), (61, None, True)],
)
def test_mails(waits: int, stuck: int | None, is_late: bool) -> None:
    since = None if stuck is None else NOW - timedelta(minutes=stuck)
    pulse = replace(WELL, mail_waits_since=NOW - timedelta(minutes=waits), mail_stuck_since=since, mail_waiting=3)
    assert [one.part for one in found(pulse)] == ([Part.MAIL] if is_late else [])


@pytest.mark.parametrize(("days", "is_late"), [(7, False), (8, True)])
def test_a_feed_is_late_when_the_policy_says_so(days: int, is_late: bool) -> None:
    pulse = replace(WELL, feeds=(FeedSeen("TEST", TODAY - timedelta(days=days), TODAY),))
    assert [one.part for one in found(pulse)] == ([Part.FEEDS] if is_late else [])


@pytest.mark.parametrize(("days", "is_late"), [(7, False), (8, True)])
def test_a_feed_that_never_came_is_late_as_many_days_after_the_first_account(days: int, is_late: bool) -> None:
    pulse = replace(WELL, feeds=(FeedSeen("TEST", None, TODAY - timedelta(days=days)),))
    assert [one.part for one in found(pulse)] == ([Part.FEEDS] if is_late else [])


def test_the_sentences_say_for_how_long() -> None:
    pulse = Pulse(
        since=NOW - timedelta(days=400),
        ticked_at=NOW - timedelta(minutes=90),
        checked_at=NOW - timedelta(days=3),
        mail_waits_since=NOW - timedelta(hours=5),
        mail_waiting=12,
        feeds=(FeedSeen("TEST", date(2026, 11, 1), TODAY),),
    )
    said = [str(one.sentence) for one in found(pulse)]
    assert "90 minutes" in said[0]
    assert "3 days" in said[1]
    assert "12, the oldest for 5 hours" in said[2]
    assert "TEST is known only through 2026-11-01" in said[3]
