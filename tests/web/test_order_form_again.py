"""The form of an order that was returned, reopened or is already on its way; its guide, and its other doors."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Event, Order
from tests.story import PURPOSE, Story
from tests.web.form import NEW, TYPED, check, edit
from tests.web.visitors import browser_of


@pytest.fixture
def ingrid(story: Story) -> Client:
    return browser_of(story.ingrid)


@pytest.mark.parametrize("state", ["support", "approval", "issued", "rejected", "withdrawn"])
def test_an_order_that_is_on_its_way_cannot_be_edited(story: Story, ingrid: Client, state: str) -> None:
    order = story.order_in(state)
    page = reverse("order", args=[order.reference])
    assert ingrid.get(edit(order))["Location"] == page
    assert ingrid.post(edit(order), {**TYPED, "system": "Other"})["Location"] == page
    assert ingrid.get(check(order))["Location"] == page
    order.refresh_from_db()
    assert order.system == "SAP"


def test_a_returned_order_keeps_every_answer_and_marks_the_fields(story: Story, ingrid: Client) -> None:
    order = story.order_in("returned")
    page = ingrid.get(edit(order)).content.decode()
    assert "Which project is it for?" in page
    assert "Say more." in page
    assert 'id="id_purpose_note"' in page
    assert page.count("lp-fieldnote") == 1
    assert "23 December 2026" in page
    assert PURPOSE in page
    assert "disabled" not in page


def test_a_returned_order_is_changed_and_sent_again_with_a_word(story: Story, ingrid: Client) -> None:
    order = story.order_in("returned")
    assert "You have not changed any answer" in ingrid.get(check(order)).content.decode()
    better = "We import surplus valves from Maximo every week for customer Brattholm, contract B-12."
    assert ingrid.post(edit(order), {**TYPED, "purpose": better})["Location"] == check(order)
    page = ingrid.get(check(order)).content.decode()
    assert "Changed" in page
    answer = ingrid.post(check(order), {"version": order.version, "comment": "Named the customer."})
    assert answer["Location"] == reverse("order_sent", args=[order.reference])
    event = Event.objects.get(subject_id=order.pk, verb="resubmit")
    assert event.comment == "Named the customer."
    assert event.data["changed"]["purpose"] == [PURPOSE, better]


def test_a_word_that_is_too_long_is_told_and_nothing_is_sent(story: Story, ingrid: Client) -> None:
    order = story.order_in("returned")
    answer = ingrid.post(check(order), {"version": order.version, "comment": "x" * 100_000})
    assert answer.status_code == 422
    assert "2000" in answer.content.decode()
    order.refresh_from_db()
    assert order.state == "returned"


def test_the_guide_for_the_purpose(story: Story, ingrid: Client) -> None:
    answer = ingrid.post(reverse("order_purpose_check"), {"purpose": PURPOSE})
    text = answer.content.decode()
    assert text.count('data-state="met"') == 4
    assert "“every night”" in text
    assert "<html" not in text
    empty = ingrid.post(reverse("order_purpose_check")).content.decode()
    assert empty.count('data-state="todo"') == 4
    assert ingrid.get(reverse("order_purpose_check")).status_code == 405
    assert Client().post(reverse("order_purpose_check")).status_code == 403


def test_the_guide_is_there_without_script(story: Story, ingrid: Client) -> None:
    answer = ingrid.post(NEW, {"purpose": PURPOSE})
    assert answer.status_code == 422
    assert answer.content.decode().count('data-state="met"') == 4


def test_the_sent_page_is_for_what_is_sent(story: Story, ingrid: Client) -> None:
    order = story.order_in("draft")
    sent = reverse("order_sent", args=[order.reference])
    assert ingrid.get(sent)["Location"] == reverse("order", args=[order.reference])


def test_a_reactivation_is_filled_in_and_its_environment_is_fixed(story: Story, ingrid: Client) -> None:
    account = story.account_in("suspended")
    answer = ingrid.post(reverse("account_reactivate", args=[account.pk]))
    order = Order.objects.get(concerns=account)
    assert answer["Location"] == edit(order)
    typed: dict[str, Any] = {**TYPED, "environments": ["PRODUCTION"]}
    assert ingrid.post(edit(order), typed)["Location"] == check(order)
    assert [environment.name for environment in order.environments.all()] == ["TEST"]
    assert f"{edit(order)}#id_environments_0" not in ingrid.get(check(order)).content.decode()
    ingrid.post(check(order), {"version": order.version})
    order.refresh_from_db()
    assert order.state == "support"


def test_saving_needs_the_token_of_the_page(story: Story) -> None:
    client = browser_of(story.ingrid, enforce_csrf_checks=True)
    assert client.post(NEW, TYPED).status_code == 403
    assert not Order.objects.exists()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"organisation_number": "12"}, "Organisation number: Enter the organisation number with 9 digits"),
        ({"technical_email": "nobody"}, "Technical contact’s email: Enter a valid email"),
    ],
)
def test_no_door_lets_a_wrong_answer_through(story: Story, ingrid: Client, wrong: dict[str, str], said: str) -> None:
    order = story.draft(**wrong)
    answer = ingrid.post(reverse("order_verb", args=[order.reference, "submit"]), {"version": order.version})
    assert answer.status_code == 422
    assert said in answer.content.decode()
    order.refresh_from_db()
    assert order.state == "draft"
