"""Unknown is not "never used": who is called inactive when nobody said anything, with feeds that leave gaps."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.utils import timezone

from accounts.actions import inactivity
from accounts.actions.usage_gaps import accept_gap
from accounts.actions.usage_manual import record_use
from accounts.lifecycle.calendar import add_years
from accounts.models import Account
from tests.actions.feeding import call, take
from tests.story import Story

pytestmark = pytest.mark.django_db
ONE_DAY = timedelta(days=1)


@pytest.fixture
def today(story: Story) -> date:
    return timezone.localdate(story.now)


def unknown(story: Story, today: date, **columns: object) -> Account:
    """Imported three years ago, and nobody knows when it was used."""
    imported = today - timedelta(days=3 * 366)
    said = {"activated_on": None, "last_used_on": None, "stated_through": None, "watched_from": imported}
    return story.account(**{**said, "activated_on": imported, **columns})  # type: ignore[arg-type]


def notified(story: Story, account: Account, on: date) -> bool:
    """Does a check on that day open a notice?"""
    found = inactivity.check(today=on, now=story.now, dry_run=True)
    return account.pk in {entry.account_id for entry in found if entry.kind == "notified"}


def fed(story: Story, first: date, last: date, source: str = "file") -> None:
    take(covers_from=first, through=last, now=story.now, source=source)


def test_without_a_feed_nobody_is_notified(story: Story, today: date) -> None:
    assert not notified(story, unknown(story, today), today)


def test_a_feed_must_cover_a_whole_year_first(story: Story, today: date) -> None:
    account = unknown(story, today)
    first = add_years(today, -1)
    fed(story, first, today - ONE_DAY)
    assert not notified(story, account, today)  # watched for a year today: later than that is inactive
    assert notified(story, account, today + ONE_DAY)


def test_a_gap_begins_the_year_anew_until_a_feed_fills_it(story: Story, today: date) -> None:
    """Accepting it does not: a feed has to have covered the whole year."""
    account = unknown(story, today)
    gap = today - timedelta(days=30)
    fed(story, today - timedelta(days=500), gap - ONE_DAY)
    fed(story, gap + ONE_DAY, today - ONE_DAY)
    assert not notified(story, account, today)
    accept_gap(story.test, gap, gap, by=story.actor("support"), reason="The gateway was down.", now=story.now)
    assert not notified(story, account, today)
    fed(story, gap, gap)
    assert notified(story, account, today)


def test_two_feeds_fill_each_others_gaps(story: Story, today: date) -> None:
    account = unknown(story, today)
    cut = today - timedelta(days=200)
    fed(story, today - timedelta(days=500), cut, "gateway a")
    assert not notified(story, account, today)
    fed(story, cut - timedelta(days=5), today - ONE_DAY, "gateway b")
    assert notified(story, account, today)


def test_two_feeds_that_leave_a_day_between_them_do_not(story: Story, today: date) -> None:
    account = unknown(story, today)
    cut = today - timedelta(days=200)
    fed(story, cut + ONE_DAY, today - ONE_DAY, "gateway b")
    fed(story, today - timedelta(days=500), cut - ONE_DAY, "gateway a")
    assert not notified(story, account, today)


def test_never_used_is_known_and_an_unknown_last_use_is_not(story: Story, today: date) -> None:
    """An account that came through an order was watched from its first day: nobody used it, and we know."""
    fed(story, today - timedelta(days=30), today - ONE_DAY)
    never = story.account(activated_on=today - timedelta(days=400), last_used_on=None, stated_through=None)
    assert notified(story, never, today)
    assert not notified(story, unknown(story, today), today)


def test_the_owners_answer_stands_for_the_missing_year(story: Story, today: date) -> None:
    fed(story, today - timedelta(days=30), today - ONE_DAY)
    kept = unknown(story, today, kept_on=today - timedelta(days=400))
    assert notified(story, kept, today)
    assert not notified(story, unknown(story, today, kept_on=today - timedelta(days=300)), today)


def test_an_entry_by_support_makes_it_known(story: Story, today: date) -> None:
    account = unknown(story, today)
    fed(story, today - timedelta(days=30), today - ONE_DAY)
    by = story.actor("support")
    record_use(account, today - timedelta(days=300), reason="Their log says so.", by=by, now=story.now)
    assert not notified(story, account, today)


def test_late_data_of_any_feed_leaves_an_account_alone(story: Story, today: date) -> None:
    account = unknown(story, today)
    fed(story, today - timedelta(days=500), today - ONE_DAY)
    assert notified(story, account, today)
    used = today - timedelta(days=100)
    take(call(account.client_id, f"{used.isoformat()}T10:00:00Z"), through=used, now=story.now, source="late")
    assert not notified(story, account, today)
