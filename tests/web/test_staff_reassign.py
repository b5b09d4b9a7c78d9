"""The pages with which Support names another requester or owner, and answers on an owner's behalf."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import time_machine
from django.core import mail
from django.urls import reverse

from accounts.delivery import deliver_due
from accounts.models import Order, Person
from tests.story import NOW, Story
from tests.web.staff_pages import browser, read, words
from tests.web.visitors import browser_of

GURI = {"email": "guri@nordsjo.example", "name": "Guri Hansen", "comment": "Ingrid has left."}


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def address(order: Order, name: str) -> str:
    return reverse(name, args=[order.reference])


def test_support_names_another_requester(story: Story) -> None:
    order = story.order_in("returned")
    client = browser(story, "support")
    assert f'href="{address(order, "staff_order_requester")}"' in read(client, address(order, "staff_order"))
    assert "Ingrid Solheim" in read(client, address(order, "staff_order_requester"))
    answer = client.post(address(order, "staff_order_requester"), GURI, follow=True)
    text = words(answer.content.decode())
    assert "The order has another requester now. Both are told." in text
    assert "Marte Lunde named Guri Hansen as the requester" in text
    guri = browser_of(Person.objects.get(email="guri@nordsjo.example"))
    assert "Which project is it for?" in read(guri, address(order, "order"))
    read(browser(story, "ingrid"), address(order, "order"), 404)
    deliver_due(now=NOW)
    to_ingrid = next(m for m in mail.outbox if "another requester" in m.subject)
    assert "ingrid@nordsjo.example" in to_ingrid.to[0]
    assert "Marte Lunde named Guri Hansen as the requester" in to_ingrid.body
    assert "Ingrid has left." in to_ingrid.body
    assert "you were the requester of this order" in " ".join(to_ingrid.body.split())


def test_support_names_another_owner(story: Story) -> None:
    order = story.order_in("cegal_setup")
    client = browser(story, "support")
    answer = client.post(address(order, "staff_order_owner"), GURI, follow=True)
    text = words(answer.content.decode())
    assert "Marte Lunde named Guri Hansen as the owner of the account" in text
    assert Order.objects.get(pk=order.pk).owner_email == "guri@nordsjo.example"


@pytest.mark.parametrize("name", ["staff_order_requester", "staff_order_owner"])
def test_what_is_missing_is_said_and_what_was_typed_is_kept(story: Story, name: str) -> None:
    order = story.order_in("support")
    client = browser(story, "support")
    empty = client.post(address(order, name), {**GURI, "comment": " "})
    assert empty.status_code == 422
    assert "Write a reason." in empty.content.decode()
    same = client.post(address(order, name), {**GURI, "email": "ingrid@nordsjo.example"})
    assert same.status_code == 422
    assert "already." in same.content.decode()
    assert "Ingrid has left." in same.content.decode()


@pytest.mark.parametrize("who", ["responsible", "administrator", "cegal", "ingrid"])
def test_nobody_else_gets_there(story: Story, who: str) -> None:
    order = story.order_in("support")
    for name in ("staff_order_requester", "staff_order_owner"):
        assert browser(story, who).get(address(order, name)).status_code == 403
        assert browser(story, who).post(address(order, name), GURI).status_code == 403
    if who in ("responsible", "administrator"):
        assert address(order, "staff_order_requester") not in read(browser(story, who), address(order, "staff_order"))


def test_an_ended_order_offers_no_change_of_its_people(story: Story) -> None:
    order = story.order_in("rejected")
    client = browser(story, "support")
    assert address(order, "staff_order_owner") not in read(client, address(order, "staff_order"))
    answer = client.post(address(order, "staff_order_owner"), GURI)
    assert "This order has ended" in answer.content.decode()


@pytest.mark.parametrize(("verb", "state"), [("keep", "notified"), ("close", "active")])
def test_what_support_does_for_the_owner_says_so_in_the_history_and_in_the_mail(
    story: Story, verb: str, state: str
) -> None:
    account = story.account_in(state)
    client = browser(story, "support")
    url = reverse("account_verb", args=[account.pk, verb])
    client.post(url, {"comment": "Ingrid called.", "version": account.version})
    for who, page in (("support", "staff_account"), ("ingrid", "account")):
        text = words(read(browser(story, who), reverse(page, args=[account.pk])))
        assert "Marte Lunde on behalf of Ingrid Solheim" in text, who
    mail.outbox.clear()
    deliver_due(now=NOW)
    sent = next(m for m in mail.outbox if "ingrid@nordsjo.example" in m.to[0] and "Ingrid called." in m.body)
    assert "Marte Lunde on behalf of Ingrid Solheim" in " ".join(sent.body.split())


def test_support_cannot_withdraw_or_answer_for_the_requester_and_is_told(story: Story) -> None:
    order = story.order_in("returned")
    client = browser(story, "support")
    assert "Only they can answer or withdraw it; you can name another requester." in read(
        client, address(order, "staff_order")
    )
    for verb in ("withdraw", "resubmit"):
        url = reverse("order_verb", args=[order.reference, verb])
        assert client.post(url, {"version": order.version}).status_code == 403
