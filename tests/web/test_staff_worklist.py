"""The worklist and the approvals: what is shown, found and counted, and what must not be decided."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.actions import assigning, conversation
from accounts.lifecycle.policy import Policy
from accounts.lifecycle.states import OrderState, Role
from accounts.models import Order
from accounts.readers import worklist
from tests.story import NOW, Story
from tests.web.staff_pages import browser, queries, read, words

URL = "/staff/worklist/"


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def waits_since(order: Order, **ago: float) -> Order:
    """Let ``order`` stand in its state for so long."""
    Order.objects.filter(pk=order.pk).update(state_since=NOW - timedelta(**ago))
    return order


def references(page: str) -> list[str]:
    """The references of the rows, in their order."""
    return re.findall(r'class="lp-ref">(LA-[\d-]+)<', page)


def test_an_empty_worklist_says_why(story: Story) -> None:
    text = words(read(browser(story, "support"), URL))
    assert "Nothing waits" in text
    assert "0 open orders. None is past the target of its stage." in text


def test_open_orders_stand_with_the_longest_waiting_first(story: Story) -> None:
    new = waits_since(story.order_in("support"), minutes=35)
    old = waits_since(story.order_in("approval"), days=10)
    page = read(browser(story, "support"), URL)
    assert page.index(old.reference) < page.index(new.reference)
    assert reverse("staff_order", args=[old.reference]) in page
    text = words(page)
    assert "35 min" in text
    assert "10 d Past the target of 2 working days" in text
    assert "2 open orders. 1 is past the target of its stage." in text
    assert "Seller · Ingrid Solheim" in text


def test_each_row_names_the_environments_of_its_own_order(story: Story) -> None:
    alone = waits_since(story.order_in("support", environments=("PRODUCTION",)), days=3)
    both = waits_since(story.order_in("support", environments=("PRODUCTION", "TEST")), days=2)
    page = read(browser(story, "support"), URL)
    rows = page.split('class="lp-ref">')[1:]
    shown = {row.split("<")[0]: re.findall(r'data-env="(\w+)"', row) for row in rows}
    assert shown == {alone.reference: ["production"], both.reference: ["test", "production"]}


def test_the_last_day_of_a_target_is_due_today(story: Story) -> None:
    waits_since(story.order_in("support"), days=4)  # Thursday; two working days later is Monday the 23rd
    assert "Due today" in words(read(browser(story, "support"), URL))


def test_the_clock_stands_still_while_an_order_is_returned(story: Story) -> None:
    waits_since(story.order_in("returned"), days=20)
    text = words(read(browser(story, "support"), URL))
    assert "The requester has until 23 Dec 2026" in text
    assert "Past the target" not in text
    assert "None is past" in text


def test_drafts_and_finished_orders_are_not_open(story: Story) -> None:
    draft, rejected = story.order_in("draft"), story.order_in("rejected")
    client = browser(story, "support")
    assert draft.reference not in read(client, URL)
    assert rejected.reference not in read(client, URL)
    everything = read(client, f"{URL}?state=all")
    assert draft.reference not in everything
    assert rejected.reference in everything


def test_each_state_is_a_tab_with_its_number(story: Story) -> None:
    first, second = story.order_in("support"), story.order_in("approved")
    page = read(browser(story, "support"), f"{URL}?state=approved")
    assert second.reference in page
    assert first.reference not in page
    assert '<a href="/staff/worklist/?state=approved" aria-current="page">Approved<span class="count">1</span>' in page
    assert 'With Support<span class="count">1</span>' in page
    assert '>Open<span class="count">2</span>' in page


@pytest.mark.parametrize(
    "text",
    ["LA-2026", "la-2026-0001", "skagerrak", "SKAGERRAK", "ægir", "923 609 016", "Kari", "kari@skagerrak.example"],
)
def test_search_finds_reference_organisation_and_people(story: Story, text: str) -> None:
    found = story.draft(
        organisation_name="Ægir Skagerrak AS", owner_name="Kari Nymoen", owner_email="kari@skagerrak.example"
    )
    story.do(found, "submit", "ingrid")
    assert found.reference in read(browser(story, "support"), f"{URL}?q={text}")


def test_search_finds_the_beginning_of_a_client_id(story: Story) -> None:
    found, other = story.order_in("credential_issue"), story.order_in("support")
    page = read(browser(story, "support"), f"{URL}?q={found.accounts.get().client_id[:8].upper()}")
    assert found.reference in page
    assert other.reference not in page


def test_filters_go_together_and_stay_in_every_address(story: Story) -> None:
    both = story.order_in("support", environments=("TEST", "PRODUCTION"))
    test_only = story.order_in("support")
    page = read(browser(story, "support"), f"{URL}?state=support&environment=PRODUCTION&q=nords")
    assert both.reference in page
    assert test_only.reference not in page
    assert "?environment=PRODUCTION&q=nords&state=approval" in page
    assert page.count('value="nords"') == 1


def test_what_is_not_in_this_tab_is_looked_for_in_all(story: Story) -> None:
    rejected = story.order_in("rejected")
    client = browser(story, "support")
    page = read(client, f"{URL}?q={rejected.reference}")
    assert "No order here matches" in page
    assert f"{URL}?q={rejected.reference}&state=all" in page
    assert rejected.reference in read(client, f"{URL}?q={rejected.reference}&state=all").split("<tbody>")[1]


@pytest.mark.parametrize(
    "query",
    [
        "state=nonsense",
        "environment=NOWHERE",
        "q=%00",
        "q=" + "x" * 5000,
        "q=%25%27%22%3Cscript%3E",
        "after=rubbish",
        "after=" + "9" * 400,
        "after=2026-11-23~x",
        "after=0001-01-01T00:00:00%2B14:00~00000000-0000-0000-0000-000000000000",
        "after=2026-11-23T10:00:00~00000000-0000-0000-0000-000000000000",
        "before=~",
        "after=%00~%00",
    ],
)
def test_odd_questions_get_a_page(story: Story, query: str) -> None:
    story.order_in("support")
    answer = browser(story, "support").get(f"{URL}?{query}")
    assert answer.status_code == 200
    assert "<script>" not in answer.content.decode()


def test_pages_go_on_by_key_and_come_back(story: Story) -> None:
    orders = [waits_since(story.order_in("support"), hours=number) for number in range(1, 28)]
    client = browser(story, "support")
    first = read(client, URL)
    assert orders[-1].reference in first
    assert orders[0].reference not in first
    assert 'rel="prev"' not in first
    onwards = first.split('rel="next" href="')[1].split('"')[0]
    second = read(client, onwards)
    assert orders[0].reference in second
    assert orders[-1].reference not in second
    assert 'rel="next"' not in second
    back = second.split('rel="prev" href="')[1].split('"')[0]
    assert references(read(client, back)) == references(first)


def test_the_number_of_queries_does_not_grow(story: Story) -> None:
    client = browser(story, "support")
    for _number in range(2):
        story.order_in("support", environments=("TEST", "PRODUCTION"))
    few = queries(client, URL)
    for _number in range(28):
        story.order_in("support", environments=("TEST", "PRODUCTION"))
    assert queries(client, URL) == few


# --- approvals


def test_approvals_stand_oldest_first_and_lead_to_the_order(story: Story) -> None:
    new = waits_since(story.order_in("approval"), hours=2)
    old = waits_since(story.order_in("approval"), days=3)
    other = story.order_in("support")
    page = read(browser(story, "responsible"), "/staff/approvals/")
    assert page.index(old.reference) < page.index(new.reference)
    assert other.reference not in page
    assert page.count(">Decide<") == 2


def test_approvals_say_what_somebody_must_not_decide_and_why(story: Story) -> None:
    both = story.person("both@loop.example", "Bo Begge", Role.SUPPORT, Role.SERVICE_RESPONSIBLE)
    sent = story.order_in("support")
    story.do(sent, "send_for_approval", both)
    own = story.draft(both)
    story.do(own, "submit", both)
    story.do(own, "send_for_approval", "support")
    story.order_in("approval")
    story.both = both  # type: ignore[attr-defined]
    text = words(read(browser(story, "both"), "/staff/approvals/"))
    assert "You sent this order for approval yourself. Somebody else must approve it." in text
    assert "You requested this order yourself. Somebody else must approve it." in text
    assert text.count("Not yours") == 2
    assert text.count("Decide") == 1


def test_no_approvals_say_so(story: Story) -> None:
    story.order_in("support")
    assert "Nothing waits for you" in read(browser(story, "responsible"), "/staff/approvals/")


def test_the_number_of_queries_of_approvals_does_not_grow(story: Story) -> None:
    client = browser(story, "responsible")
    story.order_in("approval")
    few = queries(client, "/staff/approvals/")
    for _number in range(24):
        story.order_in("approval")
    assert queries(client, "/staff/approvals/") == few


# --- the numbers in the navigation


def test_the_navigation_counts_what_waits_for_each_role(story: Story) -> None:
    story.order_in(OrderState.SUPPORT)
    story.order_in(OrderState.APPROVAL)
    story.order_in(OrderState.CEGAL_SETUP)
    assert counted(read(browser(story, "support"), URL), "Worklist") == "3"
    assert counted(read(browser(story, "responsible"), "/staff/approvals/"), "Approvals") == "1"
    story.account_in("suspended")
    assert counted(read(browser(story, "cegal"), "/cegal/"), "Cegal setup") == "2"


def counted(page: str, label: str) -> str:
    """The number behind a page in the navigation."""
    return page.split(f'{label}<span class="count">')[1].split("<")[0]


def united(story: Story, who: str, url: str) -> int:
    """How often the page at ``url`` asks for the navigation's numbers."""
    client = browser(story, who)
    with CaptureQueriesContext(connection) as asked:
        assert client.get(url).status_code == 200
    return sum("'o:'" in query["sql"] for query in asked.captured_queries)


