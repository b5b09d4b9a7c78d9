"""The order form saves itself: one draft however often it is posted, nothing lost, nothing written over."""

from __future__ import annotations

import re
import uuid
from threading import Barrier, Thread

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts.models import Event, Message, Order, Person
from tests.story import PURPOSE, Story
from tests.web.form import NEW, ODD, TYPED, edit
from tests.web.visitors import browser_of

SAVE_NEW = "/orders/new/autosave"


def save(order: Order) -> str:
    return reverse("order_autosave", args=[order.reference])


def seen_in(page: str) -> str:
    return re.findall(r'name="seen" id="seen" value="(\w*)"', page)[0]


@pytest.fixture
def ingrid(story: Story) -> Client:
    return browser_of(story.ingrid)


def test_the_first_save_begins_the_draft_and_later_ones_go_on_with_it(story: Story, ingrid: Client) -> None:
    form_id = str(uuid.uuid4())
    answer = ingrid.post(SAVE_NEW, {"form_id": form_id, "system": "S"})
    order = Order.objects.get()
    assert answer["HX-Replace-Url"] == edit(order)
    assert re.search(r"Saved at \d\d:\d\d", answer.content.decode())
    for typed in ("SA", "SAP"):
        answer = ingrid.post(SAVE_NEW, {"form_id": form_id, "system": typed, "seen": seen_in(answer.content.decode())})
        assert answer.status_code == 200
    order = Order.objects.get()
    assert (order.state, order.system) == ("draft", "SAP")
    assert [event.verb for event in Event.objects.all()] == ["start"], "no event for each pause in typing"
    assert not Message.objects.exists()


def test_the_form_that_saved_itself_goes_on_by_its_buttons(story: Story, ingrid: Client) -> None:
    form_id = str(uuid.uuid4())
    saved = ingrid.post(SAVE_NEW, {"form_id": form_id, "system": "SAP"}).content.decode()
    answer = ingrid.post(NEW, {**TYPED, "form_id": form_id, "seen": seen_in(saved)})
    assert answer["Location"] == reverse("order_check", args=[Order.objects.get().reference])


def test_half_typed_answers_wait_and_the_others_are_saved(story: Story, ingrid: Client) -> None:
    order = story.draft()
    page = ingrid.post(save(order), {**TYPED, "technical_email": "tor@", "system": "Maximo"}).content.decode()
    assert "Not saved until it is right: Technical contact’s email" in page
    order.refresh_from_db()
    assert (order.system, order.technical_email) == ("Maximo", "tor@nordsjo.example")


@pytest.mark.parametrize("what", ODD)
def test_odd_input_is_saved_as_text_or_left_out(story: Story, ingrid: Client, what: str) -> None:
    texts = dict.fromkeys(("organisation_name", "system", "purpose", "owner_name", "form_id", "seen"), ODD[what])
    assert ingrid.post(SAVE_NEW, {**TYPED, **texts}).status_code == 200
    assert Order.objects.get().system == ("" if what in ("nul", "huge") else ODD[what].strip())


def test_what_another_window_saved_is_not_written_over(story: Story, ingrid: Client) -> None:
    order = story.draft()
    first = seen_in(ingrid.get(edit(order)).content.decode())
    assert ingrid.post(save(order), {**TYPED, "system": "Maximo", "seen": first}).status_code == 200
    answer = ingrid.post(save(order), {**TYPED, "system": "Old", "seen": first})
    assert answer.status_code == 409
    assert "another window" in answer.content.decode()
    assert "Saved at" not in answer.content.decode()
    order.refresh_from_db()
    assert order.system == "Maximo"


def test_the_same_save_twice_is_no_news(story: Story, ingrid: Client) -> None:
    order = story.draft()
    first = seen_in(ingrid.get(edit(order)).content.decode())
    for _time in range(2):
        assert ingrid.post(save(order), {**TYPED, "system": "Maximo", "seen": first}).status_code == 200


