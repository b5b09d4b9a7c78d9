"""An approval that nobody decides: a reminder after the target, the deputies a working day later, once a round."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from accounts.actions import approval, deputies, ordering, timers
from accounts.lifecycle.actor import SYSTEM
from accounts.lifecycle.states import Role
from accounts.models import Event, Order, Person, RoleGrant
from tests.actions.tools import HENRIK, SUPPORT, at_once, history, nothing_written, told
from tests.story import Story

OLA, BERIT = "ola@loop.example", "berit@loop.example"
WEDNESDAY, THURSDAY, FRIDAY = date(2026, 11, 25), date(2026, 11, 26), date(2026, 11, 27)


def run(today: date) -> dict[str, int]:
    now = datetime.fromisoformat(f"{today}T06:30:00+01:00")
    return timers.remind_stages(today=today, now=now, by=SYSTEM)


def deputy(story: Story, email: str, first: date, last: date) -> Person:
    person = story.person(email, email.split("@")[0].title())
    by = story.actor("responsible")
    deputies.name_deputy(story.responsible, person, starts_on=first, ends_on=last, by=by, now=story.now)
    return person


def escalated(order: Order) -> dict[str, set[str]]:
    return told(Event.objects.get(subject_id=order.pk, verb="escalate_stage"))


def test_a_working_day_after_the_reminder_the_deputies_are_told(story: Story) -> None:
    deputy(story, OLA, date(2026, 11, 23), date(2026, 12, 23))
    order = story.order_in("approval")
    assert run(WEDNESDAY) == {"reminded": 0, "escalated": 0}
    assert run(THURSDAY) == {"reminded": 1, "escalated": 0}
    assert told(Event.objects.get(verb="remind_stage")) == {"stage_reminder": {HENRIK, OLA}}
    with nothing_written():
        assert run(THURSDAY) == {"reminded": 0, "escalated": 0}
    assert run(FRIDAY) == {"reminded": 0, "escalated": 1}
    assert escalated(order) == {"order_escalated": {OLA}}


def test_once_a_round_however_long_it_waits(story: Story) -> None:
    story.order_in("approval")
    run(THURSDAY)
    assert run(FRIDAY)["escalated"] == 1
    with nothing_written():
        for days in range(40):
            assert run(FRIDAY + timedelta(days=days)) == {"reminded": 0, "escalated": 0}


def test_without_a_deputy_support_is_told(story: Story) -> None:
    order = story.order_in("approval")
    run(THURSDAY)
    run(FRIDAY)
    assert escalated(order) == {"order_escalated_copy": SUPPORT}


def test_a_deputy_to_come_is_told_and_support_because_nobody_can_decide_now(story: Story) -> None:
    deputy(story, OLA, date(2026, 12, 14), date(2026, 12, 23))
    deputy(story, BERIT, date(2026, 11, 23), date(2026, 11, 24))  # over by then
    order = story.order_in("approval")
    run(THURSDAY)
    run(FRIDAY)
    assert escalated(order) == {"order_escalated_early": {OLA}, "order_escalated_copy": SUPPORT}


def test_a_deputy_who_may_not_approve_it_is_not_enough(story: Story) -> None:
    RoleGrant.objects.create(person=story.responsible, role=Role.SUPPORT.value, granted_by="test", granted_at=story.now)
    deputy(story, OLA, date(2026, 11, 23), date(2026, 12, 23))
    order = story.order_in("support")
    story.do(order, "send_for_approval", "responsible")
    run(THURSDAY)
    run(FRIDAY)
    assert escalated(order) == {"order_escalated": {OLA}, "order_escalated_copy": {*SUPPORT, HENRIK}}


def test_a_deputy_of_somebody_without_the_role_is_not_told(story: Story) -> None:
    deputy(story, OLA, date(2026, 11, 23), date(2026, 12, 23))
    order = story.order_in("approval")
    RoleGrant.objects.filter(person=story.responsible).delete()
    run(THURSDAY)
    run(FRIDAY)
    assert escalated(order) == {"order_escalated_copy": SUPPORT}


def test_weekends_and_holidays_are_no_days(story: Story) -> None:
    order = story.draft()
    noon = datetime.fromisoformat("2026-12-18T12:00:00+01:00")  # a Friday; the target ends on Tuesday the 22nd
    ordering.submit(order, by=story.actor("ingrid"), now=noon)
    approval.send_for_approval(order, by=story.actor("support"), now=noon)
    assert run(date(2026, 12, 23)) == {"reminded": 1, "escalated": 0}
    assert run(date(2026, 12, 24)) == {"reminded": 0, "escalated": 1}


def test_nothing_is_sent_on_a_day_off_and_comes_on_the_next_working_day(story: Story) -> None:
    order = story.draft()
    noon = datetime.fromisoformat("2026-11-25T12:00:00+01:00")  # a Wednesday: the target ends on Friday
    ordering.submit(order, by=story.actor("ingrid"), now=noon)
    approval.send_for_approval(order, by=story.actor("support"), now=noon)
    with nothing_written():
        for day in (FRIDAY, date(2026, 11, 28), date(2026, 11, 29)):
            assert run(day) == {"reminded": 0, "escalated": 0}
    assert run(date(2026, 11, 30)) == {"reminded": 1, "escalated": 0}
    assert run(date(2026, 12, 1)) == {"reminded": 0, "escalated": 1}


def test_missed_runs_are_caught_up_and_nobody_is_passed_over_unreminded(story: Story) -> None:
    story.order_in("approval")
    assert run(date(2027, 2, 1)) == {"reminded": 1, "escalated": 0}
    assert run(date(2027, 2, 5)) == {"reminded": 0, "escalated": 1}


def test_a_new_round_begins_anew(story: Story) -> None:
    order = story.order_in("approval")
    run(THURSDAY)
    assert run(FRIDAY)["escalated"] == 1
    order = Order.objects.get(pk=order.pk)
    noon = datetime.fromisoformat("2026-11-27T12:00:00+01:00")
    approval.return_order(order, by=story.actor("responsible"), now=noon, comment="Which project?")
    ordering.resubmit(order, by=story.actor("ingrid"), now=noon)
    approval.send_for_approval(order, by=story.actor("support"), now=noon + timedelta(minutes=1))
    assert run(date(2026, 12, 1)) == {"reminded": 0, "escalated": 0}
    assert run(date(2026, 12, 2)) == {"reminded": 1, "escalated": 0}
    assert run(date(2026, 12, 3)) == {"reminded": 0, "escalated": 1}
    assert history(order).count("escalate_stage") == 2


def test_a_decision_ends_it(story: Story) -> None:
    order = story.order_in("approval")
    run(THURSDAY)
    story.do(Order.objects.get(pk=order.pk), "approve", "responsible")
    run(FRIDAY)
    assert history(order).count("escalate_stage") == 0


@pytest.mark.parametrize("state", ["support", "approved", "cegal_setup", "credential_issue"])
def test_only_approvals_are_escalated(story: Story, state: str) -> None:
    story.order_in(state)
    run(date(2026, 12, 1))
    assert run(date(2026, 12, 10))["escalated"] == 0


@pytest.mark.django_db(transaction=True)
def test_two_runs_at_once_escalate_once() -> None:
    story = Story()
    orders = [story.order_in("approval") for _ in range(3)]
    run(THURSDAY)
    counts = at_once(2, lambda _place: run(FRIDAY)["escalated"])
    assert sum(counts) == 3  # type: ignore[arg-type]
    assert [history(order).count("escalate_stage") for order in orders] == [1, 1, 1]
