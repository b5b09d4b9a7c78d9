"""The buttons with which Support takes, hands over and releases an order."""

from __future__ import annotations

import pytest
from django.urls import reverse

from accounts.actions import assigning
from accounts.models import Order
from tests.story import Story
from tests.web.staff_pages import browser, read, words


def url(name: str, order: Order) -> str:
    return reverse(name, args=[order.reference])


def test_taking_an_order_comes_back_to_where_the_button_was(story: Story) -> None:
    order, client = story.order_in("support"), browser(story, "support")
    back = "/staff/worklist/?state=support&q=nord"
    answer = client.post(url("order_take", order), {"back": back})
    assert answer["Location"] == back
    assert f"{order.reference} is yours now." in read(client, back)
    assert Order.objects.get(pk=order.pk).assignee == story.support


def test_the_second_who_takes_it_is_told_who_was_first(story: Story) -> None:
    order, client = story.order_in("support"), browser(story, "colleague")
    assigning.take(order, by=story.actor("support"), now=story.now)
    answer = client.post(url("order_take", order))
    assert answer["Location"] == url("staff_order", order)
    assert "Marte Lunde works on this order already." in read(client, answer["Location"])


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "/\\evil.example"])
def test_coming_back_never_leaves_the_portal(story: Story, back: str) -> None:
    order = story.order_in("support")
    answer = browser(story, "support").post(url("order_take", order), {"back": back})
    assert answer["Location"] == url("staff_order", order)


def test_handing_over_asks_for_a_colleague_and_keeps_what_was_typed(story: Story) -> None:
    order, client = story.order_in("support"), browser(story, "support")
    page = read(client, url("order_hand_over", order))
    assert "Jonas Eide" in page
    assert "Henrik Aasen" not in page
    answer = client.post(url("order_hand_over", order), {"comment": "I am away."})
    assert answer.status_code == 422
    assert "Choose who goes on with the order." in answer.content.decode()
    assert "I am away." in answer.content.decode()
    answer = client.post(url("order_hand_over", order), {"to": str(story.colleague.pk), "comment": "I am away."})
    assert answer["Location"] == url("staff_order", order)
    text = words(read(client, answer["Location"]))
    assert f"{order.reference} is handed over." in text
    assert "handed the order to Jonas Eide" in text


def test_who_is_no_colleague_cannot_be_chosen(story: Story) -> None:
    order, client = story.order_in("support"), browser(story, "support")
    for nobody in (str(story.responsible.pk), "rubbish"):
        answer = client.post(url("order_hand_over", order), {"to": nobody})
        assert answer.status_code == 422
        assert "Choose somebody who works in Support." in answer.content.decode()


def test_releasing_says_that_it_is_nobodys(story: Story) -> None:
    order, client = story.order_in("support"), browser(story, "support")
    client.post(url("order_take", order))
    client.post(url("order_release", order))
    assert Order.objects.get(pk=order.pk).assignee is None
    answer = client.post(url("order_release", order), follow=True)
    assert "Nobody works on this order" in answer.content.decode()


@pytest.mark.parametrize("who", ["responsible", "cegal", "administrator", "ingrid"])
@pytest.mark.parametrize("name", ["order_take", "order_release", "order_hand_over"])
def test_only_support_has_these_buttons(story: Story, who: str, name: str) -> None:
    order = story.order_in("cegal_setup")
    assert browser(story, who).post(url(name, order)).status_code == 403
    assert Order.objects.get(pk=order.pk).assignee is None


def test_nothing_is_taken_by_looking(story: Story) -> None:
    order, client = story.order_in("support"), browser(story, "support")
    assert client.get(url("order_take", order)).status_code == 405
    assert client.get(url("order_release", order)).status_code == 405


def test_neither_requester_nor_cegal_reads_who_works_on_it(story: Story) -> None:
    order = story.order_in("cegal_setup")
    assigning.take(order, by=story.actor("support"), now=story.now)
    assigning.hand_over(order, to=story.colleague, by=story.actor("support"), now=story.now, comment="Only for us.")
    for who, page in (("ingrid", url("order", order)), ("cegal", url("cegal_order", order))):
        text = read(browser(story, who), page)
        assert "Jonas Eide" not in text
        assert "Only for us." not in text
