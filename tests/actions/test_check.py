"""The daily check, end to end: notified, reminded, cleared, suspended, and held with each reason."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.actions import inactivity, notices
from accounts.lifecycle.errors import NotAllowed
from accounts.lifecycle.inactivity import Action
from accounts.models import Account, Event, Notice, PolicyNumber, Task
from tests.actions.checking import AFTER, ANSWER_BY, ONE_DAY, TODAY, check, entries, give_up, notice_of, state
from tests.actions.tools import INGRID, TOR, history, nothing_written, told
from tests.story import Story

A_YEAR_AND_A_DAY = date(2025, 11, 22)
EXACTLY_A_YEAR = date(2025, 11, 23)


@pytest.fixture
def fed(story: Story) -> Story:
    """Usage is known for two years back and through the answer period."""
    story.covered(TODAY - timedelta(days=800), TODAY - ONE_DAY)
    return story


@pytest.fixture
def notified(story: Story) -> Account:
    """An account whose notice was delivered today: an answer is wanted by 23 December."""
    account = story.account_in("notified", client_id="quiet", technical_email=TOR)
    story.covered(TODAY, AFTER)
    return account


def event_of(account: Account, verb: str) -> Event:
    return Event.objects.get(subject_id=account.pk, verb=verb)


def test_one_day_after_a_year_the_contacts_are_notified(fed: Story) -> None:
    account = fed.account(client_id="quiet", last_used_on=A_YEAR_AND_A_DAY, technical_email=TOR)
    fed.account(client_id="exactly", last_used_on=EXACTLY_A_YEAR)
    assert check(TODAY) == {"notified": ["quiet"]}
    assert state(account) == "notified"
    notice = notice_of(account)
    assert (notice.opened_on, notice.last_activity_on) == (TODAY, A_YEAR_AND_A_DAY)
    assert (notice.delivered_on, notice.answer_by, notice.outcome) == (None, None, "open")
    event = event_of(account, "notify")
    assert told(event) == {"inactivity_notice": {INGRID, TOR}}
    assert event.data == {"last_activity_on": "2025-11-22"}
    assert {message.notice for message in event.messages.all()} == {notice}


def test_an_entry_says_what_why_and_since_when(fed: Story) -> None:
    account = fed.account(client_id="quiet", last_used_on=A_YEAR_AND_A_DAY)
    (entry,) = entries(TODAY)
    assert (entry.kind, entry.account_id, entry.client_id, entry.environment) == (
        "notified", account.pk, "quiet", "TEST",
    )  # fmt: skip
    assert (entry.last_activity_on, entry.reason) == (A_YEAR_AND_A_DAY, "")
    assert str(entry.detail) == "No activity since 2025-11-22."


def test_an_account_never_used_counts_from_its_activation(fed: Story) -> None:
    fed.account(client_id="never", last_used_on=None, activated_on=A_YEAR_AND_A_DAY)
    fed.account(client_id="new", last_used_on=None, activated_on=EXACTLY_A_YEAR)
    assert check(TODAY) == {"notified": ["never"]}


@pytest.mark.parametrize("column", ["kept_on", "reactivated_on", "watched_from"])
def test_an_answer_a_reactivation_and_a_beginning_of_watch_are_activity(fed: Story, column: str) -> None:
    fed.account(client_id="quiet", last_used_on=None, **{column: EXACTLY_A_YEAR})
    fed.account(client_id="old", last_used_on=None, **{column: A_YEAR_AND_A_DAY})
    assert check(TODAY) == {"notified": ["old"]}


def test_other_states_are_never_notified(story: Story) -> None:
    for name in ("pending", "suspended", "closed"):
        story.account_in(name)
    story.covered(TODAY - timedelta(days=800), TODAY)
    with nothing_written():
        assert check(date(2027, 6, 1)) == {}


def test_nobody_is_notified_while_the_feed_is_old_or_was_never_received(story: Story) -> None:
    story.account(client_id="quiet", last_used_on=A_YEAR_AND_A_DAY)
    with nothing_written():
        assert check(TODAY) == {"held": ["quiet: feed_not_current"]}
    story.covered(TODAY - timedelta(days=800), TODAY - timedelta(days=8))
    with nothing_written():
        assert check(TODAY) == {"held": ["quiet: feed_not_current"]}
    story.covered(TODAY - timedelta(days=800), TODAY - timedelta(days=7))
    assert check(TODAY) == {"notified": ["quiet"]}


def test_each_environment_waits_for_its_own_feed(fed: Story) -> None:
    fed.account(client_id="test", last_used_on=A_YEAR_AND_A_DAY)
    fed.account(client_id="production", last_used_on=A_YEAR_AND_A_DAY, environment=fed.production)
    assert check(TODAY) == {"notified": ["test"], "held": ["production: feed_not_current"]}


def test_reminders_fourteen_and_three_days_before(notified: Account) -> None:
    days = [TODAY + timedelta(days=number) for number in range(1, 31)]
    reminded = [(ANSWER_BY - day).days for day in days if check(day) == {"reminded": ["quiet"]}]
    assert reminded == [14, 3]
    events = Event.objects.filter(subject_id=notified.pk, verb="remind")
    assert [told(event) for event in events] == [{"inactivity_reminder": {INGRID, TOR}}] * 2
    assert all(event.data == {"answer_by": "2026-12-23"} for event in events)
    assert {message.notice_id for event in events for message in event.messages.all()} == {notice_of(notified).pk}


def test_two_missed_reminders_go_out_as_one_up_to_the_last_day(notified: Account) -> None:
    assert check(ANSWER_BY) == {"reminded": ["quiet"]}
    assert notice_of(notified).reminded_on == ANSWER_BY
    with nothing_written():
        assert check(ANSWER_BY) == {}


def test_a_notice_that_is_not_delivered_yet_is_waited_for(fed: Story) -> None:
    account = fed.account(client_id="quiet", last_used_on=A_YEAR_AND_A_DAY)
    check(TODAY)
    with nothing_written():
        for days in (1, 16, 31, 60):
            assert check(TODAY + timedelta(days=days)) == {}
    fed.deliver(account, on=TODAY + timedelta(days=60))
    assert notice_of(account).answer_by == TODAY + timedelta(days=90)
    fed.covered(TODAY, TODAY + timedelta(days=91))
    assert check(TODAY + timedelta(days=90)) == {"reminded": ["quiet"]}
    assert check(TODAY + timedelta(days=91)) == {"suspended": ["quiet"]}


def test_the_day_after_the_answer_period_it_is_suspended(notified: Account) -> None:
    check(ANSWER_BY)
    assert state(notified) == "notified"
    assert check(AFTER) == {"suspended": ["quiet"]}
    assert state(notified) == "suspended"
    notice = notice_of(notified)
    assert (notice.outcome, notice.answered_by, notice.answer) == ("suspended", "", "")
    event = event_of(notified, "suspend_for_inactivity")
    assert told(event) == {"account_suspended_inactive": {INGRID, TOR}}
    assert event.actor_kind == "system"
    task = Task.objects.get(account=notified)
    assert (task.kind, task.done_at, task.event) == ("disable_client", None, event)
    assert history(notified) == ["import", "notify", "remind", "suspend_for_inactivity"]


def test_an_account_that_was_used_goes_back_to_active(notified: Account) -> None:
    Account.objects.filter(pk=notified.pk).update(last_used_on=date(2026, 12, 1))
    assert check(date(2026, 12, 2)) == {"cleared": ["quiet"]}
    assert state(notified) == "active"
    assert notice_of(notified).outcome == "used"
    event = event_of(notified, "used")
    assert told(event) == {"account_used": {INGRID}}
    assert event.data == {"last_activity_on": "2026-12-01"}
    with nothing_written():
        assert check(AFTER) == {}


def test_late_usage_clears_also_after_the_answer_period_and_without_a_feed(story: Story) -> None:
    account = story.account_in("notified", client_id="quiet")
    check(AFTER)
    Account.objects.filter(pk=account.pk).update(last_used_on=AFTER - timedelta(days=365))
    assert check(AFTER) == {"cleared": ["quiet"]}


def test_late_usage_that_is_older_than_a_year_does_not_clear(notified: Account) -> None:
    Account.objects.filter(pk=notified.pk).update(last_used_on=AFTER - timedelta(days=366))
    assert check(AFTER) == {"suspended": ["quiet"]}


def test_a_second_run_on_the_same_day_changes_nothing_more(fed: Story) -> None:
    fed.account(client_id="new", last_used_on=A_YEAR_AND_A_DAY)
    reminded = fed.account(client_id="reminded", last_used_on=A_YEAR_AND_A_DAY)
    used = fed.account(client_id="used", last_used_on=A_YEAR_AND_A_DAY)
    quiet = fed.account(client_id="quiet", last_used_on=A_YEAR_AND_A_DAY)
    check(TODAY)
    for account, day in ((reminded, TODAY + timedelta(days=25)), (used, TODAY), (quiet, TODAY)):
        fed.deliver(account, on=day)
    lost = fed.account(client_id="lost", last_used_on=A_YEAR_AND_A_DAY)
    check(TODAY)
    give_up(lost)
    Account.objects.filter(pk=used.pk).update(last_used_on=TODAY)
    fed.covered(TODAY, date(2027, 1, 3))
    fed.account(client_id="later", last_used_on=date(2026, 1, 1))
    day = date(2027, 1, 4)
    assert check(day) == {
        "cleared": ["used"],
        "reminded": ["reminded"],
        "suspended": ["quiet"],
        "notified": ["later"],
        "held": ["lost: notice_not_delivered"],
    }
    with nothing_written():
        assert check(day) == {"held": ["lost: notice_not_delivered"]}


def test_a_run_after_many_missed_days_catches_up_without_shortening_anything(story: Story) -> None:
    first = story.account(client_id="first", last_used_on=date(2025, 1, 1))
    story.covered(date(2024, 1, 1), date(2027, 12, 31))
    assert check(date(2026, 3, 1)) == {"notified": ["first"]}
    story.deliver(first, on=date(2026, 3, 1))
    second = story.account(client_id="second", last_used_on=date(2025, 2, 1))
    late = date(2026, 9, 1)
    assert check(late) == {"suspended": ["first"], "notified": ["second"]}
    story.deliver(second, on=late)
    assert notice_of(second).answer_by == date(2026, 10, 1)
    with nothing_written():
        assert check(date(2026, 9, 10)) == {}


def test_every_account_is_looked_at_once_across_chunks(fed: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inactivity, "CHUNK", 3)
    days = [A_YEAR_AND_A_DAY, A_YEAR_AND_A_DAY - ONE_DAY, A_YEAR_AND_A_DAY - ONE_DAY]
    accounts = [fed.account(client_id=f"c{number:02}", last_used_on=days[number % 3]) for number in range(10)]
    names = sorted(account.client_id for account in accounts)
    assert check(TODAY) == {"notified": names}
    for account in accounts:
        fed.deliver(account)
    fed.covered(TODAY, AFTER)
    assert check(ANSWER_BY) == {"reminded": names}
    assert check(AFTER) == {"suspended": names}
    assert Notice.objects.count() == Task.objects.count() == 10


def test_a_whole_chunk_costs_as_many_queries_as_one_account(fed: Story) -> None:
    def queries(accounts: int) -> int:
        for _number in range(accounts):
            fed.account(last_used_on=A_YEAR_AND_A_DAY)
        with CaptureQueriesContext(connection) as captured:
            assert len(check(TODAY)["notified"]) == accounts
        return len(captured)

    queries(1)
    assert queries(2) == queries(15)


def test_use_never_reactivates_a_suspended_account_by_itself(story: Story) -> None:
    account = story.account_in("suspended")
    story.covered(TODAY - timedelta(days=800), AFTER)
    Account.objects.filter(pk=account.pk).update(last_used_on=TODAY)
    with nothing_written():
        assert check(AFTER) == {}


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("inactive_after_years", 2, {}),
        ("feed_max_age_days", 1, {"notified": ["quiet"]}),
        ("inactive_after_years", 1, {"notified": ["quiet"]}),
    ],
)
def test_the_policys_numbers_are_settings(fed: Story, name: str, value: int, found: dict[str, list[str]]) -> None:
    PolicyNumber.objects.create(name=name, value=value)
    fed.account(client_id="quiet", last_used_on=A_YEAR_AND_A_DAY)
    assert check(TODAY) == found


def test_only_the_portal_itself_runs_it(fed: Story) -> None:
    fed.account(last_used_on=A_YEAR_AND_A_DAY)
    with nothing_written(), pytest.raises(NotAllowed):
        entries(TODAY, by=fed.actor("support"))


def test_every_kind_of_decision_has_its_verb() -> None:
    acted = set(Action) - {Action.NOTHING, Action.HOLD}
    assert set(notices.VERBS) == acted
    assert set(inactivity.KINDS) == {"notified", "reminded", "cleared", "suspended", "held"}
