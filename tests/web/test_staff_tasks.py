"""Open tasks and holds as staff see them: what waits, what resolves it, and the forms that do."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse

from accounts.actions import inactivity
from accounts.models import Account, Event, Hold, Message, MessageState, Notice, Task, UnreachableAddress
from tests.story import NOW, Story
from tests.web.staff_pages import browser, queries, read, words

URL, HOLDS = "/staff/tasks/", "/staff/holds/"
TODAY = NOW.date()
UNTIL = TODAY + timedelta(days=60)
CONTACT = {"name": "Nina Ny", "email": "Nina@Nordsjo.example", "from_now_on": "on", "comment": "Called them."}


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def page(account: Account) -> str:
    return reverse("staff_account", args=[account.pk])


def url_of(task: Task) -> str:
    return reverse("staff_task", args=[task.pk])


@pytest.fixture
def unheard(story: Story) -> Task:
    """Support's task to find a contact for a notice that reached nobody."""
    account = story.account_in("notified", client_id="unheard")
    Notice.objects.update(delivered_on=None, answer_by=None)
    Message.objects.filter(notice__isnull=False).update(state=MessageState.GIVEN_UP.value)
    list(inactivity.check(today=TODAY, now=NOW))
    return account.tasks.get(kind="find_contact")


# --- the list


def test_tasks_stand_by_whose_they_are_with_what_to_do(story: Story, unheard: Task) -> None:
    story.account_in("suspended", client_id="leaked")
    client = browser(story, "support")
    text = read(client, URL)
    assert "unheard" in text
    assert "Find somebody at the organisation who answers for the account." in text
    assert url_of(unheard) in text
    assert "leaked" not in text
    text = read(client, f"{URL}?state=provider")
    assert "leaked" in text
    assert "unheard" not in text
    text = read(client, f"{URL}?state=all")
    assert "leaked" in text
    assert "unheard" in text


def test_what_is_late_can_be_asked_for(story: Story, unheard: Task) -> None:
    assert "No task matches" in read(browser(story, "support"), f"{URL}?late=1")
    Task.objects.update(opened_at=NOW - timedelta(days=7))
    text = read(browser(story, "support"), f"{URL}?late=1")
    assert "unheard" in text
    assert "Late" in words(text.split("<tbody>")[1])


@pytest.mark.parametrize(
    ("asked", "found"),
    [("kind=find_contact", True), ("kind=calls_after_suspension", False), ("q=unh", True), ("q=other", False),
     ("environment=TEST", True), ("environment=PRODUCTION", False), ("kind=nonsense", True), ("late=x", True)],
)  # fmt: skip
def test_the_filters_stand_in_the_address(story: Story, unheard: Task, asked: str, found: bool) -> None:
    assert ("unheard" in read(browser(story, "support"), f"{URL}?{asked}").split('class="ds-card')[1]) == found


@pytest.mark.parametrize("who", ["cegal", "ingrid"])
def test_others_do_not_see_the_tasks(story: Story, who: str) -> None:
    for url in (URL, HOLDS):
        read(browser(story, who), url, 403)


def test_those_who_may_not_close_a_task_see_no_button(story: Story, unheard: Task) -> None:
    text = read(browser(story, "administrator"), URL)
    assert "unheard" in text
    assert url_of(unheard) not in text
    assert browser(story, "administrator").post(url_of(unheard), CONTACT).status_code == 403


def test_without_tasks_the_page_says_so(story: Story) -> None:
    assert "No open tasks" in read(browser(story, "support"), URL)


def test_the_number_of_queries_does_not_grow(story: Story, unheard: Task) -> None:
    client = browser(story, "support")
    few, few_holds = queries(client, URL), queries(client, HOLDS)
    for number in range(5):
        account = story.account(last_used_on=TODAY - timedelta(days=400))
        event = Event.objects.get(subject_id=account.pk)
        Task.objects.create(kind="find_contact", account=account, event=event, opened_at=NOW)
        Hold.objects.create(account=account, until=UNTIL, reason=f"r{number}", set_by="Marte Lunde", set_at=NOW)
    assert queries(client, URL) == few
    assert queries(client, HOLDS) == few_holds


# --- find a contact


def test_the_notice_goes_again_to_the_contact_that_support_enters(story: Story, unheard: Task) -> None:
    client = browser(story, "support")
    assert "Send the notice to a contact" in read(client, url_of(unheard))
    assert client.post(url_of(unheard), CONTACT)["Location"] == page(unheard.account)
    mail = Message.objects.get(to_email="nina@nordsjo.example")
    assert (mail.kind, mail.to_name, mail.notice.account_id) == ("inactivity_notice", "Nina Ny", unheard.account_id)
    account = Account.objects.get(pk=unheard.account_id)
    assert (account.technical_name, account.technical_email) == ("Nina Ny", "nina@nordsjo.example")
    unheard.refresh_from_db()
    assert unheard.done_by == "Marte Lunde"
    assert mail.notice.undeliverable_at is None
    assert [entry.kind for entry in inactivity.check(today=TODAY, now=NOW)] == [], "held no longer: it is on its way"
    client.post(url_of(unheard), {**CONTACT, "email": "other@nordsjo.example"})
    assert "Marte Lunde confirmed this already." in read(client, page(account))
    assert not Message.objects.filter(to_email="other@nordsjo.example").exists()