def test_the_numbers_are_one_query_and_none_for_requesters(story: Story) -> None:
    assert united(story, "support", URL) == 1
    assert united(story, "cegal", "/cegal/") == 1
    assert united(story, "ingrid", "/orders/") == 0


# --- filters


def given_to(story: Story, order: Order, who: str) -> Order:
    assigning.hand_over(order, to=getattr(story, who), by=story.actor("support"), now=story.now)
    return order


def test_the_assignee_stands_in_the_row(story: Story) -> None:
    mine = given_to(story, story.order_in("support"), "support")
    given_to(story, story.order_in("support"), "colleague")
    nobodys = story.order_in("support")
    page = read(browser(story, "support"), URL)
    assert ">Me</span>" in page
    assert ">Jonas Eide</span>" in page
    assert page.count(">Take it<") == 1
    assert reverse("order_take", args=[nobodys.reference]) in page
    assert reverse("order_take", args=[mine.reference]) not in page


def test_who_may_not_take_it_sees_that_nobody_has_it(story: Story) -> None:
    story.order_in("support")
    page = read(browser(story, "responsible"), URL)
    assert "Take it" not in page
    assert '<span class="lp-subtle">Nobody</span>' in page


def test_each_filter_finds_its_orders_and_the_tabs_count_them(story: Story) -> None:
    mine = given_to(story, story.order_in("support"), "support")
    theirs = given_to(story, story.order_in("approval"), "colleague")
    nobodys = waits_since(story.order_in("support", environments=("PRODUCTION",)), days=20)
    client = browser(story, "support")
    for query, wanted in {
        "assignee=me": [mine],
        "assignee=nobody": [nobodys],
        f"assignee={story.colleague.pk}": [theirs],
        "environment=PRODUCTION": [nobodys],
        "late=1": [nobodys],
        "kind=new_access": [nobodys, mine, theirs],
        "kind=reactivation": [],
        "assignee=me&late=1": [],
    }.items():
        page = read(client, f"{URL}?{query}")
        assert set(references(page)) == {order.reference for order in wanted}, query
        assert f'>Open<span class="count">{len(wanted)}</span>' in page, query
        in_support = sum(order.state == "support" for order in wanted)
        assert f'With Support<span class="count">{in_support}</span>' in page, query


