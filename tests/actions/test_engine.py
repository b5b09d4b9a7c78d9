"""The engine: compare and swap, one commit, one winner."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection, transaction
from django.db.utils import DatabaseError

from accounts.actions import approval, engine
from accounts.actions.engine import Change
from accounts.lifecycle.errors import LostRace, NotAllowed, NotReady
from accounts.lifecycle.facts import OrderFacts
from accounts.lifecycle.states import Role
from accounts.models import Event, Message, Order
from tests.story import Story

APPROVERS = 10


@pytest.mark.django_db(transaction=True)
def test_ten_approve_at_once_and_one_wins() -> None:
    story = Story()
    order = story.order_in("approval")
    approvers = [
        story.person(f"a{n}@loop.example", f"Approver {n}", Role.SERVICE_RESPONSIBLE) for n in range(APPROVERS)
    ]
    actors = [story.actor(person) for person in approvers]
    before = Message.objects.count()
    start = Barrier(APPROVERS)

    def approve(number: int) -> str:
        mine = Order.objects.select_related("requester").get(pk=order.pk)
        start.wait(timeout=30)
        try:
            approval.approve(mine, by=actors[number], now=story.now)
        except LostRace as lost:
            return str(lost)
        finally:
            connection.close()
        return "won"

    with ThreadPoolExecutor(APPROVERS) as pool:
        results = list(pool.map(approve, range(APPROVERS)))

    event = Event.objects.get(subject_id=order.pk, verb="approve")
    told = [result for result in results if result != "won"]
    assert results.count("won") == 1
    assert all(sentence.startswith(f"{event.actor_name} approved the order on ") for sentence in told)
    assert {m.kind for m in Message.objects.filter(event=event)} == {"order_approved", "order_approved_receipt"}
    assert Message.objects.count() - before == Message.objects.filter(event=event).count()
    order.refresh_from_db()
    assert (order.state, order.version) == ("approved", event.seq)


def test_event_and_state_are_one_commit(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    order = story.order_in("approval")

    def away(*_args: object, **_kwargs: object) -> None:
        raise DatabaseError("the history cannot be written")

    monkeypatch.setattr(engine, "insert_row", away)
    with pytest.raises(DatabaseError), transaction.atomic():
        story.do(order, "approve", "responsible")
    order = Order.objects.get(pk=order.pk)
    assert order.state == "approval"
    assert not Message.objects.filter(kind="order_approved").exists()


def test_a_stale_copy_loses_and_is_told_who_was_first(story: Story) -> None:
    order = story.order_in("support")
    stale = Order.objects.get(pk=order.pk)
    story.do(order, "send_for_approval", "colleague")
    with pytest.raises(LostRace, match="Jonas Eide sent the order for approval on 2026-11-23 at 13:00"):
        story.do(stale, "send_for_approval", "support")


def test_a_version_that_was_seen_before_a_change_loses(story: Story) -> None:
    from accounts import verbs

    order = story.order_in("support")
    seen = order.version
    story.do(order, "return", "colleague", comment="Say more.")
    with pytest.raises(LostRace, match="Jonas Eide returned the order"):
        verbs.perform(order, "reject", by=story.actor("support"), now=story.now, data={"comment": "x"}, seen=seen)


def test_many_move_with_the_same_code_and_losers_are_left_alone(story: Story) -> None:
    orders = [story.order_in("approval", environments=("TEST",)) for _ in range(4)]
    stale = Order.objects.get(pk=orders[2].pk)
    story.do(orders[2], "reject", "responsible", comment="No.")
    facts = OrderFacts(roles=frozenset({Role.SERVICE_RESPONSIBLE}), actor_id=story.responsible.pk)
    subjects = [orders[0], orders[1], stale, orders[3]]
    moved = engine.move_many(subjects, "approve", by=story.actor("responsible"), now=story.now, facts=facts)
    assert {subject.pk for subject, _event in moved} == {orders[0].pk, orders[1].pk, orders[3].pk}
    assert Order.objects.get(pk=stale.pk).state == "rejected"


def test_the_extra_condition_is_asked_by_the_update_itself(story: Story) -> None:
    from django.db.models import Q

    order = story.order_in("approval")
    facts = OrderFacts(roles=frozenset({Role.SERVICE_RESPONSIBLE}), actor_id=story.responsible.pk)
    change = Change(still=Q(organisation_name="Somebody else"))
    by = story.actor("responsible")
    assert engine.move_many([order], "approve", by=by, now=story.now, facts=facts, change=change) == []
    assert Order.objects.get(pk=order.pk).state == "approval"


def test_what_the_table_does_not_have_is_refused_with_a_sentence(story: Story) -> None:
    order = story.order_in("support")
    with pytest.raises(NotAllowed, match="Only support can do this"):
        story.do(order, "send_for_approval", "responsible")
    with pytest.raises(NotReady, match="is not possible any more"):
        story.do(order, "approve", "responsible")


@pytest.mark.parametrize("change", ["update", "delete"])
def test_history_cannot_be_changed_with_sql(story: Story, change: str) -> None:
    story.order_in("support")
    sql = {"update": "UPDATE accounts_event SET comment = 'x'", "delete": "DELETE FROM accounts_event"}[change]
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


def test_every_event_continues_its_chain(story: Story) -> None:
    order = story.order_in("issued")
    events = list(Event.objects.filter(subject_type="order", subject_id=order.pk).order_by("seq"))
    assert [event.seq for event in events] == list(range(1, order.version + 1))
    assert [event.previous for event in events] == ["", *(event.hash for event in events[:-1])]
    assert all(event.hash == event.computed_hash() for event in events)
