"""The order’s page for staff: what it says of the order, its history and its organisation."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
import time_machine
from django.urls import reverse

from accounts.actions import ordering
from accounts.lifecycle.states import OrderState
from accounts.models import Order
from tests.story import NOW, PURPOSE, Story
from tests.web.staff_pages import browser, queries, read, words


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def page(order: Order) -> str:
    return reverse("staff_order", args=[order.reference])


def test_the_page_says_who_asks_for_what_and_why(story: Story) -> None:
    order = story.order_in("support", environments=("TEST", "PRODUCTION"))
    text = words(read(browser(story, "support"), page(order)))
    for said in ("Nordsjø Surplus AS", "923609016", "Seller", "SAP", PURPOSE, "Tor Teknisk", "Ingrid Solheim"):
        assert said in text
    assert "TEST PRODUCTION" in text
    assert "Ingrid Solheim sent the order" in text


@pytest.mark.parametrize("state", [state.value for state in OrderState if state is not OrderState.DRAFT])
@pytest.mark.parametrize("who", ["support", "responsible", "administrator"])
def test_the_page_opens_in_every_state(story: Story, who: str, state: str) -> None:
    order = story.order_in(state)
    assert order.reference in read(browser(story, who), page(order))


def test_a_draft_is_its_requesters_alone(story: Story) -> None:
    order = story.order_in("draft")
    read(browser(story, "support"), page(order), 404)
    own = story.draft("support")
    answer = browser(story, "support").get(page(own))
    assert (answer.status_code, answer["Location"]) == (302, reverse("order", args=[own.reference]))


@pytest.mark.parametrize("reference", ["LA-2026-9999", "x" * 400, "1-OR-1"])
def test_an_order_that_is_not_there_is_404(story: Story, reference: str) -> None:
    read(browser(story, "support"), f"/staff/orders/{reference}/", 404)


def test_what_changed_since_it_was_last_sent_is_marked(story: Story) -> None:
    order = story.order_in("returned")
    changed = {"purpose": "We also send pumps to Loop every night, for project Ekko (P-4471).", "as_broker": True}
    ordering.save_answers(order, changed, by=story.actor("ingrid"), now=NOW)
    story.do(order, "resubmit", "ingrid", comment="I added the pumps.")
    text = words(read(browser(story, "support"), page(order)))
    assert (
        f"Purpose Changed We also send pumps to Loop every night, for project Ekko (P-4471). Before: {PURPOSE}" in text
    )
    assert "Role in Loop Changed Seller + Broker Before: Seller" in text
    assert text.count(" Changed ") == 2
    assert "I added the pumps." in text


def test_a_likely_duplicate_is_shown_with_its_last_use(story: Story) -> None:
    used = story.account(client_id="nordsjo-test", last_used_on=date(2026, 11, 20))
    story.account(client_id="nordsjo-production", environment=story.production)
    story.account_in("closed", client_id="nordsjo-closed")
    order = story.order_in("support")
    text = read(browser(story, "support"), page(order))
    warned = text.split("Possible duplicate")[1].split("</ul>")[0]
    assert reverse("staff_account", args=[used.pk]) in warned
    assert "last used 20 Nov 2026" in words(warned)
    assert "nordsjo-production" not in warned
    assert "nordsjo-closed" not in warned


def test_its_own_account_is_no_duplicate(story: Story) -> None:
    assert "Possible duplicate" not in read(browser(story, "support"), page(story.order_in("issued")))


def test_the_organisations_other_orders_and_accounts_are_listed(story: Story) -> None:
    rejected = story.order_in("rejected")
    account = story.account(client_id="nordsjo-imported")
    story.draft()
    elsewhere = story.order_in("support", organisation_number="974760673", organisation_name="Other AS")
    text = read(browser(story, "support"), page(story.order_in("support")))
    others = text.split("other orders and accounts")[-1]
    assert rejected.reference in others
    assert account.client_id in others
    assert elsewhere.reference not in others


def test_internal_notes_are_marked(story: Story) -> None:
    order = story.order_in("support")
    story.do(order, "send_for_approval", "support", comment="Known customer.")
    text = words(read(browser(story, "responsible"), page(order)))
    assert "Internal: the requester does not see this Known customer." in text
    assert "Marte Lunde wrote to the approver: Known customer." in text


def test_the_number_of_queries_does_not_grow_with_history_and_neighbours(story: Story) -> None:
    order = story.order_in("support", environments=("TEST", "PRODUCTION"))
    story.order_in("rejected")
    story.account()
    client = browser(story, "support")
    few = queries(client, page(order))
    for _number in range(9):
        story.order_in("rejected", environments=("TEST", "PRODUCTION"))
        story.account()
        story.do(order, "return", "support", comment="More, please.")
        story.do(order, "resubmit", "ingrid")
    assert queries(client, page(order)) == few


def test_the_next_order_to_decide_is_offered_to_whoever_may_decide_it(story: Story) -> None:
    first, second = story.order_in("approval"), story.order_in("approval")
    Order.objects.filter(pk=first.pk).update(state_since=NOW - timedelta(days=1))
    assert f"Next to decide: {first.reference}" in read(browser(story, "responsible"), page(second))
    assert "Next to decide" not in read(browser(story, "support"), page(second))
