"""Return, resubmit, expire: comments at fields, a day to answer by, a warning, and what changed."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from accounts.actions import approval, ordering, timers
from accounts.lifecycle.actor import SYSTEM
from accounts.lifecycle.errors import NotReady
from accounts.models import Event, Order, PolicyNumber
from accounts.verbs import InvalidInput
from tests.actions.tools import INGRID, SUPPORT, at_once, history, nothing_written, told
from tests.story import Story

TODAY = date(2026, 11, 23)
ANSWER_BY = date(2026, 12, 23)


def expire(story: Story, today: date) -> dict[str, int]:
    now = story.now + (today - TODAY)
    return timers.expire_returned(today=today, now=now, by=SYSTEM)


@pytest.mark.parametrize(("state", "who"), [("support", "support"), ("approval", "responsible")])
def test_a_return_tells_the_requester_and_names_a_day(story: Story, state: str, who: str) -> None:
    order = story.order_in(state)
    event = story.do(order, "return", who, comment="Which project?", comment_purpose="Too general.")
    assert told(event) == {"order_returned": {INGRID}}
    assert event.comment == "Which project?"
    assert event.data == {
        "comments": [{"field": "purpose", "text": "Too general."}],
        "answer_by": ANSWER_BY.isoformat(),
    }
    assert Order.objects.get(pk=order.pk).answer_by == ANSWER_BY


def test_a_comment_on_one_field_is_enough(story: Story) -> None:
    event = story.do(story.order_in("support"), "return", "support", comment_system="Which version?")
    assert event.comment == ""
    assert event.data["comments"] == [{"field": "system", "text": "Which version?"}]


@pytest.mark.parametrize("blank", ["", "  \n"])
def test_a_return_without_any_comment_is_refused(story: Story, blank: str) -> None:
    order = story.order_in("support")
    by = story.actor("support")
    with nothing_written(), pytest.raises(InvalidInput, match="at least one comment"):
        story.do(order, "return", "support", comment=blank, comment_purpose=blank)
    with nothing_written(), pytest.raises(NotReady, match="at least one comment"):
        approval.return_order(order, by=by, now=story.now, comment=blank, comments=[("purpose", blank)])


def test_another_day_to_answer_by_may_be_named(story: Story) -> None:
    order = story.order_in("support")
    event = story.do(order, "return", "support", comment="Say more.", answer_by="2026-12-01")
    assert event.data["answer_by"] == "2026-12-01"
    assert Order.objects.get(pk=order.pk).answer_by == date(2026, 12, 1)


@pytest.mark.parametrize("day", [TODAY, TODAY - timedelta(days=1)])
def test_the_day_to_answer_by_lies_ahead(story: Story, day: date) -> None:
    order = story.order_in("support")
    with nothing_written(), pytest.raises(NotReady, match="later than today"):
        approval.return_order(order, by=story.actor("support"), now=story.now, comment="x", answer_by=day)


def test_the_policy_says_how_many_days(story: Story) -> None:
    PolicyNumber.objects.create(name="return_days", value=10)
    order = story.order_in("returned")
    assert order.answer_by == TODAY + timedelta(days=10)


def test_resubmit_keeps_what_changed(story: Story) -> None:
    order = story.order_in("returned")
    old = order.purpose
    new = "We send surplus pumps from Maximo to Loop every hour, for project Troll."
    ordering.save_answers(
        order, {"purpose": new, "environments": [story.test, story.production], "as_broker": True},
        by=story.actor("ingrid"), now=story.now,
    )  # fmt: skip
    event = story.do(order, "resubmit", "ingrid", comment="I named the project.")
    assert told(event) == {"order_resubmitted": SUPPORT}
    assert event.comment == "I named the project."
    assert event.data == {
        "changed": {
            "purpose": [old, new],
            "as_broker": [False, True],
            "environments": [["TEST"], ["PRODUCTION", "TEST"]],
        }
    }
    order = Order.objects.get(pk=order.pk)
    assert (order.state, order.answer_by, order.purpose) == ("support", None, new)


def test_each_round_is_compared_with_the_one_before(story: Story) -> None:
    order = story.order_in("returned")
    by = story.actor("ingrid")
    ordering.save_answers(order, {"system": "Maximo"}, by=by, now=story.now)
    story.do(order, "resubmit", "ingrid")
    story.do(order, "return", "support", comment="And the customer?")
    ordering.save_answers(order, {"technical_name": "Tora"}, by=by, now=story.now)
    event = story.do(order, "resubmit", "ingrid")
    assert event.data == {"changed": {"technical_name": ["Tor Teknisk", "Tora"]}}


def test_resubmit_without_a_change_is_said_so(story: Story) -> None:
    assert story.do(story.order_in("returned"), "resubmit", "ingrid").data == {}


def test_resubmit_is_judged_as_submit(story: Story) -> None:
    order = story.order_in("returned")
    ordering.save_answers(order, {"purpose": "because"}, by=story.actor("ingrid"), now=story.now)
    with nothing_written(), pytest.raises(NotReady, match="full sentence"):
        story.do(order, "resubmit", "ingrid")


def test_nothing_happens_before_the_warning(story: Story) -> None:
    story.order_in("returned")
    with nothing_written():
        assert expire(story, ANSWER_BY - timedelta(days=8)) == {"expired": 0, "warned": 0}


def test_the_requester_is_warned_seven_days_before_and_only_once(story: Story) -> None:
    order = story.order_in("returned")
    assert expire(story, ANSWER_BY - timedelta(days=7)) == {"expired": 0, "warned": 1}
    event = Event.objects.get(subject_id=order.pk, verb="warn_of_expiry")
    assert told(event) == {"return_expiry_warning": {INGRID}}
    assert (event.source, event.target, event.actor_kind) == ("returned", "returned", "system")
    with nothing_written():
        for days in (7, 6, 3, 1, 0):
            assert expire(story, ANSWER_BY - timedelta(days=days)) == {"expired": 0, "warned": 0}


@pytest.mark.parametrize("days_before", [6, 3, 0])
def test_a_missed_warning_is_caught_up(story: Story, days_before: int) -> None:
    story.order_in("returned")
    assert expire(story, ANSWER_BY - timedelta(days=days_before)) == {"expired": 0, "warned": 1}


def test_no_answer_by_the_day_withdraws_the_order(story: Story) -> None:
    order = story.order_in("returned")
    expire(story, ANSWER_BY)
    assert Order.objects.get(pk=order.pk).state == "returned", "the day itself still counts"
    assert expire(story, ANSWER_BY + timedelta(days=1)) == {"expired": 1, "warned": 0}
    event = Event.objects.get(subject_id=order.pk, verb="expire")
    assert told(event) == {"order_expired": {INGRID}, "order_expired_copy": SUPPORT}
    assert (event.actor_kind, event.target) == ("system", "withdrawn")
    with nothing_written():
        assert expire(story, ANSWER_BY + timedelta(days=2)) == {"expired": 0, "warned": 0}


def test_an_expired_order_can_be_reopened_with_everything(story: Story) -> None:
    order = story.order_in("returned")
    before = ordering.answers_of(order)
    expire(story, ANSWER_BY)
    expire(story, ANSWER_BY + timedelta(days=1))
    order = Order.objects.get(pk=order.pk)
    story.do(order, "reopen", "ingrid")
    assert ordering.answers_of(Order.objects.get(pk=order.pk)) == before


def test_an_answer_stops_the_clock_and_a_new_return_starts_it_anew(story: Story) -> None:
    order = story.order_in("returned")
    expire(story, ANSWER_BY - timedelta(days=7))
    order = Order.objects.get(pk=order.pk)
    story.do(order, "resubmit", "ingrid")
    with nothing_written():
        expire(story, ANSWER_BY + timedelta(days=1))
    later = story.now + timedelta(days=20)
    approval.return_order(order, by=story.actor("support"), now=later, comment="And the customer?")
    assert Order.objects.get(pk=order.pk).answer_by == TODAY + timedelta(days=50)
    assert expire(story, TODAY + timedelta(days=43)) == {"expired": 0, "warned": 1}
    assert expire(story, TODAY + timedelta(days=51)) == {"expired": 1, "warned": 0}


@pytest.mark.django_db(transaction=True)
def test_expiry_run_twice_at_once_withdraws_once() -> None:
    story = Story()
    orders = [story.order_in("returned") for _ in range(3)]
    day = ANSWER_BY + timedelta(days=1)
    expire(story, ANSWER_BY)
    at_once(2, lambda _place: expire(story, day))
    for order in orders:
        assert history(order).count("expire") == 1


def test_nobody_expires_unwarned_when_the_jobs_stood_still(story: Story) -> None:
    """A late run never shortens anybody's time: the warning comes first, and gives its seven days anew."""
    order = story.order_in("returned")
    back = ANSWER_BY + timedelta(days=20)
    assert expire(story, back) == {"expired": 0, "warned": 1}
    order.refresh_from_db()
    assert (order.state, order.answer_by) == ("returned", back + timedelta(days=7))
    assert expire(story, back + timedelta(days=7)) == {"expired": 0, "warned": 0}
    assert expire(story, back + timedelta(days=8)) == {"expired": 1, "warned": 0}


