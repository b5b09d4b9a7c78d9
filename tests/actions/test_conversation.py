"""Messages between requester and Support, and notes that stay among those who work on an order."""

from __future__ import annotations

from datetime import timedelta

import pytest

from accounts import verbs
from accounts.actions import conversation
from accounts.lifecycle.errors import LostRace, NotAllowed, NotReady
from accounts.models import Event, Message, Order
from accounts.readers.timeline import timeline
from tests.story import Story

pytestmark = [pytest.mark.django_db]


def write(story: Story, order: Order, who: str, text: str = "When will it be ready?") -> Event:
    return conversation.write_message(order, by=story.actor(who), now=story.now, comment=text)


def remark(story: Story, order: Order, who: str = "support", text: str = "They owe us an answer.") -> Event:
    return conversation.write_internal_note(order, by=story.actor(who), now=story.now, comment=text)


def addressed() -> set[tuple[str, str]]:
    return set(Message.objects.filter(kind__startswith="message_to").values_list("kind", "to_email"))


def told(story: Story, order: Order, who: str, *, for_staff: bool = False) -> list[tuple[str, str]]:
    entries = timeline(order, reader=story.actor(who).id, labels={}, for_staff=for_staff).entries
    return [(entry.sentence, entry.comment) for entry in entries]


def test_the_requester_writes_to_support_and_support_gets_a_mail(story: Story) -> None:
    order = story.order_in("approval")
    event = write(story, order, "ingrid")
    assert (event.verb, event.source, event.target) == ("message", "approval", "approval")
    assert addressed() == {("message_to_support", person.email) for person in (story.support, story.colleague)}
    assert told(story, order, "ingrid")[0] == ("wrote a message", "When will it be ready?")
    assert told(story, order, "support", for_staff=True)[0] == ("wrote a message", "When will it be ready?")


def test_support_writes_to_the_requester_alone(story: Story) -> None:
    order = story.order_in("returned")
    write(story, order, "support", "Take your time.")
    assert addressed() == {("message_to_requester", story.ingrid.email)}


def test_support_who_ordered_for_themselves_write_as_the_requester(story: Story) -> None:
    order = story.draft("support")
    story.do(order, "submit", "support")
    assert write(story, order, "support").data == {"side": "requester"}
    assert {kind for kind, _email in addressed()} == {"message_to_support"}


def test_an_internal_note_sends_no_mail_and_is_never_shown_to_the_requester(story: Story) -> None:
    order = story.order_in("cegal_setup")
    before = Message.objects.count()
    remark(story, order)
    assert Message.objects.count() == before
    assert told(story, order, "support", for_staff=True)[0] == ("wrote an internal note", "They owe us an answer.")
    assert "internal" not in str(told(story, order, "ingrid"))
    assert "They owe" not in str(told(story, order, "ingrid"))


@pytest.mark.parametrize("who", ["stranger", "cegal", "responsible", "administrator"])
def test_nobody_else_writes_messages(story: Story, who: str) -> None:
    order = story.order_in("cegal_setup")
    assert not conversation.may_write_message(order, story.actor(who))
    with pytest.raises(NotAllowed, match="Only the requester and Support"):
        write(story, order, who)
    assert not addressed()


@pytest.mark.parametrize("who", ["ingrid", "stranger", "cegal", "administrator"])
def test_nobody_else_writes_internal_notes(story: Story, who: str) -> None:
    order = story.order_in("cegal_setup")
    assert not conversation.may_write_internal_note(order, story.actor(who))
    with pytest.raises(NotAllowed, match="internal notes"):
        remark(story, order, who)


def test_nobody_writes_an_internal_note_about_an_order_of_their_own(story: Story) -> None:
    order = story.draft("support")
    story.do(order, "submit", "support")
    assert not conversation.may_write_internal_note(order, story.actor("support"))
    with pytest.raises(NotAllowed, match="your own order"):
        remark(story, order)


@pytest.mark.parametrize("who", ["ingrid", "support"])
def test_a_draft_has_no_conversation(story: Story, who: str) -> None:
    order = story.draft()
    assert not conversation.may_write_message(order, story.actor(who))
    with pytest.raises(NotReady, match="draft"):
        write(story, order, who)


@pytest.mark.parametrize(("text", "said"), [("  \n ", "Write something"), ("x" * 2001, "at most 2000 characters")])
def test_a_message_says_something_and_not_too_much(story: Story, text: str, said: str) -> None:
    order = story.order_in("support")
    with pytest.raises(NotReady, match=said):
        write(story, order, "ingrid", text)
    with pytest.raises(NotReady, match=said):
        remark(story, order, text=text)


def test_a_button_pressed_twice_writes_once(story: Story) -> None:
    order, stale = story.order_in("support"), None
    stale = Order.objects.get(pk=order.pk)
    first = write(story, order, "ingrid")
    assert write(story, stale, "ingrid").pk == first.pk
    assert Event.objects.filter(subject_id=order.pk, verb="message").count() == 1
    story.now += timedelta(minutes=5)
    assert write(story, order, "ingrid").pk != first.pk


def test_an_order_that_moved_meanwhile_still_takes_a_message(story: Story) -> None:
    order = story.order_in("support")
    stale = Order.objects.get(pk=order.pk)
    story.do(order, "send_for_approval", "support")
    event = write(story, stale, "ingrid")
    assert (event.target, event.seq) == ("approval", order.version + 1)
    assert Order.objects.get(pk=order.pk).state == "approval"


def test_what_a_requester_cannot_see_does_not_make_their_page_out_of_date(story: Story) -> None:
    order = story.order_in("support")
    seen = order.version
    remark(story, order)
    verbs.perform(order, "withdraw", by=story.actor("ingrid"), now=story.now, data={}, seen=seen)
    assert order.state == "withdrawn"


def test_what_anybody_can_see_does(story: Story) -> None:
    for who, verb, happened in (("ingrid", "withdraw", write), ("support", "send_for_approval", remark)):
        order = story.order_in("support")
        seen = order.version
        happened(story, order, "support", "News.")
        with pytest.raises(LostRace):
            verbs.perform(order, verb, by=story.actor(who), now=story.now, data={}, seen=seen)


@pytest.mark.parametrize("seen", [0, -1, 99])
def test_a_version_that_never_was_is_out_of_date(story: Story, seen: int) -> None:
    order = story.order_in("support")
    with pytest.raises(LostRace):
        verbs.perform(order, "withdraw", by=story.actor("ingrid"), now=story.now, data={}, seen=seen)
