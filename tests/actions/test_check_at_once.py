"""Two checks at once, and people who act in the middle of one: done once, and nobody is suspended wrongly."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from accounts.actions import engine, holds, inactivity, notices
from accounts.models import Account, Event, Hold, Message, Notice, PolicyNumber, Task
from tests.actions.checking import AFTER, ANSWER_BY, ONE_DAY, TODAY, at, check, due, give_up, notice_of, state
from tests.actions.tools import at_once, history
from tests.story import Story

QUIET = date(2025, 11, 22)
Meanwhile = Callable[[Callable[[], None]], None]


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Meanwhile:
    """Let something happen once, after the check has decided and before it writes."""

    def arrange(happens: Callable[[], None]) -> None:
        waiting = [happens]

        def before(original: Callable[..., Any]) -> Callable[..., Any]:
            def wrapped(*args: Any, **kwargs: Any) -> Any:
                if waiting:
                    waiting.pop()()
                return original(*args, **kwargs)

            return wrapped

        monkeypatch.setattr(engine, "move_many", before(engine.move_many))
        monkeypatch.setattr(engine, "record", before(engine.record))

    return arrange


def test_an_account_used_a_second_ago_is_not_suspended(story: Story, meanwhile: Meanwhile) -> None:
    account = due(story, "quiet")
    story.covered(TODAY - timedelta(days=900), TODAY)
    meanwhile(lambda: Account.objects.filter(pk=account.pk).update(last_used_on=TODAY) and None)
    assert check(TODAY) == {}
    assert state(account) == "notified"
    assert not Task.objects.exists()
    assert check(TODAY) == {"cleared": ["quiet"]}


def test_an_account_used_a_second_ago_is_not_notified(story: Story, meanwhile: Meanwhile) -> None:
    used = story.account(client_id="used", last_used_on=QUIET)
    story.account(client_id="quiet", last_used_on=QUIET)
    story.covered(TODAY - timedelta(days=900), TODAY)
    meanwhile(lambda: Account.objects.filter(pk=used.pk).update(last_used_on=TODAY) and None)
    assert check(TODAY) == {"notified": ["quiet"]}
    assert not Notice.objects.filter(account=used).exists()
    assert history(used) == ["import"]


@pytest.mark.parametrize("by_verb", [True, False], ids=["a verb, with an event", "a bare row"])
@pytest.mark.parametrize("overdue", [True, False])
def test_an_account_held_a_second_ago_is_neither_notified_nor_suspended(
    story: Story, meanwhile: Meanwhile, overdue: bool, by_verb: bool
) -> None:
    account = due(story, "quiet") if overdue else story.account(client_id="quiet", last_used_on=QUIET)
    story.covered(TODAY - timedelta(days=900), TODAY)
    until, now = TODAY + timedelta(days=20), at(TODAY)

    def hold() -> None:
        if by_verb:
            row = Account.objects.get(pk=account.pk)
            holds.set_hold(row, until=until, by=story.actor("support"), now=now, comment="A campaign.")
        else:
            Hold.objects.create(account=account, until=until, reason="A campaign.", set_by="Marte", set_at=now)

    meanwhile(hold)
    done = check(TODAY)
    assert done.keys() <= {"held"}
    assert state(account) == ("notified" if overdue and not by_verb else "active")
    assert Notice.objects.count() == int(overdue)
    assert not Task.objects.exists()


def changes_after_the_first(number: int) -> list[str]:
    """What a check in chunks of one does when somebody changes the number of years after its first entry."""
    running = inactivity.check(today=TODAY, now=at(TODAY))
    first = next(running)
    PolicyNumber.objects.create(name="inactive_after_years", value=number)
    return [f"{entry.kind} {entry.client_id}" for entry in [first, *running]]


def test_a_policy_that_changes_during_the_check_holds_for_what_comes(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inactivity, "CHUNK", 1)
    story.covered(TODAY - timedelta(days=900), TODAY)
    story.account(client_id="first", last_used_on=QUIET - ONE_DAY)
    second = story.account(client_id="second", last_used_on=QUIET)
    assert changes_after_the_first(2) == ["notified first"]
    assert state(second) == "active"


def test_a_suspension_is_judged_anew_too(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inactivity, "CHUNK", 1)
    story.covered(TODAY - timedelta(days=900), TODAY)
    for name in ("first", "second"):
        due(story, name)
    first, second = changes_after_the_first(2)
    assert (first.split()[0], second.split()[0]) == ("suspended", "cleared")


def test_nobody_is_suspended_whom_the_brake_did_not_count(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under the new number the second is due at once; the next run counts it and suspends it."""
    monkeypatch.setattr(inactivity, "CHUNK", 1)
    PolicyNumber.objects.create(name="inactive_after_years", value=2)
    story.covered(TODAY - timedelta(days=900), TODAY)
    for name in ("first", "second"):
        due(story, name)
    running = inactivity.check(today=TODAY, now=at(TODAY))
    assert next(running).kind == "cleared"
    PolicyNumber.objects.update(value=1)
    assert list(running) == []
    assert len(check(TODAY)["suspended"]) == 1


