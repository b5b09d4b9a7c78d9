"""A year played through day by day: usage stops, and the exact days of notice, reminders and suspension follow.

Every day at six in Oslo: the feed of the day before comes in, the check runs, the mails of the morning are delivered.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

import pytest

from accounts.actions import notices
from accounts.models import Account, Coverage, Notice
from tests.actions.checking import ONE_DAY, at, check, notice_of, state
from tests.actions.tools import history
from tests.story import Story


@dataclass
class Diary:
    """One account, played from its last use on; ``days`` says what the check did to it, and when."""

    story: Story
    account: Account
    feed: Coverage
    days: dict[str, list[date]] = field(default_factory=dict)

    @classmethod
    def begin(cls, story: Story, last_use: date) -> Diary:
        account = story.account(
            client_id="played", activated_on=last_use - timedelta(days=90), last_used_on=last_use, stated_through=None
        )
        return cls(story, account, story.covered(last_use - timedelta(days=90), last_use))

    def play(self, first: date, last: date, *, deliver_after: int = 0, run: bool = True) -> None:
        """Live through the days from ``first`` to ``last``; mails need ``deliver_after`` days."""
        day = first
        while day <= last:
            Coverage.objects.filter(pk=self.feed.pk).update(last_day=day - ONE_DAY)
            for kind in check(day) if run else ():
                self.days.setdefault(kind, []).append(day)
            for notice in Notice.objects.filter(outcome="open", delivered_on=None):
                if notice.opened_on + timedelta(days=deliver_after) <= day:
                    self.story.deliver(self.account, on=day)
            day += ONE_DAY


# last use -> notified, first reminder, second reminder, suspended
CASES = [
    pytest.param(date(2023, 2, 28), "2024-02-29", "2024-03-16", "2024-03-27", "2024-03-31", id="to-29-february"),
    pytest.param(date(2024, 2, 28), "2025-03-01", "2025-03-17", "2025-03-28", "2025-04-01", id="28-february-of-a-leap"),
    pytest.param(date(2024, 2, 29), "2025-03-01", "2025-03-17", "2025-03-28", "2025-04-01", id="29-february"),
    pytest.param(date(2024, 3, 1), "2025-03-02", "2025-03-18", "2025-03-29", "2025-04-02", id="1-march"),
    pytest.param(date(2025, 3, 28), "2026-03-29", "2026-04-14", "2026-04-25", "2026-04-29", id="clocks-go-forward"),
    pytest.param(date(2025, 10, 24), "2026-10-25", "2026-11-10", "2026-11-21", "2026-11-25", id="clocks-go-back"),
    pytest.param(date(2025, 9, 24), "2026-09-25", "2026-10-11", "2026-10-22", "2026-10-26", id="back-in-between"),
    pytest.param(date(2025, 12, 31), "2027-01-01", "2027-01-17", "2027-01-28", "2027-02-01", id="new-year"),
]


@pytest.mark.parametrize(("last_use", "notified", "first", "second", "suspended"), CASES)
def test_the_exact_days(story: Story, last_use: date, notified: str, first: str, second: str, suspended: str) -> None:
    diary = Diary.begin(story, last_use)
    every_day = last_use == date(2024, 2, 29)  # the others begin two weeks before anything can happen
    diary.play(last_use + timedelta(days=1 if every_day else 352), last_use + timedelta(days=400))
    assert diary.days == {
        "notified": [date.fromisoformat(notified)],
        "reminded": [date.fromisoformat(first), date.fromisoformat(second)],
        "suspended": [date.fromisoformat(suspended)],
    }
    assert history(diary.account) == ["import", "notify", "remind", "remind", "suspend_for_inactivity"]


def test_a_mail_that_needs_days_moves_everything_after_it(story: Story) -> None:
    diary = Diary.begin(story, date(2025, 6, 1))
    diary.play(date(2026, 6, 1), date(2026, 7, 20), deliver_after=5)
    assert notice_of(diary.account).delivered_on == date(2026, 6, 7)
    assert diary.days == {
        "notified": [date(2026, 6, 2)],
        "reminded": [date(2026, 6, 23), date(2026, 7, 4)],
        "suspended": [date(2026, 7, 8)],
    }


def test_a_week_without_any_run(story: Story) -> None:
    """The day of the first reminder falls into it: it goes out late, the second on its day, nothing is shortened."""
    diary = Diary.begin(story, date(2025, 6, 1))
    diary.play(date(2026, 6, 1), date(2026, 6, 14))
    diary.play(date(2026, 6, 15), date(2026, 6, 21), run=False)
    diary.play(date(2026, 6, 22), date(2026, 7, 10))
    assert diary.days == {
        "notified": [date(2026, 6, 2)],
        "reminded": [date(2026, 6, 22), date(2026, 6, 29)],
        "suspended": [date(2026, 7, 3)],
    }


def test_no_run_until_long_after_the_answer_period(story: Story) -> None:
    diary = Diary.begin(story, date(2025, 6, 1))
    diary.play(date(2026, 6, 2), date(2026, 6, 2))
    diary.play(date(2026, 9, 1), date(2026, 9, 2))
    assert diary.days == {"notified": [date(2026, 6, 2)], "suspended": [date(2026, 9, 1)]}


def test_a_feed_that_stops_holds_and_one_that_comes_back_goes_on(story: Story) -> None:
    diary = Diary.begin(story, date(2025, 6, 1))
    diary.play(date(2026, 6, 1), date(2026, 6, 20))
    stopped = diary.feed
    diary.feed = Coverage(pk=None)
    diary.play(date(2026, 6, 21), date(2026, 7, 6))
    assert diary.days["held"] == [date(2026, 7, 3) + timedelta(days=number) for number in range(4)]
    diary.feed = stopped
    diary.play(date(2026, 7, 7), date(2026, 7, 8))
    assert diary.days["suspended"] == [date(2026, 7, 7)]


def test_two_years_of_answers(story: Story) -> None:
    """Kept each time: the account is asked again a year and a day after every answer, and never suspended."""
    diary = Diary.begin(story, date(2024, 2, 29))
    day = date(2025, 3, 1)
    diary.play(day, day + timedelta(days=9))
    for answered in (date(2025, 3, 10), date(2026, 3, 20)):
        by, mine = story.actor("ingrid"), Account.objects.get(pk=diary.account.pk)
        notices.keep(mine, by=by, now=at(answered, 14), comment="Needed for project Ekko.")
        diary.play(answered + timedelta(days=355), answered + timedelta(days=374))
    assert diary.days["notified"] == [date(2025, 3, 1), date(2026, 3, 11), date(2027, 3, 21)]
    assert "suspended" not in diary.days
    assert list(diary.account.notices.order_by("opened_on").values_list("outcome", flat=True)) == [
        "kept", "kept", "open",
    ]  # fmt: skip


def test_used_again_in_the_middle_begins_a_new_year(story: Story) -> None:
    diary = Diary.begin(story, date(2025, 6, 1))
    diary.play(date(2026, 6, 1), date(2026, 6, 24))
    Account.objects.filter(pk=diary.account.pk).update(last_used_on=date(2026, 6, 24))
    diary.play(date(2026, 6, 25), date(2026, 7, 5))
    diary.play(date(2027, 6, 10), date(2027, 6, 25))
    assert diary.days == {
        "notified": [date(2026, 6, 2), date(2027, 6, 25)],
        "reminded": [date(2026, 6, 18)],
        "cleared": [date(2026, 6, 25)],
    }
    assert state(diary.account) == "notified"