def test_the_filters_stay_in_every_address(story: Story) -> None:
    given_to(story, story.order_in("support"), "support")
    page = read(browser(story, "support"), f"{URL}?assignee=me&kind=new_access&q=nord")
    assert "?assignee=me&kind=new_access&q=nord&state=approval" in page
    assert f"{URL}export.csv?assignee=me&kind=new_access&q=nord" in page


@pytest.mark.parametrize("query", ["assignee=rubbish", "assignee=%00", "kind=nonsense", "late=maybe"])
def test_odd_filters_filter_nothing(story: Story, query: str) -> None:
    order = story.order_in("support")
    assert references(read(browser(story, "support"), f"{URL}?{query}")) == [order.reference]


# --- what is new


def test_what_was_sent_is_new_until_somebody_did_something(story: Story) -> None:
    order, client = story.order_in("support"), browser(story, "support")
    assert 'lp-news">New<' in read(client, URL)
    assigning.take(order, by=story.actor("support"), now=story.now)
    assert "lp-news" not in read(client, URL)


def test_what_was_sent_again_says_so(story: Story) -> None:
    order, client = story.order_in("returned"), browser(story, "support")
    assert "lp-news" not in read(client, URL)
    story.now += timedelta(hours=1)
    story.do(order, "resubmit", "ingrid")
    conversation.write_message(order, by=story.actor("ingrid"), now=story.now, comment="Now with the project.")
    assert "</span>Resubmitted</span>" in read(client, URL)
    story.now += timedelta(hours=1)
    conversation.write_message(order, by=story.actor("support"), now=story.now, comment="Thank you.")
    assert "lp-news" not in read(client, URL)