@pytest.mark.parametrize("late", [False, True])
def test_an_answer_between_decision_and_suspension_wins(story: Story, meanwhile: Meanwhile, late: bool) -> None:
    account = due(story, "quiet")
    story.covered(TODAY - timedelta(days=900), TODAY)
    day = TODAY + timedelta(days=20 * late)

    def answer() -> None:
        story.do(Account.objects.get(pk=account.pk), "keep", "ingrid", comment="Project Ekko begins anew.")

    meanwhile(answer)
    assert check(day) == {}
    assert (state(account), notice_of(account).outcome) == ("active", "kept")
    assert history(account) == ["import", "keep"]
    assert not Task.objects.exists()


def test_an_answer_after_the_last_day_counts_until_the_suspension(story: Story) -> None:
    account = due(story, "quiet")
    later = TODAY + timedelta(days=10)
    assert check(later) == {"held": ["quiet: feed_not_current"]}
    notices.keep(account, by=story.actor("ingrid"), now=story.now + timedelta(days=10), comment="Still needed.")
    story.covered(TODAY - timedelta(days=900), later)
    assert check(later) == {}
    assert state(account) == "active"


def test_an_answer_while_a_reminder_is_on_its_way_stops_it(story: Story, meanwhile: Meanwhile) -> None:
    account = story.account_in("notified", client_id="quiet")

    def answer() -> None:
        story.do(Account.objects.get(pk=account.pk), "keep", "ingrid", comment="Still needed.")

    meanwhile(answer)
    assert check(ANSWER_BY) == {}
    assert not Message.objects.filter(kind="inactivity_reminder").exists()
    assert notice_of(account).reminded_on is None


def test_a_suspension_by_support_in_the_middle_wins(story: Story, meanwhile: Meanwhile) -> None:
    account = due(story, "quiet")
    story.covered(TODAY - timedelta(days=900), TODAY)

    def suspend() -> None:
        story.do(Account.objects.get(pk=account.pk), "suspend", "support", comment="A leaked secret.")

    meanwhile(suspend)
    assert check(TODAY) == {}
    assert history(account) == ["import", "suspend"]
    assert Task.objects.filter(account=account).count() == 1


def test_one_that_changed_does_not_stop_the_others(story: Story, meanwhile: Meanwhile) -> None:
    accounts = [due(story, f"quiet-{number}") for number in range(4)]
    story.covered(TODAY - timedelta(days=900), TODAY)

    def answer() -> None:
        story.do(Account.objects.get(pk=accounts[2].pk), "keep", "ingrid", comment="Still needed.")

    meanwhile(answer)
    assert check(TODAY) == {"suspended": ["quiet-0", "quiet-1", "quiet-3"]}


