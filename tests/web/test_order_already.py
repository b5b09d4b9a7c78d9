"""While one orders: what one already has for the same system, and never what others have."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import Account, Environment, Order, Organisation
from accounts.readers.duplicates import already_there
from tests.story import Story
from tests.web.form import NEW, TYPED, check, edit
from tests.web.visitors import browser_of

NUMBER = "923609016"


@pytest.fixture
def ingrid(story: Story) -> Client:
    return browser_of(story.ingrid)


def for_sap(story: Story, **columns: object) -> Account:
    return story.account(client_id="sap-test", system="SAP", **columns)


def test_an_account_for_the_same_system_is_told_while_typing(story: Story, ingrid: Client) -> None:
    for_sap(story)
    page = ingrid.post("/orders/new/autosave", {"organisation_number": "923 609 016", "system": "sap"}).content.decode()
    assert "You already have TEST for sap" in page
    assert "Order only PRODUCTION" in page


def test_without_script_the_form_and_the_check_page_tell(story: Story, ingrid: Client) -> None:
    for_sap(story)
    order = story.draft()
    for page in (edit(order), check(order)):
        assert "You already have TEST for SAP" in ingrid.get(page).content.decode()
    assert "Order only" not in ingrid.get(check(order)).content.decode()


def test_one_button_orders_only_what_is_left(story: Story, ingrid: Client) -> None:
    for_sap(story)
    answer = ingrid.post(NEW, {**TYPED, "save": "left"})
    order = Order.objects.get()
    assert answer["Location"] == edit(order)
    assert [environment.name for environment in order.environments.all()] == ["PRODUCTION"]
    assert order.system == "SAP"


def test_a_form_like_an_account_is_filled_in(story: Story, ingrid: Client) -> None:
    account = for_sap(story)
    page = ingrid.get(f"{NEW}?like={account.pk}")
    form = page.context["form"]
    assert [form[name].value() for name in ("organisation_number", "system", "role")] == [NUMBER, "SAP", "seller"]
    assert form["environments"].value() == ["PRODUCTION"]
    assert not Order.objects.exists()


@pytest.mark.parametrize("like", ["", "x", "00000000-0000-0000-0000-000000000000", "a\0b"])
def test_a_form_like_nothing_known_is_empty(story: Story, ingrid: Client, like: str) -> None:
    assert ingrid.get(NEW, {"like": like}).context["form"]["system"].value() is None


def test_an_order_under_way_counts_and_this_one_does_not(story: Story, ingrid: Client) -> None:
    order = story.order_in("approval")
    page = ingrid.post("/orders/new/autosave", {"organisation_number": NUMBER, "system": "SAP"}).content.decode()
    assert "You already ordered access for SAP" in page
    assert order.reference in page
    actor = story.actor("ingrid")
    assert already_there(actor, NUMBER, "SAP", but=order.pk) is None


def test_asking_only_for_what_one_does_not_have_is_no_duplicate(story: Story, ingrid: Client) -> None:
    for_sap(story)
    order = story.draft(environments=("PRODUCTION",))
    assert "You already have" not in ingrid.get(edit(order)).content.decode()
    typed = {"organisation_number": NUMBER, "system": "SAP", "environments": ["TEST", "PRODUCTION"]}
    assert "You already have TEST" in ingrid.post("/orders/new/autosave", typed).content.decode()


def test_when_nothing_is_left_a_second_account_can_still_be_ordered(story: Story, ingrid: Client) -> None:
    for_sap(story)
    story.account(client_id="sap-prod", system="SAP", environment=story.production)
    page = ingrid.get(edit(story.draft())).content.decode()
    assert "You already have PRODUCTION, TEST for SAP" in page
    assert "second account" in page
    assert "Order only" not in page


def test_an_environment_that_cannot_be_ordered_is_not_offered(story: Story) -> None:
    for_sap(story)
    Environment.objects.filter(name="PRODUCTION").update(active=False)
    found = already_there(story.actor("ingrid"), NUMBER, "SAP")
    assert found is not None
    assert found.left == []


def test_nobody_learns_what_others_have(story: Story) -> None:
    for_sap(story)
    story.order_in("approval")
    for who in ("stranger", "support", "administrator", "cegal"):
        assert already_there(story.actor(who), NUMBER, "SAP") is None, who
        page = browser_of(getattr(story, who)).post(
            "/orders/new/autosave", {"organisation_number": NUMBER, "system": "SAP"}
        )
        assert "sap-test" not in page.content.decode()
        assert "already" not in page.content.decode().replace('id="already"', "")


@pytest.mark.parametrize(
    ("columns", "number", "system"),
    [
        ({"system": "Maximo"}, NUMBER, "SAP"),
        ({"system": "SAP"}, "974760673", "SAP"),
        ({"system": "SAP", "state": "closed"}, NUMBER, "SAP"),
        ({"system": ""}, NUMBER, " "),
        ({"system": "SAP"}, "", "SAP"),
    ],
)
def test_what_is_not_the_same_is_no_duplicate(story: Story, columns: dict, number: str, system: str) -> None:
    Organisation.objects.create(number="974760673", name="Another")
    state = columns.pop("state", "active")
    account = story.account(**columns)
    if state == "closed":
        story.do(account, "close", "ingrid", comment="Done.")
    assert already_there(story.actor("ingrid"), number, system) is None
