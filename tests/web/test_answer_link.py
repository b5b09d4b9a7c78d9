"""The other answers of a mail's link, and the colleague's page. That a link changes nothing: tests/browser."""

from __future__ import annotations

import pytest
from django.db.models import QuerySet
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from accounts import delivery
from accounts.actions import bounces
from accounts.models import Account, Handover, Message, UnreachableAddress
from accounts.people import notice_token
from tests.actions.checking import notice_of
from tests.story import Story
from tests.web.visitors import browser_of

TOR, KARI = "tor@nordsjo.example", "kari@nordsjo.example"
COLLEAGUE = {"answer": "hand_over", "hand_over-name": "Kari", "hand_over-email": KARI, "hand_over-comment": "Her team."}
NOT_MINE = {"answer": "not_mine", "not_mine-comment": "I left that team."}


@pytest.fixture
def account(story: Story) -> Account:
    return story.account_in("notified", technical_email=TOR)


def notice_mails(account: Account) -> QuerySet[Message]:
    return Message.objects.filter(notice__account=account, kind="inactivity_notice")


def link(account: Account, email: str = "ingrid@nordsjo.example") -> str:
    return reverse("notice_answer", args=[notice_token(notice_of(account).pk, email)])


def test_the_owner_hands_over_by_link(account: Account) -> None:
    client = Client()
    text = client.post(link(account), COLLEAGUE, follow=True).content.decode()
    assert "Kari is asked to take the account over" in text
    assert "Answered: the account is kept" in text
    assert Handover.objects.get().asked_by == "ingrid@nordsjo.example (link in the email)"
    assert "Her team." in client.post(link(account), NOT_MINE).content.decode(), "a second press shows the first answer"


def test_who_answered_by_link_is_told_in_the_readers_language(story: Story, account: Account) -> None:
    Client().post(link(account), {"comment": "Vi trenger den."})
    nb = {"headers": {"accept-language": "nb"}}
    assert "ingrid@nordsjo.example (lenke i e-posten)" in Client().get(link(account), **nb).content.decode()
    page = reverse("staff_account", args=[account.pk])
    text = browser_of(story.support).get(page, **nb).content.decode()
    assert text.count("ingrid@nordsjo.example (lenke i e-posten)") >= 2, "in the history and beside the notice"
    assert "(link in the email)" not in text


def test_what_is_wrong_is_said_and_kept(account: Account) -> None:
    answer = Client().post(link(account), {**COLLEAGUE, "hand_over-email": "ingrid@nordsjo.example"})
    assert answer.status_code == 422
    text = answer.content.decode()
    assert "owns the account already" in text
    assert "Her team." in text
    assert Client().post(link(account), {"answer": "hand_over"}).status_code == 422


def test_another_contact_cannot_hand_over(account: Account) -> None:
    assert 'value="hand_over"' not in Client().get(link(account, TOR)).content.decode()
    assert Client().post(link(account, TOR), COLLEAGUE).status_code == 403
    assert not Handover.objects.exists()


def test_not_mine_is_recorded_for_this_link_alone(story: Story, account: Account) -> None:
    client = Client()
    text = client.post(link(account, TOR), NOT_MINE, follow=True).content.decode()
    assert "Answered: the account is not yours" in text
    assert "I left that team." in text
    client.post(link(account, TOR), {"comment": "I need it."})
    account.refresh_from_db()
    assert account.state == "notified"
    Client().post(link(account), {"comment": "We need it."})
    account.refresh_from_db()
    assert account.state == "active"


def test_not_mine_promises_no_more_than_is_true(account: Account) -> None:
    """While a colleague's mail stands, their time runs on; when the last one is gone, nobody is suspended."""
    notice_mails(account).update(state="delivered", delivered_at=timezone.now())
    text = Client().post(link(account, TOR), NOT_MINE, follow=True).content.decode()
    by = date_format(notice_of(account).answer_by, "j F Y")
    assert f"The others who were asked can still answer by {by}" in text
    assert "until somebody else is asked" not in text
    text = Client().post(link(account), NOT_MINE, follow=True).content.decode()
    assert notice_of(account).answer_by is None
    assert "until somebody else is asked, it is not suspended" in text
    assert "can still answer" not in text


def test_whoever_uses_the_link_gets_mail(story: Story, account: Account) -> None:
    UnreachableAddress.objects.create(email=TOR, since=story.now, kind="bounced")
    Client().post(link(account, TOR), {"comment": "We need it."})
    assert UnreachableAddress.objects.get().since is None


def test_the_colleagues_page(story: Story, account: Account) -> None:
    Client().post(link(account), COLLEAGUE)
    kari = browser_of(story.person(KARI, "Kari Nes"))
    page = reverse("handover", args=[Handover.objects.get().pk])
    assert page in kari.get(reverse("my_accounts")).content.decode()
    assert "Her team." in kari.get(page).content.decode()
    for other in (browser_of(story.stranger), browser_of(story.support)):
        assert other.get(page).status_code == 404
        assert other.post(page, {"answer": "accept"}).status_code == 404
    assert kari.post(page, {}).status_code == 422
    assert kari.post(page, {"answer": "accept"})["Location"] == reverse("account", args=[account.pk])
    assert Account.objects.get(pk=account.pk).owner.email == KARI
    assert kari.post(page, {"answer": "decline"}, follow=True).status_code == 200
    assert "You took this account over" in kari.get(page).content.decode()


def test_signed_in_from_the_accounts_page_and_taken_back(story: Story) -> None:
    account = story.account(last_used_on=story.now.date())
    client, page = browser_of(story.ingrid), reverse("account_hand_over", args=[account.pk])
    assert page in client.get(reverse("account", args=[account.pk])).content.decode()
    said = {"name": "Kari", "email": KARI, "comment": "Her team."}
    assert client.post(page, {**said, "email": ""}).status_code == 422
    text = client.post(page, said, follow=True).content.decode()
    assert "Kari is asked to take this account over" in text
    client.post(reverse("handover_withdraw", args=[account.pk]))
    assert Handover.objects.get().state == "withdrawn"
    assert browser_of(story.stranger).get(page).status_code == 404
    assert browser_of(story.administrator).get(page).status_code == 403


def test_support_sees_the_address_and_says_that_it_works_again(story: Story, account: Account) -> None:
    message = Message.objects.get(kind="inactivity_notice", to_email=TOR)
    address = UnreachableAddress.objects.create(email=TOR, since=story.now, kind="refused", diagnostic="no such user")
    support, page = browser_of(story.support), reverse("address_works", args=[address.pk])
    for place in (reverse("message", args=[message.pk]), reverse("staff_account", args=[account.pk])):
        assert page in support.get(place).content.decode()
    assert browser_of(story.administrator).get(page).status_code == 403
    support.post(page, {"comment": "They wrote to us."})
    address.refresh_from_db()
    assert address.since is None


def test_no_notice_is_sent_to_an_address_that_mail_does_not_reach(story: Story, account: Account) -> None:
    UnreachableAddress.objects.create(email=TOR, since=story.now, kind="bounced")
    Message.objects.exclude(to_email=TOR, kind="inactivity_notice").delete()
    assert delivery.deliver_due(story.now) == {"given_up": 1}
    assert bounces.follow(now=story.now) == {"bounced": 1}
    assert Message.objects.get(kind="inactivity_notice", to_email=TOR).bounce.kind == "skipped"
