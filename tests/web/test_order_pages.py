"""The list of orders and the page of one order: who sees what, and what it says in each state."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.actions import ordering
from accounts.lifecycle.states import OrderState
from accounts.models import Event, Order
from tests.story import NOW, Story
from tests.web.visitors import browser_of

EVERY_STATE = [state.value for state in OrderState]


def text_of(client: Client, url: str, status: int = 200) -> str:
    answer = client.get(url)
    assert answer.status_code == status, answer.content.decode()[:2000]
    return answer.content.decode()


def page(order: Order) -> str:
    return reverse("order", args=[order.reference])


@pytest.mark.parametrize("url", ["/orders/", "/orders/new/", "/accounts/"])
def test_pages_ask_for_sign_in_and_come_back(client: Client, db: None, url: str) -> None:
    answer = client.get(url)
    assert (answer.status_code, answer["Location"]) == (302, f"/account/login/?next={url}")


def test_an_empty_list_leads_to_the_order_form(story: Story) -> None:
    text = text_of(browser_of(story.ingrid), "/orders/")
    assert "No orders yet" in text
    assert reverse("order_new") in text


def test_the_list_says_state_reference_and_whose_turn(story: Story) -> None:
    mine, with_support = story.order_in("draft"), story.order_in("support")
    text = text_of(browser_of(story.ingrid), "/orders/")
    assert mine.reference in text
    assert with_support.reference in text
    assert '<td data-label="Whose turn">You</td>' in text
    assert '<td data-label="Whose turn">Support</td>' in text


def test_the_list_holds_only_what_this_person_requested(story: Story) -> None:
    order = story.order_in("support")
    for other in (story.stranger, story.support, story.administrator):
        assert order.reference not in text_of(browser_of(other), "/orders/")


def test_the_list_pages_by_key(story: Story) -> None:
    by = story.actor("ingrid")
    references = [ordering.start(by=by, now=NOW).reference for _ in range(27)]
    client = browser_of(story.ingrid)
    first = client.get("/orders/")
    second = client.get(first.context["next_url"])
    shown = [row.order.reference for row in [*first.context["rows"], *second.context["rows"]]]
    assert sorted(shown) == sorted(references)
    assert not second.context["next_url"]
    back = client.get(second.context["previous_url"])
    assert [row.order for row in back.context["rows"]] == [row.order for row in first.context["rows"]]


@pytest.mark.parametrize("asked", ["after=rubbish", "after=%00~x", "before=~", "after=" + "9" * 5000])
def test_a_key_that_nobody_gave_shows_the_first_page(story: Story, asked: str) -> None:
    order = story.order_in("draft")
    assert order.reference in text_of(browser_of(story.ingrid), f"/orders/?{asked}")


def queries(client: Client, url: str) -> int:
    client.get(url)
    with CaptureQueriesContext(connection) as seen:
        assert client.get(url).status_code == 200
    return len(seen)


def test_the_list_asks_the_database_equally_often_for_one_order_and_for_twenty(story: Story) -> None:
    client = browser_of(story.ingrid)
    story.order_in("issued")
    few = queries(client, "/orders/")
    for _ in range(19):
        story.draft()
    assert queries(client, "/orders/") == few


@pytest.mark.parametrize("state", EVERY_STATE)
def test_the_page_of_an_order_in_every_state(story: Story, state: str) -> None:
    order = story.order_in(state)
    text = text_of(browser_of(story.ingrid), page(order))
    assert order.reference in text
    assert text.count("<li data-state=") >= 5
    assert "Access for Nordsjø Surplus AS" in text


@pytest.mark.parametrize("state", EVERY_STATE)
def test_a_stranger_gets_404_for_an_order_in_every_state(story: Story, state: str) -> None:
    order = story.order_in(state)
    client = browser_of(story.stranger)
    names = ("order", "order_edit", "order_check", "order_sent")
    assert {client.get(reverse(name, args=[order.reference])).status_code for name in names} == {404}
    assert client.post(reverse("order_edit", args=[order.reference]), {"save": "1"}).status_code == 404
    assert client.post(reverse("order_check", args=[order.reference])).status_code == 404


def test_a_draft_is_its_requesters_alone(story: Story) -> None:
    order = story.order_in("draft")
    for staff in (story.support, story.responsible, story.cegal, story.administrator):
        assert browser_of(staff).get(page(order)).status_code == 404


def test_staff_see_the_page_with_a_way_to_theirs_and_cannot_change_it(story: Story) -> None:
    order = story.order_in("returned")
    client = browser_of(story.support)
    assert reverse("staff_order", args=[order.reference]) in text_of(client, page(order))
    text_of(client, reverse("order_edit", args=[order.reference]), 403)
    text_of(client, reverse("order_check", args=[order.reference]), 403)


def test_cegal_is_led_to_the_page_with_what_cegal_needs(story: Story) -> None:
    order = story.order_in("cegal_setup")
    answer = browser_of(story.cegal).get(page(order))
    assert (answer.status_code, answer["Location"]) == (302, reverse("cegal_order", args=[order.reference]))


def test_the_steps_say_where_the_order_is(story: Story) -> None:
    client = browser_of(story.ingrid)
    states = {
        state: [step.state for step in client.get(page(story.order_in(state))).context["steps"]]
        for state in ("draft", "returned", "approval", "cegal_setup", "issued", "rejected", "withdrawn")
    }
    assert states == {
        "draft": ["next"] * 5,
        "returned": ["you", "next", "next", "next", "next"],
        "approval": ["done", "now", "next", "next", "next"],
        "cegal_setup": ["done", "done", "now", "next", "next"],
        "issued": ["done", "done", "done", "you", "next"],
        "rejected": ["stopped", "next", "next", "next", "next"],
        "withdrawn": ["stopped", "next", "next", "next", "next"],
    }


def test_an_order_that_the_service_responsible_rejected_stops_at_approval(story: Story) -> None:
    order = story.order_in("approval")
    story.do(order, "reject", "responsible", comment="No.")
    steps = browser_of(story.ingrid).get(page(order)).context["steps"]
    assert [step.state for step in steps][:2] == ["done", "stopped"]


def test_buttons_are_what_may_be_done_now(story: Story) -> None:
    client = browser_of(story.ingrid)

    def labels(state: str) -> list[str]:
        return [action["label"] for action in client.get(page(story.order_in(state))).context["actions"]]

    assert labels("support") == ["Withdraw"]
    assert labels("cegal_setup") == []
    assert labels("withdrawn") == [], "reopening is the banner’s button"


def test_a_returned_order_shows_each_comment_and_the_day(story: Story) -> None:
    order = story.order_in("returned")
    text = text_of(browser_of(story.ingrid), page(order))
    assert "Support needs more information" in text
    assert "Which project is it for?" in text
    assert "Say more." in text
    assert "23 December 2026" in text
    assert reverse("order_edit", args=[order.reference]) in text


def test_notes_among_staff_are_not_for_the_requester(story: Story) -> None:
    order = story.order_in("support")
    story.do(order, "send_for_approval", "support", comment="Between us: check the contract.")
    story.do(order, "approve", "responsible", comment="Welcome aboard.")
    story.do(order, "send_to_cegal", "support")
    story.do(order, "hand_back", "cegal", comment="Between us: tenant is full.")
    text = text_of(browser_of(story.ingrid), page(order))
    assert "Between us" not in text
    assert "Welcome aboard." in text


def test_the_history_tells_who_did_what(story: Story) -> None:
    order = story.order_in("approval")
    text = text_of(browser_of(story.ingrid), page(order))
    assert "<strong>You</strong> sent the order" in text
    assert "<strong>Marte Lunde</strong> sent the order for approval" in text


def test_a_long_history_pages(story: Story) -> None:
    order = story.order_in("draft")
    for _ in range(30):
        story.do(order, "withdraw", "ingrid")
        story.do(order, "reopen", "ingrid")
    client = browser_of(story.ingrid)
    first = client.get(page(order))
    assert len(first.context["entries"]) == 50
    second = client.get(first.context["older_url"].split("#")[0])
    assert len(second.context["entries"]) == Event.objects.filter(subject_id=order.pk).count() - 50
    assert client.get(f"{page(order)}?before=x%00").status_code == 200


def test_accounts_of_the_order_lead_on_only_for_whoever_may_see_them(story: Story) -> None:
    owned = story.order_in("issued")
    foreign = story.order_in("issued", owner_name="Tor Hagen", owner_email="tor.hagen@nordsjo.example")
    client = browser_of(story.ingrid)
    account, other = owned.accounts.get(), foreign.accounts.get()
    assert reverse("collect", args=[account.pk]) in text_of(client, page(owned))
    text = text_of(client, page(foreign))
    assert "Tor Hagen" in text
    assert str(other.pk) not in text
    assert other.client_id not in text


@pytest.mark.parametrize("reference", ["LA-1999-9999", "new-order", "x" * 300])
def test_an_order_that_is_not_there(story: Story, reference: str) -> None:
    assert browser_of(story.ingrid).get(f"/orders/{reference}/").status_code == 404


def test_a_reference_with_odd_letters_is_404(story: Story) -> None:
    client = browser_of(story.ingrid)
    assert client.get("/orders/LA%00/").status_code == 404
    assert client.get("/orders/%F0%9F%98%80/").status_code == 404
    assert client.get("/orders/LA%00/do/submit/").status_code == 404


def test_what_somebody_typed_is_text(story: Story) -> None:
    order = story.order_in("draft", organisation_name="<script>alert(1)</script>", purpose="</p><img src=x onerror=1>")
    text = text_of(browser_of(story.ingrid), page(order))
    assert "<script>alert" not in text
    assert "<img src=x" not in text


def test_the_page_in_norwegian(story: Story) -> None:
    order = story.order_in("support")
    client = browser_of(story.ingrid)
    answer = client.get(page(order), headers={"accept-language": "nb"})
    assert (answer.status_code, b'<html lang="nb"' in answer.content) == (200, True)


def test_a_withdrawal_is_taken_back_with_one_press(story: Story) -> None:
    order, client = story.order_in("approval"), browser_of(story.ingrid)
    client.post(reverse("order_verb", args=[order.reference, "withdraw"]), {"version": order.version})
    text = text_of(client, page(order))
    reopen = reverse("order_verb", args=[order.reference, "reopen"])
    assert f'action="{reopen}"' in text
    assert "Undo: reopen the order" in text
    assert reopen not in text_of(browser_of(story.support), page(order))
    order.refresh_from_db()
    client.post(reopen, {"version": order.version})
    order.refresh_from_db()
    assert (order.state, order.system) == ("draft", "SAP")


def test_the_form_costs_the_same_however_much_there_is(story: Story) -> None:
    client, order = browser_of(story.ingrid), story.draft()
    story.account(system="SAP")
    story.order_in("support")
    edit = reverse("order_edit", args=[order.reference])
    few, here = queries(client, edit), queries(client, page(order))
    for _each in range(5):
        story.account(system="SAP")
        story.order_in("support")
    assert queries(client, edit) == few
    assert queries(client, page(order)) == here
    assert few <= 20
    assert here <= 26