def test_a_notice_that_reached_nobody_is_stamped_only_with_its_task(story: Story, meanwhile: Meanwhile) -> None:
    """An account that changes while Support is being asked is asked about by the next run."""
    story.covered(TODAY - timedelta(days=900), TODAY)
    accounts = [story.account(client_id=f"lost-{number}", last_used_on=QUIET) for number in range(2)]
    check(TODAY)
    for account in accounts:
        give_up(account)
    busy = accounts[0]

    def something_else() -> None:
        engine.note(Account.objects.get(pk=busy.pk), "verify_credential", by=story.actor("support"), now=story.now)

    meanwhile(something_else)
    check(TODAY + ONE_DAY)
    assert notice_of(busy).undeliverable_at is None
    check(TODAY + 2 * ONE_DAY)
    assert Task.objects.filter(kind="find_contact").count() == 2
    assert all(notice.undeliverable_at for notice in Notice.objects.all())


@pytest.mark.django_db(transaction=True)
def test_two_checks_at_once_do_all_of_the_work_once() -> None:
    story = Story()
    for number in range(6):
        due(story, f"due-{number}")
        story.account(client_id=f"new-{number}", last_used_on=QUIET)
        lost = story.account(client_id=f"lost-{number}", last_used_on=QUIET - ONE_DAY)
        used = due(story, f"used-{number}")
        Account.objects.filter(pk=used.pk).update(last_used_on=TODAY)
        reminded = due(story, f"reminded-{number}")
        Notice.objects.filter(account=reminded).update(answer_by=TODAY + ONE_DAY, reminded_on=None)
        assert lost.last_used_on is not None
    story.covered(TODAY - timedelta(days=900), TODAY)
    runs = at_once(3, lambda _place: check(TODAY))
    done = [f"{kind} {name}" for run in runs for kind, names in run.items() for name in names]  # type: ignore[union-attr]
    assert len(done) == len(set(done)), "two runs say that they did the same"
    counts = {verb: Event.objects.filter(verb=verb).count() for verb in ("notify", "remind", "used")}
    assert counts == {"notify": 12, "remind": 6, "used": 6}
    assert Event.objects.filter(verb="suspend_for_inactivity").count() == 6
    assert Notice.objects.filter(outcome="open").count() == 12 + 6
    assert Task.objects.filter(kind="disable_client").count() == 6
    kinds = list(Message.objects.values_list("kind", "to_email", "event__subject_id"))
    # notices, "in use", suspensions; whom no notice's mail reached nobody reminds
    assert len(kinds) == len(set(kinds)) == 12 + 6 + 6
    for account in Account.objects.all():
        history(account)


@pytest.mark.django_db(transaction=True)
def test_two_checks_at_once_open_one_task_to_find_a_contact() -> None:
    story = Story()
    story.covered(TODAY - timedelta(days=900), TODAY)
    accounts = [story.account(client_id=f"lost-{number}", last_used_on=QUIET) for number in range(4)]
    check(TODAY)
    for account in accounts:
        give_up(account)
    at_once(3, lambda _place: check(TODAY + ONE_DAY))
    assert Event.objects.filter(verb="notice_not_delivered").count() == 4
    assert Task.objects.filter(kind="find_contact").count() == 4
    assert Message.objects.filter(kind="notice_not_delivered").count() == 8


@pytest.mark.django_db(transaction=True)
def test_an_answer_and_a_check_at_once_end_in_one_of_both() -> None:
    story = Story()
    account = due(story, "quiet", day=AFTER)
    story.covered(AFTER - timedelta(days=900), AFTER)
    by = story.actor("ingrid")

    def work(place: int) -> object:
        if place == 0:
            return check(AFTER)
        mine = Account.objects.get(pk=account.pk)
        return notices.keep(mine, by=by, now=story.now, comment="Still needed.").verb

    checked, answered = at_once(2, work)
    if answered == "keep":
        assert checked == {}
        assert (state(account), notice_of(account).outcome) == ("active", "kept")
    else:
        assert checked == {"suspended": ["quiet"]}
        late = ("no answer came in time", "not possible any more", "no open inactivity notice")
        assert any(said in str(answered) for said in late)
        assert (state(account), notice_of(account).outcome) == ("suspended", "suspended")
    assert len(history(account)) == 2
