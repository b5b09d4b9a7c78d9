"""Writing an order, saving it half done, checking it, sending it."""

from __future__ import annotations

import uuid
from threading import Barrier, Thread

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts.forms.order import FIELD_LABELS
from accounts.lifecycle import purpose as purpose_rule
from accounts.models import Event, Message, Order, Person
from tests.story import PURPOSE, Story
from tests.web.form import NEW, ODD, TYPED, check, edit
from tests.web.visitors import browser_of


@pytest.fixture
def ingrid(story: Story) -> Client:
    return browser_of(story.ingrid)


def test_looking_at_the_empty_form_writes_nothing(story: Story, ingrid: Client) -> None:
    answer = ingrid.get(NEW)
    assert answer.status_code == 200
    assert 'value="ingrid@nordsjo.example"' in answer.content.decode()
    assert not Order.objects.exists()
    assert not Event.objects.exists()


def test_the_whole_way_from_the_empty_form_to_sent(story: Story, ingrid: Client) -> None:
    answer = ingrid.post(NEW, TYPED)
    order = Order.objects.get()
    assert answer["Location"] == check(order)
    assert (order.organisation_number, order.technical_email) == ("923609016", "tor@nordsjo.example")
    page = ingrid.get(check(order)).content.decode()
    assert PURPOSE in page
    assert f"{edit(order)}#id_purpose" in page
    answer = ingrid.post(check(order), {"version": order.version})
    assert answer["Location"] == reverse("order_sent", args=[order.reference])
    assert order.reference in ingrid.get(answer["Location"]).content.decode()
    order.refresh_from_db()
    assert order.state == "support"
    assert {m.kind for m in Message.objects.all()} == {"order_received", "order_to_triage"}


def test_an_incomplete_order_can_be_saved_and_not_sent(story: Story, ingrid: Client) -> None:
    answer = ingrid.post(NEW, {"system": "SAP", "save": "draft"})
    order = Order.objects.get()
    assert answer["Location"] == edit(order)
    assert 'value="SAP"' in ingrid.get(edit(order)).content.decode()
    answer = ingrid.get(check(order))
    assert answer["Location"] == f"{edit(order)}?problems=1"
    assert ingrid.post(check(order), {"version": order.version})["Location"] == f"{edit(order)}?problems=1"
    page = ingrid.get(answer["Location"]).content.decode()
    assert "problems with your order" in page
    assert 'href="#id_purpose"' in page
    order.refresh_from_db()
    assert order.state == "draft"


def test_every_field_is_required_to_go_on(story: Story, ingrid: Client) -> None:
    answer = ingrid.post(NEW, {})
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == set(FIELD_LABELS)
    said = [str(line) for errors in answer.context["form"].errors.values() for line in errors]
    assert len(set(said)) == len(FIELD_LABELS), "each line says which field it means"
    page = answer.content.decode()
    assert "<title>Error:" in page
    for target in ("#id_organisation_name", "#id_role_0", "#id_environments_0", "#id_purpose"):
        assert f'href="{target}"' in page
    assert not Order.objects.exists()


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("organisation_number", "923609017", "does not exist"),
        ("organisation_number", "12", "9 digits"),
        ("technical_email", "nobody", "valid email"),
        ("role", "admiral", "valid choice"),
        ("environments", "MOON", "valid choice"),
        ("purpose", "Test", "full sentence"),
        ("purpose", str(purpose_rule.EXAMPLE), "example text"),
        ("purpose", "Nordsjø Surplus AS", "only the organisation"),
    ],
)
def test_a_wrong_answer_is_told_at_its_field(story: Story, ingrid: Client, field: str, value: str, said: str) -> None:
    answer = ingrid.post(NEW, {**TYPED, field: value})
    assert answer.status_code == 422
    assert said in " ".join(map(str, answer.context["form"].errors[field]))
    assert not Order.objects.exists()


