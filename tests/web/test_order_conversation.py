"""The order's page: writing to each other, who has it now, and how long that usually takes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from accounts.actions import conversation, engine
from accounts.lifecycle.policy import Policy
from accounts.lifecycle.states import OrderState
from accounts.models import Event, Message, Order
from accounts.readers.usual import Usual, usual
from tests.story import Story
from tests.web.visitors import browser_of

NOT_FOR_THEM = "Canary: they owe us an answer."


@pytest.fixture
def ingrid(story: Story) -> Client:
    return browser_of(story.ingrid)


def page(order: Order) -> str:
    return reverse("order", args=[order.reference])


def send(order: Order) -> str:
    return reverse("order_message", args=[order.reference])


def test_a_message_goes_out_and_stands_in_the_conversation(story: Story, ingrid: Client) -> None:
    order = story.order_in("approval")
    answer = ingrid.post(send(order), {"comment": "Is <b>Friday</b> possible?"})
    assert answer["Location"] == f"{page(order)}#history"
    text = ingrid.get(page(order)).content.decode()
    assert "Is &lt;b&gt;Friday&lt;/b&gt; possible?" in text
    assert "Your message is sent." in text
    assert Message.objects.filter(kind="message_to_support").count() == 2


def test_an_answer_of_support_is_read_there(story: Story, ingrid: Client) -> None:
    order = story.order_in("support")
    conversation.write_message(order, by=story.actor("support"), now=story.now, comment="It takes until Friday.")
    text = ingrid.get(page(order)).content.decode()
    assert "<strong>Marte Lunde</strong> wrote a message" in text
    assert "It takes until Friday." in text


def test_an_internal_note_is_on_no_page_of_the_requester(story: Story, ingrid: Client) -> None:
    order = story.order_in("support")
    conversation.write_internal_note(order, by=story.actor("support"), now=story.now, comment=NOT_FOR_THEM)
    for url in (page(order), "/orders/", reverse("order_sent", args=[order.reference])):
        assert "Canary" not in ingrid.get(url).content.decode()
        assert "internal" not in ingrid.get(url).content.decode()


@pytest.mark.parametrize(("typed", "said"), [("  ", "Write a message first."), ("x" * 2001, "2000")])
def test_a_message_that_cannot_be_sent_is_told_at_the_field_and_kept(
    story: Story, ingrid: Client, typed: str, said: str
) -> None:
    order = story.order_in("support")
    answer = ingrid.post(send(order), {"comment": typed})
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert "<title>Error:" in answer.content.decode()
    assert typed.strip() in answer.content.decode()
    assert not Event.objects.filter(verb="message").exists()


def test_a_draft_offers_no_conversation(story: Story, ingrid: Client) -> None:
    order = story.draft()
    assert send(order) not in ingrid.get(page(order)).content.decode()
    assert ingrid.post(send(order), {"comment": "Hello?"}).status_code == 409


def test_strangers_cegal_and_approvers_write_nothing(story: Story) -> None:
    order = story.order_in("cegal_setup")
    for who in ("stranger", "cegal", "responsible", "administrator"):
        browser = browser_of(getattr(story, who))
        assert browser.post(send(order), {"comment": "Hello?"}).status_code in (403, 404), who
        assert send(order) not in browser.get(page(order), follow=True).content.decode()
    assert not Event.objects.filter(verb="message").exists()


def test_who_has_it_names_the_colleague_who_took_it(story: Story, ingrid: Client) -> None:
    order = story.order_in("support")
    assert "Marte Lunde at Support" not in ingrid.get(page(order)).content.decode()
    Order.objects.filter(pk=order.pk).update(assignee=story.support)
    for url in (page(order), "/orders/"):
        assert "Marte Lunde at Support" in ingrid.get(url).content.decode()
    story.do(Order.objects.get(pk=order.pk), "send_for_approval", "support")
    assert "Marte Lunde at Support" not in ingrid.get(page(order)).content.decode()


def test_too_few_orders_say_the_target_instead(story: Story, ingrid: Client) -> None:
    order = story.order_in("approval")
    assert usual(OrderState.SUPPORT, Policy()) == Usual(target=2)
    text = ingrid.get(page(order)).content.decode()
    assert "We aim at 2 working days" in text
    assert "Too few orders passed here" in text


def test_the_usual_time_is_the_median_of_working_days(story: Story, ingrid: Client) -> None:
    """Monday 23 November 2026 noon: one day is Tuesday, four days are Friday, seven are Monday: 5 working days."""
    for days in (0, 1, 4, 7, 7):
        order = story.draft()
        story.do(order, "submit", "ingrid")
        conversation.write_internal_note(order, by=story.actor("support"), now=story.now, comment="Looked at it.")
        start, story.now = story.now, story.now + timedelta(days=days)
        story.do(order, "send_for_approval", "support")
        story.now = start
    assert usual(OrderState.SUPPORT, Policy()) == Usual(target=2, days=4, orders=5)
    waits = story.order_in("support")
    assert "4 working days" in ingrid.get(page(waits)).content.decode()


def test_only_the_last_orders_count_and_those_withdrawn_never(story: Story) -> None:
    for days in (9, *[1] * 20):
        order = story.draft()
        story.do(order, "submit", "ingrid")
        start, story.now = story.now, story.now + timedelta(days=days)
        story.do(order, "return", "support", comment="More.")
        story.now = start
    for _each in range(25):
        order = story.draft()
        story.do(order, "submit", "ingrid")
        story.do(order, "withdraw", "ingrid")
    assert usual(OrderState.SUPPORT, Policy()) == Usual(target=2, days=1, orders=20)


def test_a_stage_without_a_target_has_no_usual_time(story: Story) -> None:
    for state in (OrderState.DRAFT, OrderState.RETURNED, OrderState.ISSUED, OrderState.WITHDRAWN):
        assert usual(state, Policy()) is None


def test_an_arrival_before_the_chain_is_left_out(story: Story) -> None:
    """Orders that began in a later state (an import, say) have no arrival: they are not counted as a moment."""
    for _each in range(5):
        order = story.draft()
        Order.objects.filter(pk=order.pk).update(state="support", organisation=story.account().organisation,
                                                 submitted_at=story.now)  # fmt: skip
        order.refresh_from_db()
        engine.note(order, "test", by=story.actor("support"), now=story.now)
        story.do(order, "send_for_approval", "support")
    assert usual(OrderState.SUPPORT, Policy()) == Usual(target=2)
