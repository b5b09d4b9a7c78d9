"""The inactivity procedure at a glance: feeds, what the next check does, open notices, the brake's list."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
import time_machine
from django.urls import reverse

from accounts.actions import holds, inactivity
from accounts.models import Account, Event, Notice, SuspensionList
from accounts.web import inactivity as page_module
from tests.story import NOW, Story
from tests.web.staff_pages import browser, queries, read, words

URL = "/staff/inactivity/"
TODAY = date(2026, 11, 23)


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def feed(story: Story, name: str) -> str:
    """What the page says of one environment's feed."""
    text = read(browser(story, "support"), URL).split('id="feeds"')[1].split("</table>")[0]
    return words("<main>" + text.split(f'data-env="{name.lower()}"')[1].split("</tr>")[0].split(">", 1)[1])


def test_each_feed_says_whether_it_can_be_trusted(story: Story) -> None:
    story.covered(TODAY - timedelta(days=100), TODAY - timedelta(days=7))
    assert "Current 16 Nov 2026 just now" in feed(story, "TEST")
    assert "Never received: nobody is notified – –" in feed(story, "PRODUCTION")


def test_a_feed_that_is_too_old_is_said_in_red(story: Story) -> None:
    story.covered(TODAY - timedelta(days=100), TODAY - timedelta(days=8))
    assert "Too old: nobody is notified or suspended 15 Nov 2026" in feed(story, "TEST")


def test_an_accepted_gap_is_no_feed(story: Story) -> None:
    gap = story.covered(TODAY - timedelta(days=10), TODAY)
    gap.accepted_by, gap.reason = "Marte Lunde", "The gateway was down."
    gap.save()
    assert "Never received" in feed(story, "TEST")


def test_the_page_says_what_a_check_would_do_and_does_nothing(story: Story) -> None:
    story.covered(TODAY - timedelta(days=500), TODAY)
    silent = story.account(client_id="silent", last_used_on=TODAY - timedelta(days=400))
    held = story.account(client_id="held", environment=story.production, last_used_on=TODAY - timedelta(days=400))
    text = read(browser(story, "support"), URL)
    assert "Notify 1, remind 0, clear 0, suspend 0, hold 1." in words(text)
    assert reverse("staff_account", args=[held.pk]) in text
    assert "Feed not current No usage was ever received for this environment" in words(text)
    assert Account.objects.get(pk=silent.pk).state == "active"
    assert not Event.objects.filter(verb="notify").exists()


def test_an_account_that_support_leaves_alone_is_listed_with_that_reason(story: Story) -> None:
    story.covered(TODAY - timedelta(days=500), TODAY)
    account = story.account(last_used_on=TODAY - timedelta(days=400))
    by = story.actor("support")
    holds.set_hold(account, until=TODAY + timedelta(days=9), by=by, now=NOW, comment="They move.")
    text = words(read(browser(story, "support"), URL))
    assert "Support leaves the account alone until 2 December 2026." in text
    assert "Who is left alone, and why" in text


def test_too_many_accounts_are_left_to_the_command(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_module, "CHEAP", 1)
    for _number in range(2):
        story.account(last_used_on=TODAY - timedelta(days=400))
    assert "check_inactivity --dry-run" in read(browser(story, "support"), URL)


def test_only_the_first_held_accounts_are_listed(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_module, "SHOWN", 2)
    for _number in range(3):
        story.account(last_used_on=TODAY - timedelta(days=400))
    client = browser(story, "support")
    text = read(client, URL)
    assert "The first 2 of 3" in text
    rest = text.split("See all of them")[0].rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")
    assert words(read(client, rest)).count("No usage was ever received for this environment") == 3


def test_open_notices_say_what_comes_next(story: Story) -> None:
    account = story.account_in("notified")
    client = browser(story, "support")
    assert "Reminder on 9 Dec 2026" in words(read(client, URL))
    notice = Notice.objects.get(account=account)
    Notice.objects.update(reminded_on=notice.answer_by)
    with time_machine.travel(NOW + timedelta(days=28), tick=False):
        assert "Suspension from 24 Dec 2026" in words(read(browser(story, "support"), URL))
    Notice.objects.update(delivered_on=None, answer_by=None, reminded_on=None)
    assert "It is being delivered" in read(client, URL)
    Notice.objects.update(undeliverable_at=NOW)
    assert "Find a contact: it reached nobody" in read(client, URL)


def test_an_account_that_is_held_is_not_called_due(story: Story) -> None:
    account = story.account_in("notified")
    with time_machine.travel(NOW + timedelta(days=35), tick=False):
        client = browser(story, "support")
        text = words(read(client, URL))
        assert words(client.get(reverse("staff_account", args=[account.pk])).context["why"]) in text
        assert "Not suspended. Usage is covered through" in text
        assert "Suspension due since" not in text
        story.covered(TODAY, TODAY + timedelta(days=34))
        assert "Suspension due since 24 Dec 2026" in words(read(client, URL))