def test_saving_by_hand_over_another_window_shows_both_and_asks_again(story: Story, ingrid: Client) -> None:
    order = story.draft()
    first = seen_in(ingrid.get(edit(order)).content.decode())
    ingrid.post(save(order), {**TYPED, "system": "Maximo", "seen": first})
    answer = ingrid.post(edit(order), {**TYPED, "system": "Mine", "seen": first, "save": "draft"})
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Another window saved other answers" in page
    assert 'value="Mine"' in page
    assert (
        ingrid.post(edit(order), {**TYPED, "system": "Mine", "seen": seen_in(page), "save": "draft"}).status_code == 302
    )
    order.refresh_from_db()
    assert order.system == "Mine"


def test_two_windows_on_a_form_that_is_no_draft_yet(story: Story, ingrid: Client) -> None:
    form_id = str(uuid.uuid4())
    once = seen_in(ingrid.post(SAVE_NEW, {"form_id": form_id, "system": "One"}).content.decode())
    ingrid.post(SAVE_NEW, {"form_id": form_id, "system": "Two", "seen": once})
    answer = ingrid.post(NEW, {**TYPED, "form_id": form_id, "system": "Three", "seen": once})
    assert answer.status_code == 409
    assert 'value="Three"' in answer.content.decode()
    order = Order.objects.get()
    assert order.system == "Two"
    assert f'action="{edit(order)}"' in answer.content.decode(), "the next press must not begin another draft"


def test_a_returned_order_saves_itself_too_and_only_what_is_open(story: Story, ingrid: Client) -> None:
    order = story.order_in("returned")
    assert ingrid.post(save(order), {"open": "purpose", "purpose": PURPOSE + " Soon."}).status_code == 200
    order.refresh_from_db()
    assert (order.purpose, order.system, order.as_seller) == (PURPOSE + " Soon.", "SAP", True)
    assert [environment.name for environment in order.environments.all()] == ["TEST"]


def test_an_order_that_is_sent_is_left_alone(story: Story, ingrid: Client) -> None:
    order = story.order_in("support")
    answer = ingrid.post(save(order), {**TYPED, "system": "Other"})
    assert answer.status_code == 409
    order.refresh_from_db()
    assert order.system == "SAP"
    form_id = str(uuid.uuid4())
    ingrid.post(NEW, {**TYPED, "form_id": form_id})
    begun = Order.objects.exclude(pk=order.pk).get()
    story.do(begun, "submit", "ingrid")
    answer = ingrid.post(SAVE_NEW, {**TYPED, "form_id": form_id, "system": "Other"})
    assert (answer.status_code, "is sent already" in answer.content.decode()) == (409, True)


def test_who_is_signed_out_is_told_and_gets_no_page_in_the_page(story: Story) -> None:
    answer = Client().post(SAVE_NEW, TYPED)
    assert answer.status_code == 401
    assert "<html" not in answer.content.decode()
    assert "signed out" in answer.content.decode()
    assert not Order.objects.exists()


def test_strangers_and_staff_save_nothing(story: Story) -> None:
    assert browser_of(story.stranger).post(save(story.draft()), TYPED).status_code == 404
    order = story.order_in("returned")
    assert browser_of(story.support).post(save(order), {**TYPED, "system": "Theirs"}).status_code == 403
    assert browser_of(story.support).get(save(order)).status_code == 405
    order.refresh_from_db()
    assert order.system == "SAP"


@pytest.mark.django_db(transaction=True)
def test_two_first_saves_at_once_make_one_draft(transactional_db: None) -> None:
    person = Person.objects.create_user("ingrid@nordsjo.example", "Ingrid")
    browsers = [browser_of(person) for _each in range(3)]
    once, start, answers = {"system": "SAP", "form_id": str(uuid.uuid4())}, Barrier(3), []

    def pause(client: Client) -> None:
        try:
            start.wait()
            answers.append(client.post(SAVE_NEW, once).status_code)
        finally:
            connection.close()

    threads = [Thread(target=pause, args=[browser]) for browser in browsers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [200, 200, 200]
    assert Order.objects.count() == 1
