"""The page of the post room: what was and was not delivered, and sending again; never the mail itself."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse

from accounts import people
from accounts.delivery.kinds import KINDS
from accounts.models import Message, MessageState
from accounts.readers import messages as reader
from tests.story import NOW, Story
from tests.web.staff_pages import browser, queries, read, words

URL = "/staff/messages/"


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def message(**changes: object) -> Message:
    """The newest message, changed."""
    held = Message.objects.order_by("-created_at", "pk").last()
    assert held is not None
    Message.objects.filter(pk=held.pk).update(**changes)
    held.refresh_from_db()
    return held


def page(held: Message) -> str:
    return reverse("message", args=[held.pk])


def test_every_kind_of_mail_has_a_name_here() -> None:
    assert set(reader.KINDS) == set(KINDS)


def test_the_list_says_to_whom_about_what_and_how_far(story: Story) -> None:
    order = story.order_in("support")
    Message.objects.filter(kind="order_received").update(state="delivered", delivered_at=NOW)
    Message.objects.filter(to_email="marte@support.example").update(
        attempts=3, last_error="450 mailbox busy", due_at=NOW + timedelta(minutes=8)
    )
    text = words(read(browser(story, "support"), URL))
    assert f"ingrid@nordsjo.example Ingrid Solheim Receipt of an order {order.reference} Delivered" in text
    assert "New order for Support" in text
    assert "Trying again 450 mailbox busy" in text
    assert "3 attempts, next in 8 minutes" in text


@pytest.mark.parametrize("state", [state.value for state in MessageState])
def test_each_state_is_a_tab(story: Story, state: str) -> None:
    story.order_in("support")
    delivered = NOW if state == "delivered" else None
    found = message(state=state, delivered_at=delivered)
    Message.objects.exclude(pk=found.pk).delete()
    for tab in ("queued", "given_up", "delivered"):
        assert (page(found) in read(browser(story, "support"), f"{URL}?state={tab}")) == (tab == state)
    assert page(found) in read(browser(story, "support"), URL)


def test_empty_tabs_say_why(story: Story) -> None:
    client = browser(story, "support")
    assert "No messages yet" in read(client, URL)
    assert "Nothing was given up" in read(client, f"{URL}?state=given_up")
    assert "Every message went out" in read(client, f"{URL}?state=queued")
    assert "No message matches" in read(client, f"{URL}?q=nobody")


def test_a_person_can_be_looked_for(story: Story) -> None:
    story.order_in("support")
    text = read(browser(story, "support"), f"{URL}?q=INGRID")
    assert "ingrid@nordsjo.example" in text
    assert "jonas@support.example" not in text


@pytest.mark.parametrize("query", ["state=x", "q=%00", "after=x~y", "before=2026-11-23~1", "q=" + "x" * 3000])
def test_odd_questions_get_a_page(story: Story, query: str) -> None:
    story.order_in("support")
    read(browser(story, "support"), f"{URL}?{query}")


def test_the_number_of_queries_does_not_grow(story: Story) -> None:
    client = browser(story, "support")
    story.order_in("support")
    story.account_in("suspended")
    few = queries(client, URL)
    for _number in range(10):
        story.order_in("support")
        story.account_in("suspended")
    assert Message.objects.count() > 30
    assert queries(client, URL) == few


# --- one message


def test_a_message_shows_its_subject_line_and_what_it_tells_of(story: Story) -> None:
    order = story.order_in("support")
    found = Message.objects.get(kind="order_received")
    text = read(browser(story, "support"), page(found))
    assert order.reference in text.split("<h1")[1].split("</h1>")[0]
    assert "Ingrid Solheim sent the order 23 Nov 2026, 13:00" in words(text)
    assert reverse("staff_order", args=[order.reference]) in text
    assert "Next attempt" in text


def test_the_subject_line_is_in_the_language_of_the_mail(story: Story) -> None:
    story.order_in("support")
    found = message(language="nb")
    assert "Norwegian" in read(browser(story, "support"), page(found))


def test_a_message_whose_subject_cannot_be_written_still_has_a_page(story: Story) -> None:
    story.order_in("support")
    found = message(kind="unheard_of")
    assert "unheard of" in read(browser(story, "support"), page(found))


def test_nobody_gets_the_link_that_answers_for_the_owner(story: Story) -> None:
    account = story.account_in("notified")
    found = Message.objects.get(kind="inactivity_notice", to_email="ingrid@nordsjo.example")
    assert found.notice_id is not None
    token = people.notice_token(found.notice_id, found.to_email)
    client = browser(story, "support")
    for url in (URL, page(found), reverse("staff_account", args=[account.pk])):
        text = read(client, url)
        assert token[:20] not in text
        assert "/answer/" not in text


def test_the_error_is_said_as_the_mail_server_said_it(story: Story) -> None:
    story.order_in("support")
    found = message(state="given_up", last_error="550 <b>no such user</b>", attempts=1)
    answer = browser(story, "support").get(page(found))
    assert "550 &lt;b&gt;no such user&lt;/b&gt;" in answer.content.decode()


# --- send again


def again(held: Message) -> str:
    return reverse("message_send_again", args=[held.pk])


@pytest.mark.parametrize("state", ["given_up", "delivered"])
def test_support_sends_again(story: Story, state: str) -> None:
    story.order_in("support")
    found = message(state=state, delivered_at=NOW if state == "delivered" else None, attempts=9, last_error="450 busy")
    client = browser(story, "support")
    assert again(found) in read(client, page(found))
    answer = client.post(again(found))
    assert (answer.status_code, answer["Location"]) == (302, page(found))
    text = read(client, page(found))
    assert "The message is sent again now." in text
    assert again(found) not in text
    found.refresh_from_db()
    assert (found.state, found.attempts, found.last_error) == ("queued", 0, "")


def test_a_second_press_is_told_that_it_waits(story: Story) -> None:
    story.order_in("support")
    found = message(state="given_up")
    client = browser(story, "support")
    client.post(again(found))
    client.post(again(found))
    assert "This message is still waiting: it goes out by itself." in read(client, page(found))


def test_an_administrator_reads_and_does_not_send(story: Story) -> None:
    story.order_in("support")
    found = message(state="given_up")
    client = browser(story, "administrator")
    assert again(found) not in read(client, page(found))
    assert client.post(again(found)).status_code == 403
    found.refresh_from_db()
    assert found.state == "given_up"


def test_a_message_that_is_not_there_is_404(story: Story) -> None:
    client = browser(story, "support")
    read(client, reverse("message", args=[uuid.uuid4()]), 404)
    assert client.post(reverse("message_send_again", args=[uuid.uuid4()])).status_code == 404
