"""An order that waits longer than its stage's target: whoever lets it wait is reminded, once a stage."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from accounts.actions import approval, ordering, timers
from accounts.lifecycle.actor import SYSTEM
from accounts.models import Event, Order, PolicyNumber
from tests.actions.tools import HENRIK, SILJE, SUPPORT, at_once, history, nothing_written, told
from tests.story import Story

MONDAY = date(2026, 11, 23)  # the day of every step of the story


def remind(today: date) -> int:
    now = datetime.fromisoformat(f"{today}T06:00:00+01:00")
    return timers.remind_stages(today=today, now=now, by=SYSTEM)["reminded"]


@pytest.mark.parametrize(
    ("state", "last_day", "who"),
    [
        ("support", date(2026, 11, 25), SUPPORT),
        ("approval", date(2026, 11, 25), {HENRIK}),
        ("approved", date(2026, 11, 24), SUPPORT),
        ("cegal_setup", date(2026, 11, 26), {SILJE}),
        ("credential_issue", date(2026, 11, 24), SUPPORT),
    ],
)
def test_whose_turn_it_is_is_reminded_the_day_after_the_target(
    story: Story, state: str, last_day: date, who: set[str]
) -> None:
    order = story.order_in(state)
    with nothing_written():
        assert remind(last_day) == 0
    assert remind(last_day + timedelta(days=1)) == 1
    event = Event.objects.get(subject_id=order.pk, verb="remind_stage")
    assert told(event) == {"stage_reminder": who}
    assert (event.source, event.target) == (state, state)
    assert Order.objects.get(pk=order.pk).state_since == story.now, "it waits since it came, not since the reminder"


@pytest.mark.parametrize("state", ["draft", "returned", "issued", "rejected", "withdrawn"])
def test_where_nobody_of_the_staff_has_it_the_clock_stands_still(story: Story, state: str) -> None:
    story.order_in(state)
    with nothing_written():
        assert remind(date(2027, 11, 23)) == 0


def test_once_per_stage(story: Story) -> None:
    story.order_in("support")
    assert remind(date(2026, 11, 26)) == 1
    with nothing_written():
        for days in range(4, 40):
            assert remind(MONDAY + timedelta(days=days)) == 0


def test_a_missed_run_is_caught_up(story: Story) -> None:
    story.order_in("support")
    assert remind(date(2027, 2, 1)) == 1


def test_weekends_and_holidays_do_not_count(story: Story) -> None:
    order = story.draft()
    friday = datetime.fromisoformat("2026-12-23T10:00:00+01:00")  # a Wednesday; the 25th is a holiday, then a weekend
    ordering.submit(order, by=story.actor("ingrid"), now=friday)
    for day in (24, 25, 26, 27, 28):
        assert remind(date(2026, 12, day)) == 0
    assert remind(date(2026, 12, 29)) == 1


def test_the_day_a_stage_is_entered_is_that_of_oslo(story: Story) -> None:
    order = story.draft()
    ordering.submit(order, by=story.actor("ingrid"), now=datetime.fromisoformat("2026-11-23T23:30:00+00:00"))
    assert remind(date(2026, 11, 26)) == 0, "entered on Tuesday, half past midnight"
    assert remind(date(2026, 11, 27)) == 1


def test_each_stage_is_reminded_for_itself(story: Story) -> None:
    order = story.order_in("support")
    assert remind(date(2026, 11, 26)) == 1
    late = datetime.fromisoformat("2026-11-26T09:00:00+01:00")
    approval.send_for_approval(Order.objects.get(pk=order.pk), by=story.actor("support"), now=late)
    assert remind(date(2026, 11, 30)) == 0
    assert remind(date(2026, 12, 1)) == 1, "also when the reminder made somebody send it on the same day"
    kinds = [told(event) for event in Event.objects.filter(verb="remind_stage").order_by("seq")]
    assert kinds == [{"stage_reminder": SUPPORT}, {"stage_reminder": {HENRIK}}]


def test_a_stage_entered_again_is_reminded_again(story: Story) -> None:
    order = story.order_in("support")
    assert remind(date(2026, 11, 26)) == 1
    back = datetime.fromisoformat("2026-11-26T09:00:00+01:00")
    order = Order.objects.get(pk=order.pk)
    approval.return_order(order, by=story.actor("support"), now=back, comment="Which project?")
    with nothing_written():
        assert remind(date(2026, 12, 4)) == 0, "the clock stands still while it is returned"
    again = datetime.fromisoformat("2026-12-07T09:00:00+01:00")
    ordering.resubmit(order, by=story.actor("ingrid"), now=again)
    assert remind(date(2026, 12, 9)) == 0
    assert remind(date(2026, 12, 10)) == 1


def test_returned_and_resubmitted_on_the_day_of_a_reminder(story: Story) -> None:
    order = story.order_in("support")
    assert remind(date(2026, 11, 26)) == 1
    order = Order.objects.get(pk=order.pk)
    nine = datetime.fromisoformat("2026-11-26T09:00:00+01:00")
    approval.return_order(order, by=story.actor("support"), now=nine, comment="Which project?")
    ordering.resubmit(order, by=story.actor("ingrid"), now=nine + timedelta(hours=1))
    assert remind(date(2026, 11, 30)) == 0
    assert remind(date(2026, 12, 1)) == 1


def test_the_policy_says_how_many_working_days(story: Story) -> None:
    PolicyNumber.objects.create(name="target_support", value=5)
    story.order_in("support")
    assert remind(date(2026, 11, 30)) == 0
    assert remind(date(2026, 12, 1)) == 1


def test_a_reminder_does_not_disturb_the_person_at_work(story: Story) -> None:
    """A reminder is an event of the order, so somebody with an older page is told of it and tries again."""
    order = story.order_in("support")
    remind(date(2026, 11, 26))
    order = Order.objects.get(pk=order.pk)
    assert story.do(order, "send_for_approval", "support").source == "support"


@pytest.mark.django_db(transaction=True)
def test_two_runs_at_once_remind_once() -> None:
    story = Story()
    orders = [story.order_in("support") for _ in range(3)]
    counts = at_once(2, lambda _place: remind(date(2026, 11, 26)))
    assert sum(counts) == 3  # type: ignore[arg-type]
    assert [history(order).count("remind_stage") for order in orders] == [1, 1, 1]