def test_a_contact_for_this_once_is_not_named_on_the_account(story: Story, unheard: Task) -> None:
    browser(story, "support").post(url_of(unheard), {k: v for k, v in CONTACT.items() if k != "from_now_on"})
    assert Message.objects.filter(to_email="nina@nordsjo.example").exists()
    assert Account.objects.get(pk=unheard.account_id).technical_email == unheard.account.technical_email


def test_what_was_typed_stays_when_mail_does_not_reach_the_address(story: Story, unheard: Task) -> None:
    UnreachableAddress.objects.create(email="nina@nordsjo.example", since=NOW, kind="bounced")
    answer = browser(story, "support").post(url_of(unheard), CONTACT)
    assert answer.status_code == 422
    text = answer.content.decode()
    assert "Mail to nina@nordsjo.example came back. Enter another address." in text
    assert "Called them." in text
    unheard.refresh_from_db()
    assert unheard.done_at is None


def test_a_notice_that_is_over_asks_nobody(story: Story, unheard: Task) -> None:
    story.do(Account.objects.get(pk=unheard.account_id), "keep", "ingrid", comment="We need it.")
    answer = browser(story, "support").post(url_of(unheard), CONTACT)
    assert answer.status_code == 422
    assert "No inactivity notice of this account is open any more" in answer.content.decode()


# --- holds


def test_support_leaves_an_account_alone_and_lifts_it_again(story: Story) -> None:
    account = story.account(client_id="moving", last_used_on=TODAY - timedelta(days=400))
    client = browser(story, "support")
    url = reverse("account_verb", args=[account.pk, "hold"])
    assert url in read(client, page(account))
    lift = reverse("account_verb", args=[account.pk, "lift_hold"])
    assert lift not in read(client, page(account)), "there is nothing to lift yet"
    said = {"until": UNTIL.isoformat(), "comment": "They move in spring."}
    assert client.post(url, {**said, "version": account.version})["Location"] == page(account)
    text = words(read(client, page(account)))
    assert "Left alone until 22 Jan 2027 Marte Lunde, 23 Nov 2026 : They move in spring." in text
    assert "Support leaves the account alone until 22 January 2027." in text
    text = read(client, HOLDS)
    assert "They move in spring." in text
    assert lift in text
    assert "Left alone until 22 January 2027" in words(read(browser(story, "ingrid"), f"/accounts/{account.pk}/"))
    client.post(lift, {"comment": "They moved."})
    assert "Support leaves nobody alone" in read(client, HOLDS)
    assert "They move in spring." in read(client, f"{HOLDS}?state=ended")


def test_a_hold_that_is_over_stands_there_with_its_last_day_before_a_job_ends_it(story: Story) -> None:
    over = TODAY - timedelta(days=1)
    Hold.objects.create(account=story.account(), until=over, reason="Moving.", set_by="Marte Lunde", set_at=NOW)
    client = browser(story, "support")
    assert "Support leaves nobody alone" in read(client, HOLDS)
    assert words(read(client, f"{HOLDS}?state=ended")).count("22 Nov 2026") == 2
    assert "None" not in words(read(client, f"{HOLDS}?state=ended"))


def test_a_wrong_day_is_said_where_it_was_typed(story: Story) -> None:
    account = story.account()
    url = reverse("account_verb", args=[account.pk, "hold"])
    answer = browser(story, "support").post(url, {"until": TODAY.isoformat(), "comment": "They move."})
    assert answer.status_code == 422
    text = answer.content.decode()
    assert "The last day must be later than today." in text
    assert "They move." in text


def test_the_owner_may_not_hold(story: Story) -> None:
    account = story.account()
    answer = browser(story, "ingrid").post(
        reverse("account_verb", args=[account.pk, "hold"]), {"until": UNTIL.isoformat(), "comment": "x"}
    )
    assert answer.status_code == 403
    assert not Hold.objects.exists()


def test_each_automatic_hold_says_what_resolves_it(story: Story, unheard: Task) -> None:
    story.account(environment=story.production, last_used_on=TODAY - timedelta(days=400))
    text = read(browser(story, "support"), HOLDS)
    said = words(text)
    assert "Feed not current PRODUCTION No usage was ever received 1 is not notified" in said
    assert reverse("feeds") in text
    assert "Notice not delivered 1" in said
    assert f"{URL}?kind=find_contact" in text


def test_an_overdue_notice_that_no_feed_covers_is_counted(story: Story) -> None:
    account = story.account_in("notified")
    Notice.objects.update(delivered_on=TODAY - timedelta(days=31), answer_by=TODAY - timedelta(days=1))
    assert "Nobody is held by the rules" in read(browser(story, "support"), HOLDS)
    story.test.coverage.update(last_day=TODAY - timedelta(days=2))
    assert "Feed not current TEST Usage covered through 21 Nov 2026 1 is not suspended" in words(
        read(browser(story, "support"), HOLDS)
    )
    assert account.state == "notified"


def test_without_any_hold_the_page_says_so(story: Story) -> None:
    text = read(browser(story, "responsible"), HOLDS)
    assert "Nobody is held by the rules" in text
    assert "Support leaves nobody alone" in text