@pytest.mark.parametrize("what", ODD)
@pytest.mark.parametrize("save", [True, False])
def test_odd_input_is_kept_as_text_or_refused_in_words(story: Story, ingrid: Client, what: str, save: bool) -> None:
    texts = dict.fromkeys(("organisation_name", "system", "purpose", "technical_name", "owner_name"), ODD[what])
    answer = ingrid.post(NEW, {**TYPED, **texts, **({"save": "draft"} if save else {})}, follow=True)
    assert answer.status_code in (200, 422)
    page = answer.content.decode()
    assert "<script>alert(1)</script>" not in page
    if what in ("nul", "huge"):
        assert answer.status_code == 422
        assert not Order.objects.exists()
    elif save:
        assert Order.objects.get().system == ODD[what].strip()


def test_odd_input_in_every_other_place(story: Story, ingrid: Client) -> None:
    order = story.order_in("draft")
    for value in ODD.values():
        assert ingrid.post(check(order), {"version": value}).status_code in (302, 409)
        assert ingrid.post(reverse("order_purpose_check"), {"purpose": value}).status_code == 200
        order = story.order_in("draft")


def test_pressing_twice_makes_one_order(story: Story, ingrid: Client) -> None:
    once = {**TYPED, "form_id": str(uuid.uuid4())}
    first, second = ingrid.post(NEW, once), ingrid.post(NEW, {**once, "system": "Maximo"})
    assert first["Location"] == second["Location"]
    assert Order.objects.get().system == "Maximo"


def test_a_form_of_somebody_else_is_not_taken_over(story: Story, ingrid: Client) -> None:
    once = {**TYPED, "form_id": str(uuid.uuid4())}
    ingrid.post(NEW, once)
    browser_of(story.stranger).post(NEW, once)
    assert Order.objects.filter(requester=story.ingrid).count() == 1
    assert Order.objects.filter(requester=story.stranger).count() == 1


def test_the_form_of_an_order_that_is_sent_begins_nothing(story: Story, ingrid: Client) -> None:
    once = {**TYPED, "form_id": str(uuid.uuid4())}
    ingrid.post(NEW, once)
    order = Order.objects.get()
    ingrid.post(check(order), {"version": order.version})
    answer = ingrid.post(NEW, {**once, "system": "Other"}, follow=True)
    assert "This order is sent" in answer.content.decode()
    assert Order.objects.get().system == "SAP"


@pytest.mark.parametrize("form_id", ["", "x", "0" * 100_000])
def test_a_form_without_a_right_id_makes_an_order_all_the_same(story: Story, ingrid: Client, form_id: str) -> None:
    ingrid.post(NEW, {**TYPED, "form_id": form_id})
    assert Order.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_presses_at_once_make_one_order(transactional_db: None) -> None:
    person = Person.objects.create_user("ingrid@nordsjo.example", "Ingrid")
    browsers = [browser_of(person), browser_of(person)]
    once, start, answers = {**TYPED, "form_id": str(uuid.uuid4())}, Barrier(2), []

    def press(client: Client) -> None:
        try:
            start.wait()
            answers.append(client.post(NEW, once).status_code)
        finally:
            connection.close()

    threads = [Thread(target=press, args=[browser]) for browser in browsers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [302, 302]
    assert Order.objects.count() == 1


def test_pressing_send_twice_sends_once(story: Story, ingrid: Client) -> None:
    order = story.order_in("draft")
    ingrid.post(check(order), {"version": order.version})
    answer = ingrid.post(check(order), {"version": order.version}, follow=True)
    assert "This order is sent" in answer.content.decode()
    assert Event.objects.filter(subject_id=order.pk, verb="submit").count() == 1


def test_sending_what_changed_in_another_window_is_told(story: Story, ingrid: Client) -> None:
    order = story.order_in("draft")
    story.do(order, "withdraw", "ingrid")
    story.do(order, "reopen", "ingrid")
    answer = ingrid.post(check(order), {"version": "2"})
    assert answer.status_code == 409
    assert "reopened the order" in answer.content.decode()
    order.refresh_from_db()
    assert order.state == "draft"
