"""All accounts, and one account as staff see it: found, explained, and what may be done."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
import time_machine
from django.urls import reverse

from accounts.actions import credentials, inactivity
from accounts.lifecycle.states import AccountState, Role, TaskKind
from accounts.models import Account, Credential, Event, Message, MessageState, Notice, Task
from tests.story import NOW, Story
from tests.web.staff_pages import browser, queries, read, words

URL = "/staff/accounts/"
TODAY = date(2026, 11, 23)


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def page(account: Account) -> str:
    return reverse("staff_account", args=[account.pk])


# --- the list


def test_the_longest_silent_come_first_with_the_days_until_their_notice(story: Story) -> None:
    new = story.account(client_id="new", last_used_on=TODAY - timedelta(days=1))
    old = story.account(client_id="old", last_used_on=TODAY - timedelta(days=355))
    text = read(browser(story, "support"), URL)
    assert text.index(page(old)) < text.index(page(new))
    assert "Notice in 11 days 4 Dec 2026" in words(text)
    assert "Notice in 365 days" in words(text)


def test_unknown_last_use_is_not_never_used(story: Story) -> None:
    story.account(client_id="never", last_used_on=None)
    story.account(client_id="unknown", last_used_on=None, watched_from=TODAY)
    text = words(read(browser(story, "support"), URL))
    assert "Never used" in text
    assert "Unknown" in text
    assert text.count("Not used yet") == 1


@pytest.mark.parametrize("state", [state.value for state in AccountState])
def test_each_state_has_its_tab(story: Story, state: str) -> None:
    account = story.account_in(state)
    other = story.account_in("closed" if state != "closed" else "active", client_id="the-other")
    text = read(browser(story, "support"), f"{URL}?state={state}")
    assert page(account) in text
    assert page(other) not in text
    assert page(other) in read(browser(story, "support"), f"{URL}?state=all")


def test_an_open_notice_shows_until_when_it_can_be_answered(story: Story) -> None:
    story.account_in("notified")
    assert "Answer by 23 Dec 2026 30 days left" in words(read(browser(story, "support"), f"{URL}?state=notified"))


@pytest.mark.parametrize(
    "text", ["client-x", "CLIENT-X", "Nordsj", "nordsjø", "923609016", "Ingrid", "ingrid@nordsjo", "LOOP-9", "tor@"]
)
def test_search_finds_client_ids_organisations_and_people(story: Story, text: str) -> None:
    found = story.account(client_id="client-x1", loop_reference="LOOP-99", technical_email="tor@tech.example")
    assert page(found) in read(browser(story, "support"), f"{URL}?q={text}")


def test_filters_go_together(story: Story) -> None:
    wanted = story.account(client_id="a1", environment=story.production)
    other = story.account(client_id="a2")
    text = read(browser(story, "support"), f"{URL}?q=a&environment=PRODUCTION")
    assert page(wanted) in text
    assert page(other) not in text
    nothing = read(browser(story, "support"), f"{URL}?q=nobody")
    assert "No account here matches" in nothing
    assert f"{URL}?q=nobody&state=all" in nothing
    assert "No account matches" in read(browser(story, "support"), f"{URL}?q=nobody&state=all")


@pytest.mark.parametrize("query", ["state=x", "q=%00", "after=2026-02-31~x", "before=~~~", "environment=%27", "q=%25_"])
def test_odd_questions_get_a_page(story: Story, query: str) -> None:
    story.account()
    read(browser(story, "support"), f"{URL}?{query}")


@pytest.mark.parametrize("state", ["active", "all", "suspended"])
def test_pages_go_on_by_key_and_the_number_of_queries_does_not_grow(story: Story, state: str) -> None:
    def more(number: int) -> None:
        for _each in range(number):
            account = story.account(last_used_on=None, watched_from=TODAY)
            if state == "suspended":
                story.do(account, "suspend", "support", comment="x")

    client = browser(story, "support")
    more(2)
    few = queries(client, f"{URL}?state={state}")
    more(30)
    assert queries(client, f"{URL}?state={state}") == few
    seen, address = set(), f"{URL}?state={state}"
    for _page in range(2):
        text = read(client, address)
        links = [part.split('"')[0] for part in text.split(f'href="{URL}')[1:]]
        seen |= {link for link in links if link.endswith("/")}
        address = text.split('rel="next" href="')[1].split('"')[0] if 'rel="next"' in text else ""
    assert len(seen) == 32
    assert address == ""


# --- one account


@pytest.mark.parametrize("state", [state.value for state in AccountState])
@pytest.mark.parametrize("who", ["support", "responsible", "administrator"])
def test_the_page_opens_in_every_state(story: Story, who: str, state: str) -> None:
    account = story.account_in(state)
    assert account.client_id in read(browser(story, who), page(account))


def test_the_page_says_why_an_account_is_not_called_inactive(story: Story) -> None:
    account = story.account(last_used_on=TODAY - timedelta(days=10))
    text = words(read(browser(story, "support"), page(account)))
    assert "Not inactive before 14 November 2027." in text
    assert "No usage was ever received" in text


def test_the_page_says_why_a_silent_account_is_held(story: Story) -> None:
    account = story.account(last_used_on=TODAY - timedelta(days=400))
    text = words(read(browser(story, "support"), page(account)))
    assert "No usage was ever received for this environment: nobody can be called inactive." in text


def test_a_notice_shows_its_dates_and_how_it_ended(story: Story) -> None:
    account = story.account_in("notified")
    client = browser(story, "support")
    assert "23 Nov 2026 23 Nov 2026 – 23 Dec 2026 Open" in words(read(client, page(account)))
    story.do(account, "keep", "ingrid", comment="We use it in January.")
    text = words(read(client, page(account)))
    assert "Kept Ingrid Solheim: We use it in January." in text


ENDS = ["Suspend", "Close the account"]


@pytest.mark.parametrize(
    ("state", "who", "offered"),
    [
        (
            "active",
            "support",
            [
                "Ask Cegal for a new secret",
                "Leave alone until a day",
                *ENDS,
                "Hand it over",
                "Replace the secret",
                "Write down a use",
            ],
        ),
        ("active", "administrator", ["Suspend"]),
        ("active", "responsible", []),
        (
            "notified",
            "support",
            [
                "Ask Cegal for a new secret",
                "Keep on the owner’s behalf",
                "Leave alone until a day",
                *ENDS,
                "Hand it over",
                "Replace the secret",
                "Write down a use",
            ],
        ),
        (
            "suspended",
            "support",
            [
                "Ask Cegal for a new secret",
                "Close the account",
                "Hand it over",
                "Write down a use",
            ],
        ),
        ("suspended", "administrator", []),
        ("closed", "support", []),
        ("pending", "support", []),
    ],
)
def test_the_page_offers_exactly_what_is_open(story: Story, state: str, who: str, offered: list[str]) -> None:
    text = read(browser(story, who), page(story.account_in(state)))
    aside = words("<main>" + text.split("</h2>")[-2].split("</section>")[0]) if offered else ""
    for label in offered:
        assert label in aside
    found = text.count("data-wide data-variant")
    assert found == len(offered)


def test_support_keeps_an_account_on_the_owners_behalf(story: Story) -> None:
    account = story.account_in("notified")
    client = browser(story, "support")
    url = reverse("account_verb", args=[account.pk, "keep"])
    assert client.post(url, {"version": account.version, "comment": ""}).status_code == 422
    done = client.post(url, {"version": account.version, "comment": "They called: still needed."})
    assert (done.status_code, done["Location"]) == (302, page(account))
    text = words(read(client, page(account)))
    assert "Marte Lunde on behalf of Ingrid Solheim answered: the account is still needed" in text
    assert "They called: still needed." in text


def test_a_provider_task_stays_visible_until_cegal_confirms(story: Story) -> None:
    account = story.account_in("suspended")
    client = browser(story, "support")
    text = words(read(client, page(account)))
    assert "Disable the client Cegal just now Open" in text
    browser(story, "cegal").post(reverse("cegal_task", args=[account.tasks.get().pk]), {})
    assert "Disable the client Cegal just now just now Silje Thorsen" in words(read(client, page(account)))


def test_a_new_secret_is_asked_for_once(story: Story) -> None:
    account = story.account()
    client = browser(story, "support")
    url = reverse("account_new_secret", args=[account.pk])
    assert "No approval is needed." in read(client, url)
    assert client.post(url, {"comment": "The owner lost it."})["Location"] == page(account)
    text = read(client, page(account))
    assert "Cegal is asked for a new secret." in text
    assert "Make a new client secret" in text
    assert url not in text
    client.post(url, {})
    assert "Cegal was asked for a new secret already." in read(client, page(account))
    assert Task.objects.filter(kind=TaskKind.NEW_SECRET.value).count() == 1


def test_a_secret_that_waits_for_its_owner_is_not_asked_for_again(story: Story) -> None:
    account = story.order_in("issued").accounts.get()
    client = browser(story, "support")
    text = words(read(client, page(account)))
    assert "Waits for the owner to collect it until 7 Dec 2026" in text
    assert "Ask Cegal for a new secret" not in text
    credentials.reveal(Credential.objects.get(), by=story.actor("ingrid"), now=NOW)
    text = words(read(client, page(account)))
    assert "Collected by Ingrid Solheim" in text
    assert "Ask Cegal for a new secret" in text


def test_support_closes_the_task_to_find_a_contact(story: Story) -> None:
    account = story.account_in("notified")
    Notice.objects.update(delivered_on=None, answer_by=None)
    Message.objects.filter(notice__isnull=False).update(state=MessageState.GIVEN_UP.value)

    list(inactivity.check(today=TODAY, now=NOW))
    task = account.tasks.get(kind=TaskKind.FIND_CONTACT.value)
    url = reverse("staff_task", args=[task.pk])
    client = browser(story, "support")
    assert url in read(client, page(account))
    assert url not in read(browser(story, "administrator"), page(account))
    done = f"{url}?as=done"
    assert done in read(client, page(account))
    assert client.post(done, {"comment": "Reached Tor by phone."})["Location"] == page(account)
    task.refresh_from_db()
    assert task.done_by == "Marte Lunde"
    client.post(done, {"comment": "Once more."})
    assert "Marte Lunde confirmed this already." in read(client, page(account))
    assert Event.objects.filter(subject_id=account.pk, verb="confirm_task").count() == 1


def test_a_providers_task_is_not_supports_to_close(story: Story) -> None:
    task = story.account_in("suspended").tasks.get()
    client = browser(story, "support")
    read(client, reverse("staff_task", args=[task.pk]), 404)
    both = story.person("both@loop.example", "Bo", Role.SUPPORT, Role.CEGAL)
    story.both = both  # type: ignore[attr-defined]
    read(browser(story, "both"), reverse("staff_task", args=[task.pk]), 404)


def test_the_number_of_queries_does_not_grow_with_the_history(story: Story) -> None:
    account = story.account_in("notified")
    client = browser(story, "support")
    few = queries(client, page(account))
    for _round in range(10):
        account.refresh_from_db()
        story.do(account, "keep", "support", comment="x")
        Account.objects.filter(pk=account.pk).update(kept_on=None)

        list(inactivity.check(today=TODAY, now=NOW))
    assert queries(client, page(account)) == few
