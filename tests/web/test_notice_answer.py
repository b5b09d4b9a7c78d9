"""The link out of an inactivity mail: following it changes nothing, pressing the button answers, once."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.actions import inactivity
from accounts.models import Account, Event, Message, Notice
from accounts.people import notice_token
from tests.story import NOW, Story
from tests.web.visitors import browser_of

TODAY = timezone.localdate(NOW)
WHY = "Project Ekko starts again in March."


@pytest.fixture(autouse=True)
def the_day_of_the_story() -> object:
    with time_machine.travel(NOW, tick=True) as travelled:
        yield travelled


@pytest.fixture
def account(story: Story) -> Account:
    return story.account_in("notified", technical_email="tor@nordsjo.example", technical_name="Tor")


def link(account: Account, email: str = "ingrid@nordsjo.example") -> str:
    notice = Notice.objects.filter(account=account).latest("opened_on")
    return reverse("notice_answer", args=[notice_token(notice.pk, email)])


def test_following_the_link_changes_nothing(account: Account) -> None:
    client, before = Client(), (Event.objects.count(), Account.objects.get().version)
    url = link(account)
    for _ in range(2):
        assert client.get(url).status_code == 200
        assert client.head(url).status_code == 200
    assert client.options(url).status_code == 405
    assert (Event.objects.count(), Account.objects.get().version) == before
    assert "sessionid" not in client.cookies


def test_the_page_says_what_is_asked(account: Account) -> None:
    answer = Client().get(link(account))
    text = answer.content.decode()
    for said in (account.client_id, "TEST", "Nordsjø Surplus AS", "23 December 2026", "30 days", "19 Oct 2025"):
        assert said in text
    assert "ingrid@nordsjo.example" in text
    assert (answer["Cache-Control"], answer["X-Robots-Tag"]) == ("no-store, private", "noindex, nofollow")
    assert answer["Referrer-Policy"] == "strict-origin"


def test_keeping_needs_no_sign_in_and_no_cookie(account: Account) -> None:
    client = Client(enforce_csrf_checks=True)
    answer = client.post(link(account), {"comment": WHY})
    assert (answer.status_code, answer["Location"]) == (302, link(account))
    account.refresh_from_db()
    assert (account.state, account.kept_on) == ("active", TODAY)
    event = Event.objects.get(verb="keep")
    assert (event.actor_kind, event.actor_name) == ("link", "ingrid@nordsjo.example (link in the email)")
    text = client.get(link(account)).content.decode()
    assert "Answered: the account is kept" in text
    assert WHY in text
    assert "ingrid@nordsjo.example" in text


def test_the_technical_contact_may_answer_too(account: Account) -> None:
    Client().post(link(account, "tor@nordsjo.example"), {"comment": WHY})
    account.refresh_from_db()
    assert account.state == "active"
    assert Notice.objects.get().answered_by == "tor@nordsjo.example (link in the email)"


def test_a_reason_is_needed(account: Account) -> None:
    for typed in ({}, {"comment": "   "}, {"comment": "a\0b"}, {"comment": "x" * 100_000}):
        answer = Client().post(link(account), typed)
        assert answer.status_code == 422
        assert 'href="#id_comment"' in answer.content.decode()
    account.refresh_from_db()
    assert account.state == "notified"


@pytest.mark.parametrize("reason", ["🛢️ ja", "\u202eمرحبا", "<script>alert(1)</script>"])
def test_odd_reasons_are_kept_as_text(account: Account, reason: str) -> None:
    client = Client()
    text = client.post(link(account), {"comment": reason}, follow=True).content.decode()
    assert "<script>alert(1)</script>" not in text
    assert Notice.objects.get().answer == reason


def test_the_second_press_shows_the_recorded_answer(account: Account) -> None:
    client = Client()
    client.post(link(account), {"comment": WHY})
    answer = client.post(link(account), {"comment": "Something else."})
    text = answer.content.decode()
    assert answer.status_code == 200
    assert WHY in text
    assert "Something else." not in text
    assert Event.objects.filter(verb="keep").count() == 1


def test_an_old_link_does_not_answer_the_next_notice(story: Story, account: Account) -> None:
    old = link(account)
    Client().post(old, {"comment": WHY})
    later = NOW + timedelta(days=370)
    story.covered(TODAY, TODAY + timedelta(days=370))
    list(inactivity.check(today=timezone.localdate(later), now=later))
    account.refresh_from_db()
    assert account.state == "notified"
    text = Client().post(old, {"comment": "Again."}).content.decode()
    assert "Answered: the account is kept" in text
    account.refresh_from_db()
    assert account.state == "notified"


@pytest.mark.parametrize("token", ["x", "a:b:c", "😀", "%00", "../../etc", "x" * 5000])
def test_a_broken_link_says_what_to_do(db: None, token: str) -> None:
    answer = Client().get(f"/answer/{token}/")
    assert answer.status_code == 404
    if "/" not in token:
        assert "This link does not work" in answer.content.decode()
        assert Client().post(f"/answer/{token}/", {"comment": WHY}).status_code == 404


def test_a_changed_link_and_one_of_a_notice_that_is_gone(account: Account) -> None:
    broken = link(account)[:-3] + "xx/"
    assert Client().post(broken, {"comment": WHY}).status_code == 404
    gone = reverse("notice_answer", args=[notice_token(account.pk, "x@y.example")])
    assert Client().get(gone).status_code == 404


def test_after_the_suspension_the_link_leads_to_a_reactivation(story: Story, account: Account) -> None:
    later = NOW + timedelta(days=32)
    story.covered(TODAY, TODAY + timedelta(days=32))
    list(inactivity.check(today=timezone.localdate(later), now=later))
    account.refresh_from_db()
    assert account.state == "suspended"
    for answer in (Client().get(link(account)), Client().post(link(account), {"comment": WHY})):
        text = answer.content.decode()
        assert "The account is suspended" in text
        assert reverse("account", args=[account.pk]) in text
    account.refresh_from_db()
    assert account.state == "suspended"


def test_late_answers_count_until_the_suspension(account: Account, the_day_of_the_story: object) -> None:
    the_day_of_the_story.move_to(NOW + timedelta(days=40))  # type: ignore[attr-defined]
    client = Client()
    assert "your answer still counts" in client.get(link(account)).content.decode()
    client.post(link(account), {"comment": WHY})
    account.refresh_from_db()
    assert account.state == "active"


def test_a_notice_that_is_not_delivered_yet_can_be_answered(story: Story) -> None:
    account = story.account_in("notified")
    Notice.objects.update(delivered_on=None, answer_by=None)
    client = Client()
    assert client.get(link(account)).status_code == 200
    client.post(link(account), {"comment": WHY})
    account.refresh_from_db()
    assert account.state == "active"


@pytest.mark.parametrize(("outcome", "said"), [("used", "the account is in use"), ("closed", "The account is closed")])
def test_what_became_of_the_notice(story: Story, account: Account, outcome: str, said: str) -> None:
    if outcome == "used":
        Account.objects.update(last_used_on=TODAY)
        list(inactivity.check(today=TODAY, now=NOW))
    else:
        story.do(account, "close", "ingrid", comment="Not needed.")
    assert said in Client().get(link(account)).content.decode()


def test_closing_needs_signing_in_and_comes_back(story: Story, account: Account) -> None:
    close = reverse("account_verb", args=[account.pk, "close"])
    assert close in Client().get(link(account)).content.decode()
    assert Client().get(close)["Location"] == f"/account/login/?next={close}"
    assert browser_of(story.ingrid).get(close).status_code == 200
    Client().post(link(account), {"comment": WHY, "verb": "close", "answer": "close"})
    account.refresh_from_db()
    assert account.state == "active"


def test_the_page_tells_of_no_other_account(story: Story, account: Account) -> None:
    other = story.account(client_id="another-client", last_used_on=TODAY)
    text = Client().get(link(account)).content.decode()
    assert other.client_id not in text
    assert str(other.pk) not in text


def test_the_answer_tells_the_owner(account: Account) -> None:
    Client().post(link(account), {"comment": WHY})
    assert Message.objects.filter(kind="account_kept", to_email="ingrid@nordsjo.example").count() == 1
