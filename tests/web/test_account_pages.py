"""The list of API accounts and the page of one: last use, what comes next, and what may be done."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.actions import inactivity
from accounts.lifecycle.states import AccountState, OrderKind
from accounts.models import Account, Coverage, DailyUsage, Hold, Message, Notice, Order
from accounts.readers import account_page as reader
from tests.story import NOW, Story
from tests.web.staff_pages import words
from tests.web.test_order_pages import queries, text_of
from tests.web.visitors import browser_of

EVERY_STATE = [state.value for state in AccountState]
TODAY = timezone.localdate(NOW)


@pytest.fixture(autouse=True)
def the_day_of_the_story() -> object:
    with time_machine.travel(NOW, tick=True) as travelled:
        yield travelled


@pytest.fixture
def ingrid(story: Story) -> Client:
    return browser_of(story.ingrid)


def page(account: Account) -> str:
    return reverse("account", args=[account.pk])


def test_an_empty_list_says_what_would_fill_it(ingrid: Client) -> None:
    text = text_of(ingrid, "/accounts/")
    assert "No API accounts yet" in text
    assert reverse("order_new") in text


def test_the_list_holds_what_one_owns_or_looks_after(story: Story, ingrid: Client) -> None:
    owned = story.account(client_id="owned")
    helped = story.account(client_id="helped", owner=story.stranger, technical_email="ingrid@nordsjo.example")
    story.account(client_id="foreign", owner=story.stranger)
    text = text_of(ingrid, "/accounts/")
    assert owned.client_id in text
    assert helped.client_id in text
    assert "Owner: Stranger" in text
    assert "foreign" not in text


def test_the_list_of_staff_is_their_own_too(story: Story) -> None:
    story.account(client_id="not-theirs")
    assert "not-theirs" not in text_of(browser_of(story.support), "/accounts/")


def test_last_use_tells_never_from_unknown(story: Story, ingrid: Client) -> None:
    story.account(client_id="a-never")
    story.account(client_id="b-unknown", watched_from=TODAY - timedelta(days=20), stated_through=None)
    story.account(client_id="c-used", last_used_on=TODAY - timedelta(days=3))
    text = text_of(ingrid, "/accounts/")
    a, b, c = text.index("a-never"), text.index("b-unknown"), text.index("c-used")
    assert "Never used" in text[a:b]
    assert "Unknown" in text[b:c]
    assert "Nobody reported any use before" in text[b:c]
    assert "3 days ago" in text[c:]


def test_the_page_says_in_plain_words_why_nobody_asks(story: Story, ingrid: Client) -> None:
    account = story.account(last_used_on=TODAY - timedelta(days=10))
    text = words(text_of(ingrid, page(account)))
    assert "You are not asked now: the account was last used on 13 November 2026, which is not long enough ago." in text
    assert "14 November 2027: a notice asks whether it is still needed." in text
    hold = {"reason": "A secret campaign.", "set_by": "Marte Lunde", "set_at": story.now}
    Hold.objects.create(account=account, until=TODAY, **hold)
    text = words(text_of(ingrid, page(account)))
    assert "Left alone through 23 November 2026." in text
    assert "A secret campaign." not in text


def test_days_until_a_notice(story: Story) -> None:
    used = story.account(client_id="used", last_used_on=TODAY - timedelta(days=10))
    silent = story.account(client_id="silent", last_used_on=TODAY - timedelta(days=400))
    cards = browser_of(story.ingrid).get("/accounts/").context["rows"]
    by_account = {row["card"].account: row["card"] for row in cards}
    assert by_account[used].notice_in_days == 356  # last use + 1 year is 355 days away; the day after is the first
    assert by_account[silent].notice_in_days == 0


def test_an_unknown_last_use_counts_from_the_day_we_began_to_watch(story: Story) -> None:
    account = story.account(watched_from=TODAY - timedelta(days=300), stated_through=None)
    story.covered(TODAY - timedelta(days=100), TODAY)
    card = browser_of(story.ingrid).get(page(account)).context["card"]
    assert card.notice_in_days == 365 - 100 + 1


def test_an_open_notice_has_its_answer_button(story: Story, ingrid: Client) -> None:
    account = story.account_in("notified")
    keep = reverse("account_verb", args=[account.pk, "keep"])
    text = text_of(ingrid, "/accounts/")
    assert keep in text
    assert "1 account waits for an answer" in text
    text = text_of(ingrid, page(account))
    assert keep in text
    assert "23 December 2026" in text


def test_after_the_last_day_an_answer_still_counts(story: Story, the_day_of_the_story: Any) -> None:
    account = story.account_in("notified")
    story.covered(TODAY, TODAY + timedelta(days=30))
    the_day_of_the_story.move_to(NOW + timedelta(days=31))
    text = words(text_of(browser_of(story.ingrid), page(account)))
    assert "The day to answer by was 23 December 2026. The account is not suspended yet" in text
    assert "Due now The last day was 23 Dec 2026 . Answer at once: it still counts until the suspension" in text
    assert "Time left to answer" not in text


def test_on_the_last_day_nothing_promises_a_suspension_today(story: Story, the_day_of_the_story: Any) -> None:
    account = story.account_in("notified")
    the_day_of_the_story.move_to(NOW + timedelta(days=30))
    text = words(text_of(browser_of(story.ingrid), page(account)))
    assert "Time left to answer 0 days Answer by 23 Dec 2026" in text


@pytest.mark.parametrize("why", ["feed", "hold", "nobody"])
def test_why_it_is_held_is_said_in_place_of_a_day(story: Story, the_day_of_the_story: Any, why: str) -> None:
    account = story.account_in("notified")
    story.covered(TODAY, TODAY + timedelta(days=20 if why == "feed" else 40))
    if why == "hold":
        hold = {"until": TODAY + timedelta(days=90), "set_by": "Marte", "set_at": NOW, "reason": "They move."}
        Hold.objects.create(account=account, **hold)
    if why == "nobody":
        Notice.objects.update(delivered_on=None, answer_by=None, undeliverable_at=NOW)
        Message.objects.update(state="given_up")
    the_day_of_the_story.move_to(NOW + timedelta(days=31))
    ingrid = browser_of(story.ingrid)
    sentence = ingrid.get(page(account)).context["why"]
    for url in (page(account), "/accounts/"):
        text = words(text_of(ingrid, url))
        assert f"Suspension Not now {words(sentence)}" in text
        assert "Due now" not in text
    assert "Without an answer by" not in words(text_of(ingrid, page(account)))


def test_the_technical_contact_sees_the_notice_and_who_can_answer_here(story: Story) -> None:
    account = story.account_in("notified", technical_email="stranger@elsewhere.example")
    client = browser_of(story.stranger)
    text = text_of(client, page(account))
    assert "Ingrid Solheim can answer here" in text
    assert reverse("account_verb", args=[account.pk, "keep"]) not in text
    assert reverse("account_verb", args=[account.pk, "keep"]) not in text_of(client, "/accounts/")


@pytest.mark.parametrize("state", EVERY_STATE)
def test_the_page_of_an_account_in_every_state(story: Story, ingrid: Client, state: str) -> None:
    account = story.account_in(state)
    assert account.state == state
    assert account.client_id in text_of(ingrid, page(account))


@pytest.mark.parametrize("state", EVERY_STATE)
def test_a_stranger_gets_404_for_an_account_in_every_state(story: Story, state: str) -> None:
    account = story.account_in(state)
    client = browser_of(story.stranger)
    assert client.get(page(account)).status_code == 404
    assert client.post(reverse("account_reactivate", args=[account.pk])).status_code == 404


def test_staff_see_the_page_with_a_way_to_theirs(story: Story) -> None:
    account = story.account()
    assert reverse("staff_account", args=[account.pk]) in text_of(browser_of(story.support), page(account))


def test_cegal_reads_its_tasks_and_not_the_account(story: Story) -> None:
    account = story.order_in("issued").accounts.get()
    assert browser_of(story.cegal).get(page(account))["Location"] == reverse("cegal_queue")


def test_use_by_month_is_drawn_and_tabled(story: Story, ingrid: Client) -> None:
    account = story.account()
    story.covered(TODAY - timedelta(days=400), TODAY)
    for back, calls in ((0, 48_210), (40, 7), (364, 5), (400, 99)):
        DailyUsage.objects.create(account=account, day=TODAY - timedelta(days=back), calls=calls)
    answer = ingrid.get(page(account))
    assert [calls for _month, calls in answer.context["months"]] == [0] * 10 + [7, 48_210]
    text = answer.content.decode()
    assert "48,210" in text
    assert "style=" not in text
    assert text.count('<rect class="c-accent"') == 2


def test_the_bars_fit_into_their_height() -> None:
    months = [(TODAY, calls) for calls in (0, 1, 10, 1_000_000)]
    drawn = reader.bars(months, 84)
    assert [bar.height for bar in drawn] == [0, 3, 3, 84]
    assert all(bar.top + bar.height == 84 for bar in drawn)


def test_chart_in_norwegian_keeps_its_numbers(story: Story, ingrid: Client) -> None:
    account = story.account()
    DailyUsage.objects.create(account=account, day=TODAY, calls=5)
    text = ingrid.get(page(account), headers={"accept-language": "nb"}).content.decode()
    rect = text[text.index('<rect class="c-accent"') :].split(">")[0]
    assert "," not in rect


def test_buttons_are_what_may_be_done_now(story: Story, ingrid: Client) -> None:
    def labels(state: str) -> list[str]:
        return [action["label"] for action in ingrid.get(page(story.account_in(state))).context["actions"]]

    assert labels("active") == ["Close the account"]
    assert labels("notified") == ["Keep the account", "Close the account"]
    assert labels("closed") == []


def test_a_suspended_account_can_be_ordered_back_once(story: Story, ingrid: Client) -> None:
    account = story.account_in("suspended")
    reactivate = reverse("account_reactivate", args=[account.pk])
    text = text_of(ingrid, page(account))
    assert reactivate in text
    assert "Cegal disables the client" in text
    ingrid.post(reactivate)
    order = Order.objects.get(kind=OrderKind.REACTIVATION.value)
    assert ingrid.post(reactivate)["Location"] == reverse("order", args=[order.reference])
    assert Order.objects.count() == 1
    text = text_of(ingrid, page(account))
    assert reactivate not in text
    assert order.reference in text
    assert "Reactivation of" in text_of(ingrid, "/orders/")


def test_only_the_owner_orders_it_back(story: Story) -> None:
    account = story.account_in("suspended", technical_email="stranger@elsewhere.example")
    client = browser_of(story.stranger)
    reactivate = reverse("account_reactivate", args=[account.pk])
    assert reactivate not in text_of(client, page(account))
    assert client.post(reactivate).status_code == 403
    assert not Order.objects.exists()


def test_an_account_that_is_not_suspended_is_not_ordered_back(story: Story, ingrid: Client) -> None:
    account = story.account()
    answer = ingrid.post(reverse("account_reactivate", args=[account.pk]), follow=True)
    assert "Only a suspended account can be reactivated" in answer.content.decode()
    assert ingrid.get(reverse("account_reactivate", args=[account.pk])).status_code == 405


def test_the_list_asks_the_database_equally_often_for_one_account_and_for_twenty(story: Story, ingrid: Client) -> None:
    story.covered(TODAY - timedelta(days=30), TODAY)
    unknown = {"watched_from": TODAY - timedelta(days=20), "stated_through": None}
    story.account(**unknown)
    few = queries(ingrid, "/accounts/")
    for _ in range(19):
        account = story.account(**unknown)
        DailyUsage.objects.create(account=account, day=TODAY, calls=3)
    assert queries(ingrid, "/accounts/") == few


def test_the_list_asks_equally_often_about_one_held_account_and_about_ten(story: Story, ingrid: Client) -> None:
    silent = {"last_used_on": TODAY - timedelta(days=400)}
    story.account_in("notified")
    few = queries(ingrid, "/accounts/")
    for _ in range(9):
        story.account(**silent)
    list(inactivity.check(today=TODAY, now=NOW))
    Notice.objects.update(delivered_on=TODAY - timedelta(days=40), answer_by=TODAY - timedelta(days=10))
    Coverage.objects.all().delete()
    assert text_of(ingrid, "/accounts/").count("Not now") == 10
    assert queries(ingrid, "/accounts/") == few


def test_the_list_pages_by_key(story: Story, ingrid: Client) -> None:
    made = {story.account(client_id="same name", environment=story.test)}
    made |= {story.account() for _ in range(26)}
    first = ingrid.get("/accounts/")
    second = ingrid.get(first.context["next_url"])
    shown = [row["card"].account for row in [*first.context["rows"], *second.context["rows"]]]
    assert len(shown) == len(set(shown)) == 27
    assert set(shown) == made


def test_what_somebody_typed_is_text(story: Story, ingrid: Client) -> None:
    account = story.account(client_id='"><script>x</script>', system="<b>bold</b>")
    for url in (page(account), "/accounts/"):
        text = text_of(ingrid, url)
        assert "<script>x" not in text
        assert "<b>bold" not in text
