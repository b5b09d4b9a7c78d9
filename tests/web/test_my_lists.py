"""A person's own orders and accounts: the filters, the year of use, and how long an account is safe."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from datetime import date, timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Account, DailyUsage, Order
from accounts.readers import my_orders
from accounts.readers.year_strip import Strip, strips
from tests.story import NOW, Story
from tests.web.test_order_pages import queries, text_of
from tests.web.visitors import browser_of

TODAY = timezone.localdate(NOW)
MONDAY = date(2026, 11, 23)


@pytest.fixture(autouse=True)
def the_day_of_the_story() -> Iterator[None]:
    with time_machine.travel(NOW, tick=True):
        yield


@pytest.fixture
def ingrid(story: Story) -> Client:
    return browser_of(story.ingrid)


def shown(client: Client, query: str) -> set[str]:
    return {row.order.state for row in client.get(f"/orders/?{query}").context["rows"]}


def strip_of(account: Account) -> Strip:
    return strips([account], TODAY)[account.pk]


def called(account: Account, day: date, calls: int) -> None:
    DailyUsage.objects.create(account=account, day=day, calls=calls)


def test_orders_are_filtered_by_whose_turn_it_is(story: Story, ingrid: Client) -> None:
    for state in ("draft", "returned", "support", "approval", "rejected", "withdrawn"):
        story.order_in(state)
    assert shown(ingrid, "turn=mine") == {"draft", "returned"}
    assert shown(ingrid, "turn=others") == {"support", "approval"}
    assert shown(ingrid, "turn=ended") == {"rejected", "withdrawn"}
    assert len(shown(ingrid, "turn=%00nonsense")) == 6


def test_a_secret_to_collect_waits_for_its_owner(story: Story, ingrid: Client) -> None:
    story.order_in("issued")
    assert shown(ingrid, "turn=mine") == {"issued"}
    assert shown(ingrid, "turn=ended") == set()


def test_every_order_is_in_exactly_one_choice(story: Story) -> None:
    for state in ("draft", "returned", "support", "approved", "issued", "rejected", "withdrawn"):
        story.order_in(state)
    by = story.actor("ingrid")
    found = [row.order.pk for turn in ("mine", "others", "ended") for row in my_orders.my_orders(by, {}, turn)[0]]
    assert sorted(found) == sorted(Order.objects.values_list("pk", flat=True))


def test_the_filter_stands_there_when_there_are_many(story: Story, ingrid: Client) -> None:
    for _each in range(my_orders.AT_A_GLANCE):
        story.draft()
    assert "lp-filters" not in text_of(ingrid, "/orders/")
    assert "lp-filters" in text_of(ingrid, "/orders/?turn=mine")
    story.draft()
    assert "lp-filters" in text_of(ingrid, "/orders/")


def test_a_filter_that_finds_nothing_leads_back(story: Story, ingrid: Client) -> None:
    story.draft()
    text = text_of(ingrid, "/orders/?turn=ended")
    assert "No order fits" in text
    assert "Show all orders" in text
    story.account(client_id="mine")
    text = text_of(ingrid, "/accounts/?q=nothing")
    assert "No account fits" in text


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=ALPHA", {"alpha"}),
        ("q=maximo", {"beta"}),
        ("q=923 609 016", {"alpha", "beta", "gamma"}),
        ("state=suspended", {"gamma"}),
        ("environment=PRODUCTION", {"beta"}),
        ("q=alpha&environment=PRODUCTION", set()),
        ("q=%00", {"alpha", "beta", "gamma"}),
        ("environment=MOON", {"alpha", "beta", "gamma"}),
        ("q=" + "x" * 300, {"alpha", "beta", "gamma"}),
    ],
)
def test_accounts_are_filtered(story: Story, ingrid: Client, query: str, found: set[str]) -> None:
    story.account(client_id="alpha")
    story.account(client_id="beta", system="Maximo", environment=story.production)
    story.do(story.account(client_id="gamma"), "suspend", "support", comment="A leaked secret.")
    story.account(client_id="foreign", owner=story.stranger)
    rows = ingrid.get(f"/accounts/?{query}").context["rows"]
    assert {row["card"].account.client_id for row in rows} == found


def test_the_strip_tells_silent_from_unknown(story: Story) -> None:
    account = story.account()
    story.covered(MONDAY - timedelta(weeks=3), TODAY)
    called(account, MONDAY - timedelta(weeks=1), 99)
    called(account, MONDAY - timedelta(weeks=1) + timedelta(days=6), 1)
    called(account, MONDAY - timedelta(weeks=10), 20_000)
    strip = strip_of(account)
    assert len(strip.weeks) == 52
    assert [week.color for week in strip.weeks[-4:]] == ["h0", "h0", "h2", "h0"]
    assert (strip.weeks[-11].color, strip.weeks[-12].color) == ("h4", "hx")
    assert (strip.used, strip.known) == (2, 5)


def test_the_strip_is_a_year_of_weeks_and_an_accepted_gap_is_no_report(story: Story) -> None:
    account = story.account()
    gap = story.covered(MONDAY - timedelta(weeks=60), TODAY)
    gap.accepted_by = "Marte Lunde"
    gap.save()
    called(account, MONDAY - timedelta(weeks=51), 1)
    called(account, MONDAY - timedelta(weeks=52) + timedelta(days=6), 1)
    strip = strip_of(account)
    assert (strip.used, strip.known) == (1, 1)
    assert strip.weeks[0].monday == MONDAY - timedelta(weeks=51)


def test_weeks_before_the_account_are_not_silent(story: Story) -> None:
    story.covered(MONDAY - timedelta(weeks=60), TODAY)
    assert strip_of(story.account(activated_on=MONDAY - timedelta(weeks=2))).known == 3
    assert strip_of(story.account(watched_from=TODAY - timedelta(days=8), stated_through=None)).known == 3
    assert strip_of(story.account()).known == 52


def test_the_strips_cost_the_same_for_many_accounts(story: Story, ingrid: Client) -> None:
    story.covered(TODAY - timedelta(days=400), TODAY)
    called(story.account(), TODAY, 5)
    few = queries(ingrid, "/accounts/")
    for number in range(20):
        called(story.account(), TODAY - timedelta(days=number), 5)
    assert queries(ingrid, "/accounts/") == few
    assert "Used in 1 of 52 weeks" in text_of(ingrid, "/accounts/")


def test_safe_until_is_the_day_before_a_notice_may_come(story: Story, ingrid: Client) -> None:
    story.account(last_used_on=date(2026, 11, 13))
    assert "Safe until" in text_of(ingrid, "/accounts/")
    assert ingrid.get("/accounts/").context["rows"][0]["card"].safe_until == date(2027, 11, 13)


def test_getting_started_is_written_for_this_account(story: Story, ingrid: Client) -> None:
    account = story.account(client_id="it's-mine")
    text = text_of(ingrid, reverse("account_start", args=[account.pk]))
    assert story.test.token_url in text
    assert f"{story.test.base_url}/loop-m2m/loop-api/v1/sales?page=1&amp;limit=1&amp;countQueries=true" in text
    plain = html.unescape(re.sub(r"</?span[^>]*>", "", text))
    assert """'client_id=it'"'"'s-mine'""" in plain, "quoted for the shell"
    assert "LOOP_CLIENT_SECRET" in text
    assert "does not work now" not in text


def test_getting_started_never_holds_the_secret(story: Story, ingrid: Client) -> None:
    account = story.order_in("issued").accounts.get()
    text = text_of(ingrid, reverse("account_start", args=[account.pk]))
    assert "secret-TEST" not in text
    assert reverse("collect", args=[account.pk]) in text


def test_getting_started_of_an_account_that_does_not_work_says_so(story: Story, ingrid: Client) -> None:
    account = story.account_in("suspended")
    assert "does not work now" in text_of(ingrid, reverse("account_start", args=[account.pk]))


def test_getting_started_is_for_those_who_see_the_account(story: Story) -> None:
    account = story.order_in("issued").accounts.get()
    url = reverse("account_start", args=[account.pk])
    assert browser_of(story.stranger).get(url).status_code == 404
    assert browser_of(story.support).get(url).status_code == 200
    assert browser_of(story.cegal).get(url).status_code in (302, 404)
    assert Client().get(url).status_code == 302
