"""Held, and never silently: no feed through the answer period, a day unknown, a notice that reached nobody."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from accounts.actions import usage_gaps
from accounts.lifecycle.errors import NotAllowed
from accounts.models import Event, Task
from tests.actions.checking import AFTER, ANSWER_BY, ONE_DAY, TODAY, check, entries, give_up, notice_of, state
from tests.actions.tools import INGRID, SUPPORT, TOR, history, nothing_written, told
from tests.story import Story

QUIET = date(2025, 11, 22)


@pytest.fixture
def fed(story: Story) -> Story:
    """Usage is known for two years back."""
    story.covered(TODAY - timedelta(days=800), TODAY - ONE_DAY)
    return story


def test_held_while_the_feed_does_not_cover_the_answer_period(story: Story) -> None:
    account = story.account_in("notified", client_id="quiet")
    check(ANSWER_BY)
    with nothing_written():
        assert check(AFTER) == {"held": ["quiet: feed_not_current"]}
    story.covered(TODAY + ONE_DAY, ANSWER_BY - ONE_DAY)
    with nothing_written():
        assert check(AFTER) == {"held": ["quiet: feed_not_current"]}
    story.covered(ANSWER_BY, ANSWER_BY)
    assert check(AFTER) == {"suspended": ["quiet"]}
    assert state(account) == "suspended"


def test_held_while_a_day_is_unknown_until_support_accepts_the_gap(story: Story) -> None:
    story.account_in("notified", client_id="quiet")
    check(ANSWER_BY)
    gap = date(2026, 12, 5)
    story.covered(TODAY, gap - ONE_DAY)
    story.covered(gap + ONE_DAY, AFTER)
    (entry,) = entries(AFTER)
    assert (entry.kind, entry.reason) == ("held", "feed_not_current")
    assert str(entry.detail).startswith("Usage on 2026-12-05 is unknown")
    with pytest.raises(NotAllowed):
        usage_gaps.accept_gap(story.test, gap, gap, by=story.actor("ingrid"), reason="x", now=story.now)
    later = story.now + timedelta(days=40)
    usage_gaps.accept_gap(story.test, gap, gap, by=story.actor("support"), reason="Gateway down.", now=later)
    assert check(AFTER) == {"suspended": ["quiet"]}


def test_a_day_missing_after_the_notice_holds_an_account_of_unknown_use_and_does_not_clear_it(story: Story) -> None:
    account = story.account(
        client_id="unknown", activated_on=date(2020, 1, 1), last_used_on=None, watched_from=date(2025, 1, 1),
        stated_through=None,
    )  # fmt: skip
    story.covered(date(2025, 1, 1), date(2026, 1, 10))
    assert check(date(2026, 1, 10)) == {"notified": ["unknown"]}
    story.deliver(account, on=date(2026, 1, 10))
    story.covered(date(2026, 1, 12), date(2026, 2, 28))
    assert check(date(2026, 2, 5)) == {"reminded": ["unknown"]}
    (entry,) = entries(date(2026, 2, 10))
    assert (entry.kind, entry.reason) == ("held", "feed_not_current")
    assert str(entry.detail).startswith("Usage on 2026-01-11 is unknown")
    story.covered(date(2026, 1, 11), date(2026, 1, 11))
    assert check(date(2026, 2, 10)) == {"suspended": ["unknown"]}


def test_held_when_the_notice_reached_nobody_and_support_is_asked_once(fed: Story) -> None:
    account = fed.account(client_id="quiet", last_used_on=QUIET, technical_email=TOR)
    check(TODAY)
    give_up(account)
    for days in (1, 2, 40):
        assert check(TODAY + timedelta(days=days)) == {"held": ["quiet: notice_not_delivered"]}
    event = Event.objects.get(subject_id=account.pk, verb="notice_not_delivered")
    assert told(event) == {"notice_not_delivered": SUPPORT}
    assert Task.objects.get(account=account).kind == "find_contact"
    assert history(account).count("notice_not_delivered") == 1


def test_one_contact_reached_is_enough(fed: Story) -> None:
    account = fed.account(client_id="quiet", last_used_on=QUIET, technical_email=TOR)
    check(TODAY)
    notice_of(account).messages.filter(to_email=INGRID).update(state="given_up")
    with nothing_written():
        assert check(TODAY + ONE_DAY) == {}
    fed.deliver(account)
    assert check(date(2026, 12, 20)) == {"reminded": ["quiet"]}