# --- the neighbours in the list


def test_an_order_knows_its_neighbours_in_the_list_it_was_opened_from(story: Story) -> None:
    oldest, middle, newest = (waits_since(story.order_in("support"), hours=hours) for hours in (3, 2, 1))
    waits_since(story.order_in("approval"), hours=2.5)  # in another tab
    page = read(browser(story, "support"), f"{URL}?state=support&q=nord")
    assert f"/staff/orders/{middle.reference}/?in=state%3Dsupport%26q%3Dnord" in page
    by, search = story.actor("support"), worklist.Search(state="support", text="nord")
    found = worklist.beside(Order.objects.get(pk=middle.pk), by, search, Policy(), NOW)
    assert found == worklist.Beside(oldest.reference, newest.reference)
    ends = [worklist.beside(Order.objects.get(pk=o.pk), by, search, Policy(), NOW) for o in (oldest, newest)]
    assert ends == [worklist.Beside("", middle.reference), worklist.Beside(middle.reference, "")]


def test_the_neighbours_stand_on_the_page_of_the_order(story: Story) -> None:
    oldest, middle, newest = (waits_since(story.order_in("support"), hours=hours) for hours in (3, 2, 1))
    page = read(browser(story, "support"), f"/staff/orders/{middle.reference}/?in=state%3Dsupport")
    assert f'rel="prev" href="/staff/orders/{oldest.reference}/?in=state%3Dsupport"' in page
    assert f'rel="next" href="/staff/orders/{newest.reference}/?in=state%3Dsupport"' in page
    assert 'href="/staff/worklist/?state=support"' in page
    for odd in ("", "%00", "state%3Dnonsense", "q%3D" + "x" * 3000, "after%3Drubbish%26in%3Dx"):
        read(browser(story, "support"), f"/staff/orders/{middle.reference}/?in={odd}")


# --- the file


def csv_rows(client: Client, query: str = "") -> list[dict[str, str]]:
    answer = client.get(f"{URL}export.csv?{query}")
    assert answer.status_code == 200
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def test_the_file_holds_every_row_of_the_filtered_list(story: Story) -> None:
    orders = [waits_since(story.order_in("support"), hours=number) for number in range(1, 28)]
    waits_since(story.order_in("approval", environments=("TEST", "PRODUCTION")), days=20)
    rows = csv_rows(browser(story, "support"), "state=support")
    assert [row["reference"] for row in rows] == [order.reference for order in reversed(orders)]
    (late,) = csv_rows(browser(story, "support"), "late=1")
    assert (late["environments"], late["late"], late["state"]) == ("TEST PRODUCTION", "yes", "approval")
    assert late["requester_email"] == "ingrid@nordsjo.example"


def test_no_cell_of_the_file_is_a_formula(story: Story) -> None:
    story.order_in("support", organisation_name='=HYPERLINK("http://evil.example")')
    (row,) = csv_rows(browser(story, "support"))
    assert row["organisation"] == '\'=HYPERLINK("http://evil.example")'


def test_the_file_is_for_those_who_see_the_worklist(story: Story) -> None:
    assert browser(story, "cegal").get(f"{URL}export.csv").status_code == 403
    assert browser(story, "ingrid").get(f"{URL}export.csv").status_code == 403
