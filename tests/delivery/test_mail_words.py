"""What the mails say: comments in full, the days that follow, who collects, what a stage waits for."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from django.urls import resolve, reverse
from django.utils import timezone, translation

from accounts.actions import new_secret
from accounts.delivery import words
from accounts.delivery.claim import take
from accounts.delivery.letter import load
from accounts.delivery.render import render
from accounts.forms.order import FIELD_LABELS
from accounts.lifecycle.policy import Policy
from accounts.models import Account, Message, Notice, Order, Task
from accounts.people import read_notice_token
from tests.delivery.post import LINK, html_of, message, rendered
from tests.story import Story

pytestmark = [pytest.mark.django_db]


def test_a_new_secret_is_asked_for_at_its_task(story: Story) -> None:
    account = story.account_in("active")
    Message.objects.all().delete()
    new_secret.ask_for_new_secret(account, by=story.actor("support"), now=story.now, comment="The owner lost it.")
    mail = render(load(take(story.now, 1))[0], now=story.now, policy=Policy())
    assert LINK.findall(mail.body) == [reverse("cegal_task", args=[Task.objects.get().pk])]
    assert "The owner lost it." in mail.body
    assert "Never send a client secret by email." in mail.body


@pytest.mark.parametrize(
    ("state", "page", "what_to_do"),
    [
        ("support", "staff_order", "Read it"),
        ("approval", "approval", "Approve it"),
        ("approved", "staff_order", "Send it to Cegal"),
        ("cegal_setup", "cegal_order", "Complete the setup"),
        ("credential_issue", "staff_order", "Verify the credentials"),
    ],
)
def test_a_stage_reminder_says_what_this_stage_waits_for(story: Story, state: str, page: str, what_to_do: str) -> None:
    order = story.order_in(state)
    mail = rendered("stage_reminder", order, story.ingrid, now=story.now + timedelta(days=5))
    assert LINK.findall(mail.body) == [reverse(page, args=[order.reference])]
    assert what_to_do in mail.body
    assert "has waited since 23 November 2026" in mail.body.replace("\n", " ")


def test_a_returned_order_shows_every_comment_in_full(story: Story) -> None:
    order = story.order_in("returned")
    said = [
        {"field": "purpose", "text": "Say which project it is for, " + "and why " * 40},
        {"field": "system", "text": "Which SAP?"},
    ]
    comment = "Two things are missing.\nBoth matter."
    mail = rendered(
        "order_returned", order, story.ingrid, now=story.now, comment=comment, comments=said, answer_by="2026-12-23"
    )
    assert "Two things are missing.\nBoth matter." in mail.body
    assert " ".join(mail.body.split()).count("and why") == 40
    assert "Purpose:\nSay which project" in mail.body
    assert "System:\nWhich SAP?" in mail.body
    assert "Answer by 23 December 2026." in mail.body
    for words_of_it in ("Both matter.", "Which SAP?", "Purpose", "System", "Answer by 23 December 2026."):
        assert words_of_it in html_of(mail)


def test_an_order_that_was_sent_again_names_what_changed(story: Story) -> None:
    order = story.order_in("support")
    changed = {"purpose": ["a", "b"], "as_broker": [False, True], "as_seller": [True, False]}
    mail = rendered("order_resubmitted", order, story.support, now=story.now, changed=changed)
    assert "Changed: Role in Loop, Purpose." in mail.body
    assert "None of the answers" not in mail.body


def test_labels_of_fields_are_those_of_the_order_form() -> None:
    with translation.override("en"):
        assert {name: str(label) for name, label in FIELD_LABELS.items()} == words.FIELD_LABELS


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"last_used_on": date(2025, 10, 20)}, "20 October 2025"),
        ({"last_used_on": None}, "Never used"),
        ({"last_used_on": None, "watched_from": date(2025, 10, 1), "stated_through": None}, "Unknown"),
    ],
)
def test_an_inactivity_notice_says_when_the_account_was_last_used(story: Story, columns: dict, said: str) -> None:
    mail = notice_mail(story, **columns)
    lines = [line for line in mail.body.splitlines() if line.startswith("Last used")]
    assert [line.split(maxsplit=2)[2] for line in lines] == [said]


def test_an_inactivity_notice_names_the_account_and_the_days_that_follow(story: Story) -> None:
    mail = notice_mail(
        story, last_used_on=date(2025, 10, 20), technical_email="tor@nordsjo.example", technical_name="Tor"
    )
    assert mail.subject == "Do you still need client-1? Answer by 23 December 2026"
    assert "the API account client-1 (TEST)" in mail.body.replace("\n", " ")
    assert "Nordsjø Surplus AS" in mail.body
    assert "since 20 October 2025" in mail.body.replace("\n", " ")
    assert "suspended on 24 December 2026 at the earliest" in mail.body.replace("\n", " ")
    assert re.search(r"^Also sent to +Tor$", mail.body, flags=re.M)


def test_the_day_to_answer_by_is_that_of_delivery_not_of_queueing(story: Story) -> None:
    """23:30 UTC is the next day in Oslo already; the notice was queued a week before."""
    late = story.now.replace(hour=23, minute=30) + timedelta(days=7)
    mail = notice_mail(story, sent_at=late, last_used_on=date(2025, 10, 20))
    assert "Answer by 31 December 2026" in mail.subject
    assert "suspended on 1 January 2027 at the earliest" in mail.body.replace("\n", " ")


def test_norwegian_dates(story: Story) -> None:
    mail = notice_mail(story, language="nb", last_used_on=date(2025, 10, 20))
    assert "23. desember 2026" in mail.subject
    assert "20. oktober 2025" in mail.body


def test_the_link_of_a_notice_is_signed_for_its_address(story: Story) -> None:
    mail = notice_mail(story, last_used_on=date(2025, 10, 20))
    page = resolve(LINK.findall(mail.body)[0])
    assert page.url_name == "notice_answer"
    said = read_notice_token(page.kwargs["token"])
    assert said is not None
    assert (said.notice_id, said.email) == (Notice.objects.get().pk, story.ingrid.email)


def notice_mail(story: Story, *, sent_at=None, language="en", **columns):
    """The notice of an account that fell silent, as it is sent at ``sent_at`` (by default when it was queued)."""
    account = story.account(client_id="client-1", **columns)
    today = timezone.localdate(story.now)
    notice = Notice.objects.create(account=account, opened_on=today, last_activity_on=date(2025, 10, 20))
    Message.objects.all().delete()
    message("inactivity_notice", account, story.ingrid, now=story.now, notice=notice, language=language)
    at = sent_at or story.now
    return render(load(take(at, 1))[0], now=at, policy=Policy())


def test_issued_credentials_tell_the_owner_to_collect_and_the_requester_who_does(story: Story) -> None:
    order = story.order_in("issued", owner_email="olav@nordsjo.example", owner_name="Olav Owner")
    to_requester = rendered("credentials_issued", order, story.ingrid, now=story.now)
    assert "The owner, Olav Owner, collects the client secret." in to_requester.body
    assert LINK.findall(to_requester.body) == [reverse("order", args=[order.reference])]
    to_owner = rendered("credentials_issued", order, "olav@nordsjo.example", now=story.now)
    assert "Sign in to collect the client secret." in to_owner.body
    assert "names you as the owner" in to_owner.body
    assert LINK.findall(to_owner.body) == [reverse("my_accounts")]
    for mail in (to_requester, to_owner):
        assert "Collect by 7 December 2026." in mail.body
        assert "No network in tests." not in mail.body


def test_a_reactivation_has_no_secret_to_collect(story: Story) -> None:
    account = story.account_in("suspended")
    Order.objects.bulk_create([reactivation := story_order(story, account)])
    reactivation.environments.set([account.environment])
    mail = rendered("credentials_issued", reactivation, story.ingrid, now=story.now)
    assert mail.subject.startswith("Your API account is active again")
    assert "secret" not in mail.body
    cegal = rendered("order_to_set_up", reactivation, story.cegal, now=story.now)
    assert "Enable the client again" in cegal.body


def story_order(story: Story, account: Account) -> Order:
    return Order(reference="LA-2026-9999", kind="reactivation", concerns=account, requester=story.ingrid,
                 created_at=story.now, state_since=story.now, owner_email=story.ingrid.email, version=1)  # fmt: skip
