"""Use reported after a suspension, of days before it: Support is told at once, and nothing comes back by itself."""

from __future__ import annotations

from datetime import date, timedelta
from io import BytesIO

import pytest

from accounts.actions import notices, provider, suspended_in_use, uploads, usage, usage_manual
from accounts.actions.feeds import feed_of
from accounts.lifecycle.actor import SYSTEM
from accounts.models import Account, Event, FeedKind, Task
from accounts.models.upload import UploadKind
from tests.actions.checking import AFTER, ANSWER_BY, ONE_DAY, at, check, due, state
from tests.actions.test_reactivation import asked, walk
from tests.actions.tools import SUPPORT, nothing_written, told
from tests.commands.running import run
from tests.story import Story

YEAR_AGO = date(2025, 12, 24)  # on 24 December 2026 an account used on this day is not inactive
NEXT_MORNING = at(AFTER + ONE_DAY, 5)


@pytest.fixture
def silent(story: Story) -> Account:
    """An account that the check of 24 December suspended: nobody knew of any use, and nobody answered."""
    story.covered(AFTER - timedelta(days=900), date(2027, 12, 31))
    account = due(story, "silent", day=AFTER)
    assert check(AFTER) == {"suspended": ["silent"]}
    story.now = at(AFTER, 12)
    return Account.objects.get(pk=account.pk)


def late(story: Story, *days: date, name: str = "silent", **options: object) -> usage.Taken:
    """A file of another system, which comes in on the morning after the suspension."""
    lines = "".join(f"{name},{day.isoformat()},1\n" for day in days)
    stream = BytesIO(f"client_id,day,calls\n{lines}".encode())
    given = {"environment": story.test, "by": SYSTEM, "now": NEXT_MORNING, "source": "old gateway", **options}
    return usage.take_in(stream, covers_through=AFTER, **given)  # type: ignore[arg-type]


def tasks() -> list[Task]:
    return list(Task.objects.filter(kind="suspended_in_use").order_by("opened_at"))


@pytest.mark.parametrize("day", [YEAR_AGO, ANSWER_BY, AFTER])
def test_a_use_in_the_year_before_the_suspension_tells_support_and_reactivates_nothing(
    story: Story, silent: Account, day: date
) -> None:
    """Also one between the notice and the suspension, and one on its day."""
    assert late(story, day - timedelta(days=200), day).suspended_in_use == 1
    (task,) = tasks()
    assert (task.account_id, task.is_providers, task.done_at) == (silent.pk, False, None)
    assert told(task.event) == {"suspended_in_use": SUPPORT}
    assert task.event.data == {
        "day": day.isoformat(), "suspended_on": "2026-12-24", "feed": "old gateway", "feed_kind": "file",
    }  # fmt: skip
    check(AFTER + ONE_DAY)
    assert state(silent) == "suspended"


@pytest.mark.parametrize("day", [YEAR_AGO - ONE_DAY, AFTER + ONE_DAY])
def test_a_use_more_than_a_year_before_or_after_it_shows_no_mistake(story: Story, silent: Account, day: date) -> None:
    assert late(story, day, now=at(AFTER + 2 * ONE_DAY)).suspended_in_use == 0
    assert tasks() == []


def test_a_use_after_it_hides_none_before_it(story: Story, silent: Account) -> None:
    late(story, YEAR_AGO, AFTER + ONE_DAY, now=at(AFTER + 2 * ONE_DAY))
    assert [task.event.data["day"] for task in tasks()] == ["2025-12-24"]


def test_the_day_of_the_suspension_is_the_one_in_oslo(story: Story, silent: Account) -> None:
    """Suspended half an hour after midnight, when it is still the day before in UTC."""
    Account.objects.filter(pk=silent.pk).update(state_since=at(AFTER, 0, 30))
    late(story, AFTER)
    assert [task.event.data["suspended_on"] for task in tasks()] == ["2026-12-24"]


def test_once_until_it_is_done_and_not_again_for_the_same_suspension(story: Story, silent: Account) -> None:
    late(story, ANSWER_BY)
    late(story, ANSWER_BY)  # the same file
    late(story, ANSWER_BY - ONE_DAY, source="a third")
    (task,) = tasks()
    provider.confirm(task, by=story.actor("support"), now=NEXT_MORNING, comment="The owner does not need it.")
    late(story, ANSWER_BY - 2 * ONE_DAY, source="a third")
    assert len(tasks()) == 1
    assert Event.objects.filter(verb="suspended_in_use").count() == 1


def test_one_that_a_person_suspended_was_not_suspended_for_inactivity(story: Story) -> None:
    """Whatever its use: the secret had leaked, say."""
    account = story.account_in("suspended", client_id="leaked")
    late(story, date(2026, 11, 20), name="leaked")
    assert (tasks(), state(account)) == ([], "suspended")