@pytest.mark.django_db(transaction=True)
def test_warned_twice_at_once_is_warned_once() -> None:
    story = Story()
    order = story.order_in("returned")
    at_once(2, lambda _place: expire(story, ANSWER_BY - timedelta(days=5)))
    assert history(order).count("warn_of_expiry") == 1


def test_an_answer_at_the_last_moment_wins_over_the_expiry(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    order = story.order_in("returned")
    expire(story, ANSWER_BY)
    move = timers.engine.move

    def answered_first(subject: Order, verb: str, **told_by: object) -> Event:
        if verb == "expire":
            monkeypatch.setattr(timers.engine, "move", move)
            story.do(Order.objects.get(pk=order.pk), "resubmit", "ingrid")
        return move(subject, verb, **told_by)  # type: ignore[arg-type]

    monkeypatch.setattr(timers.engine, "move", answered_first)
    assert expire(story, ANSWER_BY + timedelta(days=1)) == {"expired": 0, "warned": 0}
    assert Order.objects.get(pk=order.pk).state == "support"
    assert history(order)[-1] == "resubmit"


def test_days_are_those_of_oslo(story: Story) -> None:
    late = datetime.fromisoformat("2026-11-23T23:30:00+00:00")  # half past midnight in Oslo, the day after
    order = story.order_in("support")
    approval.return_order(order, by=story.actor("support"), now=late, comment="Say more.")
    assert Order.objects.get(pk=order.pk).answer_by == ANSWER_BY + timedelta(days=1)