def test_without_notices_the_page_says_so(story: Story) -> None:
    assert "No open notices" in read(browser(story, "responsible"), URL)


def test_the_number_of_queries_does_not_grow(story: Story) -> None:
    client = browser(story, "support")
    story.covered(TODAY - timedelta(days=500), TODAY)

    def more(number: int) -> None:
        for _each in range(number):
            story.account(last_used_on=TODAY - timedelta(days=400))
            story.account(last_used_on=TODAY - timedelta(days=400), environment=story.production)
        list(inactivity.check(today=TODAY, now=NOW))

    more(2)
    few = queries(client, URL)
    more(14)
    assert read(client, URL).count("It is being delivered") == 16
    assert queries(client, URL) == few


# --- the brake


@pytest.fixture
def held(story: Story) -> SuspensionList:
    """A list of eleven accounts: one more than one check may suspend without asking."""
    for number in range(11):
        story.account(client_id=f"silent-{number:02}", last_used_on=TODAY - timedelta(days=500))
    story.covered(TODAY - timedelta(days=600), TODAY)
    list(inactivity.check(today=TODAY - timedelta(days=40), now=NOW - timedelta(days=40)))
    Notice.objects.update(delivered_on=TODAY - timedelta(days=40), answer_by=TODAY - timedelta(days=10))
    list(inactivity.check(today=TODAY, now=NOW))
    return SuspensionList.objects.get(confirmed_at__isnull=True)


def url_of(held: SuspensionList) -> str:
    return reverse("suspension_list", args=[held.pk])


def test_a_braked_list_stands_on_top(story: Story, held: SuspensionList) -> None:
    text = read(browser(story, "support"), URL)
    assert "11 suspensions in TEST wait for a person" in words(text)
    assert url_of(held) in text
    assert "11 of those held wait until a list is confirmed: too many at once." in words(text)
    assert words(text).count("a person must confirm the list first") == 11
    SuspensionList.objects.update(confirmed_at=NOW, confirmed_by="Marte")
    assert words(read(browser(story, "support"), URL)).count("Suspension due since") == 11


def test_the_list_shows_its_accounts(story: Story, held: SuspensionList) -> None:
    text = read(browser(story, "support"), url_of(held))
    assert "Suspend 11 accounts in TEST?" in text
    assert "silent-10" in text
    assert "Confirm this list" in text


@pytest.mark.parametrize("who", ["responsible", "administrator"])
def test_only_support_confirms(story: Story, held: SuspensionList, who: str) -> None:
    client = browser(story, who)
    text = read(client, url_of(held))
    assert "Only Support can confirm a list of suspensions." in text
    assert "Confirm this list" not in text
    assert client.post(url_of(held)).status_code == 403
    held.refresh_from_db()
    assert held.confirmed_at is None


def test_a_confirmed_list_is_suspended_by_the_next_check(story: Story, held: SuspensionList) -> None:
    client = browser(story, "support")
    answer = client.post(url_of(held))
    assert (answer.status_code, answer["Location"]) == (302, URL)
    assert "The list is confirmed." in read(client, URL)
    text = read(client, url_of(held))
    assert "This list is confirmed" in text
    assert "Confirm this list" not in text
    client.post(url_of(held))
    assert "confirmed already" in read(client, URL)
    list(inactivity.check(today=TODAY, now=NOW))
    assert Account.objects.filter(state="suspended").count() == 11


def test_who_looks_at_a_list_that_a_newer_run_replaced_is_told(story: Story, held: SuspensionList) -> None:
    url = url_of(held)
    story.do(Account.objects.get(client_id="silent-03"), "keep", "support", comment="They called.")
    list(inactivity.check(today=TODAY, now=NOW))
    client = browser(story, "support")
    for ask in (client.get, client.post):
        answer = ask(url)
        assert (answer.status_code, answer["Location"]) == (302, URL)
        assert "a newer check replaced it" in read(client, URL)
    assert not SuspensionList.objects.filter(confirmed_at__isnull=False).exists()


def test_a_long_list_goes_on_by_key(story: Story, held: SuspensionList) -> None:
    client = browser(story, "support")
    few = queries(client, url_of(held))
    held.accounts.add(*(story.account(client_id=f"z-{number:02}") for number in range(20)))
    text = read(client, url_of(held))
    assert "z-19" not in text
    assert "z-19" in read(client, text.split('rel="next" href="')[1].split('"')[0])
    assert queries(client, url_of(held)) == few
