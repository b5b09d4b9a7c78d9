"""A suspension is effective when the provider confirmed it; what stays open, and who calls afterwards, is seen."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from io import BytesIO

import pytest

from accounts.actions import after_suspension, provider, usage
from accounts.lifecycle.actor import SYSTEM
from accounts.lifecycle.states import TaskKind
from accounts.models import Account, Event, Task, effective_at
from tests.actions.checking import ONE_DAY, TODAY, at, check, state
from tests.actions.tools import SILJE, SUPPORT, nothing_written, told
from tests.story import Story

FRIDAY = date(2026, 11, 27)


def disabled(story: Story, account: Account, when: datetime | None = None) -> Account:
    task = Task.objects.get(account=account, kind="disable_client", done_at__isnull=True)
    provider.confirm(task, by=story.actor("cegal"), now=when or story.now)
    return account


def feed(story: Story, *days: date, through: date, name: str = "client") -> usage.Taken:
    """A file with a call on each of ``days``; it covers everything through ``through``."""
    lines = "".join(f"{name},{day.isoformat()},1\n" for day in days)
    stream = BytesIO(f"client_id,day,calls\n{lines}".encode())
    return usage.take_in(
        stream, environment=story.test, covers_through=through, covers_from=TODAY - timedelta(days=100), by=SYSTEM,
        now=at(through + ONE_DAY, 5),
    )  # fmt: skip


def calls_tasks() -> list[Task]:
    return list(Task.objects.filter(kind="calls_after_suspension").order_by("opened_at"))


@pytest.fixture
def account(story: Story) -> Account:
    return story.account_in("suspended", client_id="client", stated_through=None)


# --- effective by


def test_effective_65_minutes_after_the_confirmation(story: Story, account: Account) -> None:
    assert effective_at([account.pk]) == {}
    disabled(story, account)
    assert effective_at([account.pk]) == {account.pk: datetime(2026, 11, 23, 13, 5, tzinfo=UTC)}


def test_a_closing_that_owes_the_same_again_takes_nothing_back(story: Story, account: Account) -> None:
    disabled(story, account)
    story.do(Account.objects.get(pk=account.pk), "close", "support", comment="Gone.")
    assert list(effective_at([account.pk])) == [account.pk]


def test_a_superseded_task_confirms_nothing(story: Story, account: Account) -> None:
    provider.supersede(account, TaskKind.DISABLE_CLIENT, by=story.actor("support"), now=story.now)
    assert effective_at([account.pk]) == {}


def test_a_client_that_is_to_be_enabled_is_not_disabled_any_more(story: Story, account: Account) -> None:
    disabled(story, account)
    later = story.now + ONE_DAY
    Task.objects.create(kind="enable_client", account=account, event=Event.objects.first(), opened_at=later)
    assert effective_at([account.pk]) == {}


# --- calls afterwards


def test_calls_after_the_effective_day_raise_a_task_and_reactivate_nothing(story: Story, account: Account) -> None:
    disabled(story, account)
    feed(story, TODAY + ONE_DAY, through=TODAY + 2 * ONE_DAY)
    (task,) = calls_tasks()
    assert (task.account_id, task.is_providers) == (account.pk, False)
    assert told(task.event) == {"calls_after_suspension": SUPPORT}
    assert task.event.data == {"day": "2026-11-24", "effective_at": "2026-11-23T14:05+01:00"}
    check(TODAY + 3 * ONE_DAY)
    assert state(account) == "suspended"


@pytest.mark.parametrize("day", [TODAY - timedelta(days=20), TODAY - ONE_DAY, TODAY])
def test_late_data_about_days_up_to_the_effective_one_raises_nothing(story: Story, account: Account, day: date) -> None:
    disabled(story, account)
    feed(story, day, through=TODAY + 2 * ONE_DAY)
    assert calls_tasks() == []
    assert state(account) == "suspended"


def test_confirmed_an_hour_before_midnight_it_is_effective_on_the_next_day(story: Story, account: Account) -> None:
    disabled(story, account, at(TODAY, 23))
    feed(story, TODAY + ONE_DAY, through=TODAY + 2 * ONE_DAY)
    assert calls_tasks() == []
    feed(story, TODAY + 2 * ONE_DAY, through=TODAY + 3 * ONE_DAY)
    assert len(calls_tasks()) == 1


def test_calls_before_anybody_confirmed_are_no_surprise(story: Story, account: Account) -> None:
    feed(story, TODAY + ONE_DAY, through=TODAY + 2 * ONE_DAY)
    assert calls_tasks() == []


def test_once_until_it_is_done_and_anew_for_calls_after_that(story: Story, account: Account) -> None:
    disabled(story, account)
    feed(story, TODAY + ONE_DAY, through=TODAY + ONE_DAY)
    feed(story, TODAY + 2 * ONE_DAY, through=TODAY + 2 * ONE_DAY)
    (task,) = calls_tasks()
    done = TODAY + 5 * ONE_DAY
    provider.confirm(task, by=story.actor("support"), now=at(done), comment="Cegal disabled it again.")
    feed(story, TODAY + 4 * ONE_DAY, through=done)
    assert len(calls_tasks()) == 1, "calls up to the day it was done are those that Support looked into"
    feed(story, done + ONE_DAY, through=done + ONE_DAY)
    assert len(calls_tasks()) == 2
    assert Event.objects.filter(verb="calls_after_suspension").count() == 2


def test_a_closed_account_too_and_an_active_one_never(story: Story) -> None:
    closed = disabled(story, story.account_in("closed", client_id="closed"))
    active = story.account(client_id="active")
    for name in ("closed", "active"):
        feed(story, TODAY + ONE_DAY, through=TODAY + 2 * ONE_DAY, name=name)
    assert [task.account_id for task in calls_tasks()] == [closed.pk]
    assert state(active) == "active"


def test_late_data_about_calls_between_the_suspension_and_a_later_closing_raises_a_task(
    story: Story, account: Account
) -> None:
    disabled(story, account)
    story.now += 10 * ONE_DAY
    story.do(Account.objects.get(pk=account.pk), "close", "support", comment="Gone.")
    taken = feed(story, TODAY + 5 * ONE_DAY, through=TODAY + 12 * ONE_DAY)
    assert taken.merged.after_the_end == (("client", TODAY + 5 * ONE_DAY),)
    assert [task.account_id for task in calls_tasks()] == [account.pk]


def test_the_same_file_twice_raises_one_task(story: Story, account: Account) -> None:
    disabled(story, account)
    feed(story, TODAY + ONE_DAY, through=TODAY + 2 * ONE_DAY)
    feed(story, TODAY + ONE_DAY, through=TODAY + 2 * ONE_DAY)
    assert len(calls_tasks()) == 1


def test_many_are_looked_at_in_chunks(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(after_suspension, "CHUNK", 2)
    names = [f"client-{number}" for number in range(5)]
    for name in names:
        disabled(story, story.account_in("suspended", client_id=name))
    used = [(name, TODAY + ONE_DAY) for name in names]
    assert after_suspension.look(story.test, used, now=story.now) == 5


# --- reminders


def remind(day: date) -> dict[str, int]:
    return provider.remind_open(today=day, now=at(day), by=SYSTEM)


def test_cegal_is_reminded_after_two_working_days_and_support_told_after_two_more(story: Story) -> None:
    """Suspended on a Monday: the reminder comes on Thursday, Support is told on the next Monday."""
    first, second = story.account_in("suspended", client_id="first"), story.account_in("suspended", client_id="second")
    with nothing_written():
        assert remind(date(2026, 11, 25)) == {"reminded": 0, "told_support": 0}
    assert remind(date(2026, 11, 26)) == {"reminded": 2, "told_support": 0}
    events = Event.objects.filter(verb="remind_provider")
    assert {event.subject_id for event in events} == {first.pk, second.pk}
    assert sorted(str(told(event)) for event in events) == sorted([str({"provider_tasks_open": {SILJE}}), "{}"])
    assert {event.data["number"] for event in events} == {2}
    with nothing_written():
        assert remind(date(2026, 11, 26)) == remind(FRIDAY) == {"reminded": 0, "told_support": 0}
        assert remind(date(2026, 11, 28)) == {"reminded": 0, "told_support": 0}, "nobody is told on a Saturday"
    assert remind(date(2026, 11, 30)) == {"reminded": 0, "told_support": 2}
    (event,) = [event for event in Event.objects.filter(verb="provider_is_late") if told(event)]
    assert told(event) == {"provider_tasks_late": SUPPORT}
    with nothing_written():
        remind(date(2026, 12, 1))


def test_what_is_confirmed_is_not_reminded_of(story: Story, account: Account) -> None:
    disabled(story, account)
    with nothing_written():
        assert remind(date(2026, 11, 26)) == {"reminded": 0, "told_support": 0}


def test_supports_own_tasks_are_not_cegals(story: Story, account: Account) -> None:
    disabled(story, account)
    Task.objects.create(kind="find_contact", account=account, event=Event.objects.first(), opened_at=story.now)
    with nothing_written():
        remind(date(2026, 12, 1))


def test_a_run_that_was_missed_is_made_up_for(story: Story, account: Account) -> None:
    assert remind(date(2026, 12, 7)) == {"reminded": 1, "told_support": 1}