def test_closing_is_a_persons_decision_and_ends_the_task(story: Story, silent: Account) -> None:
    late(story, ANSWER_BY)
    account = Account.objects.get(pk=silent.pk)
    notices.close(account, by=story.actor("support"), now=NEXT_MORNING, comment="Replaced.")
    assert [task.superseded for task in tasks()] == [True]
    late(story, ANSWER_BY - ONE_DAY, source="a third")
    assert len(tasks()) == 1


def test_the_next_suspension_is_another_one(story: Story, silent: Account) -> None:
    late(story, ANSWER_BY)
    provider.confirm(tasks()[0], by=story.actor("support"), now=NEXT_MORNING, comment="Reactivated.")
    again = AFTER + timedelta(days=500)
    Account.objects.filter(pk=silent.pk).update(state_since=at(again))
    late(story, again - ONE_DAY, now=at(again + ONE_DAY))
    assert [task.event.data["suspended_on"] for task in tasks()] == ["2026-12-24", again.isoformat()]


def test_the_reactivation_ends_the_task(story: Story, silent: Account) -> None:
    late(story, ANSWER_BY)
    contact = {"system": "SAP", "technical_name": "Tor", "technical_email": "tor@nordsjo.example"}
    Account.objects.filter(pk=silent.pk).update(**contact)
    walk(story, asked(story, Account.objects.get(pk=silent.pk)), "issue_credentials")
    assert state(silent) == "active"
    assert [task.superseded for task in tasks()] == [True]


def test_the_last_sign_in_of_a_report_counts_as_well(story: Story, silent: Account) -> None:
    feed = feed_of(story.test, FeedKind.API, "directory", now=NEXT_MORNING)
    usage.take_in_sign_ins({"silent": ANSWER_BY}, feed=feed, covers_through=None, by=SYSTEM, now=NEXT_MORNING)
    assert [task.event.data["feed"] for task in tasks()] == ["directory"]


def test_what_support_writes_down_counts_as_well(story: Story, silent: Account) -> None:
    known = {"reason": "They showed me their log.", "by": story.actor("support"), "now": NEXT_MORNING}
    usage_manual.record_use(silent, YEAR_AGO - ONE_DAY, **known)
    assert tasks() == []
    usage_manual.record_use(silent, ANSWER_BY, **known)
    assert [task.event.data["feed_kind"] for task in tasks()] == ["manual"]


def test_what_support_writes_down_of_a_day_after_it_shows_no_mistake(story: Story, silent: Account) -> None:
    known = {"reason": "They showed me their log.", "by": story.actor("support"), "now": NEXT_MORNING}
    usage_manual.record_use(silent, AFTER + ONE_DAY, **known)
    assert tasks() == []


def test_the_command_says_so(story: Story, silent: Account) -> None:
    file = f"client_id,day,calls\nsilent,{ANSWER_BY.isoformat()},1\n".encode()
    given = ("import_usage", "-", "--environment", "TEST", "--covers-through", AFTER.isoformat())
    said = run(*given, at=NEXT_MORNING, stdin=file)
    assert "Warning: suspended although it was in use: 1 account. Support has a task for each." in said


def test_the_page_of_imports_counts_them(story: Story, silent: Account) -> None:
    part = f"client_id,day,calls\nsilent,{ANSWER_BY.isoformat()},1\n".encode()
    upload = uploads.hand_in(
        [part], kind=UploadKind.USAGE, file_name="late.csv", by=story.actor("support"), now=NEXT_MORNING,
        environment=story.test, covers_through=AFTER,
    )  # fmt: skip
    uploads.run_waiting(lambda: NEXT_MORNING)
    upload.refresh_from_db()
    assert upload.result["counts"]["suspended_in_use"] == 1
    assert tasks() == [], "it was only tried"


def test_all_or_nothing_with_the_delivery(story: Story, silent: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("accounts.actions.usage.cover", lambda *_given: 1 / 0)
    feed_of(story.test, FeedKind.FILE, "old gateway", now=NEXT_MORNING)
    with nothing_written(), pytest.raises(ZeroDivisionError):
        late(story, ANSWER_BY)


def test_a_trial_counts_and_keeps_nothing(story: Story, silent: Account) -> None:
    assert late(story, ANSWER_BY, dry_run=True).suspended_in_use == 1
    assert tasks() == []


def test_many_are_looked_at_in_sets(
    story: Story, monkeypatch: pytest.MonkeyPatch, django_assert_max_num_queries
) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(suspended_in_use, "CHUNK", 3)
    story.covered(AFTER - timedelta(days=900), AFTER)
    names = [f"silent-{number}" for number in range(5)]
    for name in names:
        due(story, name, day=AFTER)
    check(AFTER)
    assert set(Account.objects.values_list("state", flat=True)) == {"suspended"}
    feed = feed_of(story.test, FeedKind.FILE, "old gateway", now=NEXT_MORNING)
    used = [suspended_in_use.UsedBefore(name, ANSWER_BY, AFTER) for name in names]
    assert suspended_in_use.look(feed, used, now=NEXT_MORNING) == 5
    with django_assert_max_num_queries(7):  # the policy, and three for each chunk
        assert suspended_in_use.look(feed, used, now=NEXT_MORNING) == 0
