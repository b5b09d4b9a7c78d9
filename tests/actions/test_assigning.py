"""Who in Support works on an order: taken once, handed to a colleague who is told, released; the order stays put."""

from __future__ import annotations

import pytest

from accounts.actions import assigning
from accounts.lifecycle.errors import LostRace, NotAllowed, NotReady
from accounts.models import Event, Message, Order, RoleGrant
from tests.actions.tools import at_once
from tests.story import Story


def last(order: Order) -> Event:
    return Event.objects.filter(subject_type="order", subject_id=order.pk).latest("seq")


def test_somebody_in_support_takes_an_order(story: Story) -> None:
    order = story.order_in("support")
    event = assigning.take(order, by=story.actor("support"), now=story.now)
    order.refresh_from_db()
    assert order.assignee == story.support
    assert order.state == "support"
    assert (event.verb, event.actor_name, event.source, event.target) == ("take", "Marte Lunde", "support", "support")


def test_the_second_who_takes_it_is_told_who_has_it(story: Story) -> None:
    order = story.order_in("support")
    stale = Order.objects.get(pk=order.pk)
    assigning.take(order, by=story.actor("support"), now=story.now)
    for seen in (stale, Order.objects.get(pk=order.pk)):
        with pytest.raises(LostRace, match="Marte Lunde works on this order already"):
            assigning.take(seen, by=story.actor("colleague"), now=story.now)
    assert Order.objects.get(pk=order.pk).assignee == story.support
    assert Event.objects.filter(subject_id=order.pk, verb="take").count() == 1


def test_taking_it_after_somebody_else_changed_it_says_what_happened(story: Story) -> None:
    order = story.order_in("support")
    stale = Order.objects.get(pk=order.pk)
    story.do(order, "withdraw", "ingrid")
    with pytest.raises(LostRace, match="Ingrid Solheim withdrew the order"):
        assigning.take(stale, by=story.actor("support"), now=story.now)


def test_an_order_is_handed_to_a_colleague_who_gets_a_mail(story: Story) -> None:
    order = story.order_in("approved")
    assigning.take(order, by=story.actor("support"), now=story.now)
    Message.objects.all().delete()
    by = story.actor("support")
    event = assigning.hand_over(order, to=story.colleague, by=by, now=story.now, comment="I am away.")
    assert Order.objects.get(pk=order.pk).assignee == story.colleague
    assert event.data == {"to": "Jonas Eide", "from": "Marte Lunde"}
    assert [(m.kind, m.to_email) for m in Message.objects.all()] == [("order_handed_over", story.colleague.email)]


def test_who_takes_over_from_a_colleague_gets_no_mail(story: Story) -> None:
    order = story.order_in("support")
    assigning.take(order, by=story.actor("support"), now=story.now)
    Message.objects.all().delete()
    assigning.hand_over(order, to=story.colleague, by=story.actor("colleague"), now=story.now)
    assert Order.objects.get(pk=order.pk).assignee == story.colleague
    assert not Message.objects.exists()


def test_it_is_handed_only_to_active_people_in_support(story: Story) -> None:
    order, by = story.order_in("support"), story.actor("support")
    for nobody in (story.responsible, story.cegal, story.ingrid):
        with pytest.raises(NotReady, match="does not work in Support"):
            assigning.hand_over(order, to=nobody, by=by, now=story.now)
    RoleGrant.objects.filter(person=story.colleague).delete()
    with pytest.raises(NotReady, match="Jonas Eide does not work in Support"):
        assigning.hand_over(order, to=story.colleague, by=by, now=story.now)
    assert Order.objects.get(pk=order.pk).assignee is None


def test_it_is_not_handed_to_who_has_it(story: Story) -> None:
    order, by = story.order_in("support"), story.actor("support")
    assigning.take(order, by=by, now=story.now)
    with pytest.raises(NotReady, match="Marte Lunde works on this order already"):
        assigning.hand_over(order, to=story.support, by=by, now=story.now)


def test_a_released_order_is_nobodys(story: Story) -> None:
    order, by = story.order_in("support"), story.actor("support")
    with pytest.raises(NotReady, match="nothing to release"):
        assigning.release(order, by=by, now=story.now)
    assigning.take(order, by=by, now=story.now)
    assigning.release(order, by=story.actor("colleague"), now=story.now)
    assert Order.objects.get(pk=order.pk).assignee is None
    assert last(order).data == {"from": "Marte Lunde"}


@pytest.mark.parametrize("who", ["ingrid", "responsible", "cegal", "administrator"])
def test_nobody_but_support_says_who_works_on_it(story: Story, who: str) -> None:
    order, by = story.order_in("support"), story.actor(who)
    for action in (assigning.take, assigning.release):
        with pytest.raises(NotAllowed, match="Only Support"):
            action(order, by=by, now=story.now)
    with pytest.raises(NotAllowed, match="Only Support"):
        assigning.hand_over(order, to=story.colleague, by=by, now=story.now)
    assert not assigning.may_assign(order, by)


@pytest.mark.parametrize("state", ["draft", "issued", "rejected", "withdrawn"])
def test_an_order_that_waits_for_nobody_cannot_be_taken(story: Story, state: str) -> None:
    order = story.order_in(state)
    with pytest.raises(NotReady, match="it has ended, or was not sent yet"):
        assigning.take(order, by=story.actor("support"), now=story.now)


def test_the_order_stays_with_its_assignee_while_it_moves(story: Story) -> None:
    order = story.order_in("support")
    assigning.take(order, by=story.actor("support"), now=story.now)
    story.do(order, "return", "support", comment="Which project?")
    story.do(order, "resubmit", "ingrid")
    assert Order.objects.get(pk=order.pk).assignee == story.support


@pytest.mark.django_db(transaction=True)
def test_two_who_take_it_at_once_one_wins_and_the_other_is_told(story: Story) -> None:
    order = story.order_in("support")
    people = [story.actor("support"), story.actor("colleague")]

    def take(number: int) -> str:
        assigning.take(Order.objects.get(pk=order.pk), by=people[number], now=story.now)
        return "won"

    said = sorted(at_once(2, take))
    assert said[1] == "won"
    assert said[0].endswith("works on this order already.")
    assert Event.objects.filter(subject_id=order.pk, verb="take").count() == 1
