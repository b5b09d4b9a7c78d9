"""Every kind of mail has its templates and renders in both languages, with the right link and all that was said."""

from __future__ import annotations

import ast
import re
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.urls import resolve, reverse
from django.utils import timezone, translation

from accounts.actions import credentials
from accounts.delivery import words
from accounts.delivery.claim import take
from accounts.delivery.kinds import KINDS
from accounts.delivery.letter import load
from accounts.delivery.render import render
from accounts.forms.order import FIELD_LABELS
from accounts.lifecycle.accounts import ACCOUNT
from accounts.lifecycle.orders import ORDER
from accounts.lifecycle.policy import Policy
from accounts.models import Account, Credential, Message, Notice, Order, Task
from accounts.people import read_notice_token
from tests.delivery.post import message
from tests.story import Story

pytestmark = [pytest.mark.django_db]

FOLDER = settings.BASE_DIR / "templates" / "mail"
ENDINGS = (".subject.txt", ".txt", ".html")
ORDER_KINDS = sorted(kind for kind, known in KINDS.items() if known.page in ("order", "staff_order", "cegal_order"))
ACCOUNT_KINDS = sorted(KINDS.keys() - set(ORDER_KINDS) - {"new_secret_asked"})
LINK = re.compile(r"http://localhost:8000(/\S+)")


def rendered(kind, about, to, *, now, language="en", **fields):
    """The mail that the post room would send."""
    Message.objects.all().delete()
    message(kind, about, to, now=now, language=language, **fields)
    claim = take(now, 1)
    return render(load(claim)[0], now=now, policy=Policy())


def html_of(mail):
    return mail.alternatives[0].content


def told_by_the_code():
    """Every kind of mail that a transition or an action owes: the first word of each ``Tell(...)``."""
    kinds = {tell.kind for row in (*ORDER, *ACCOUNT) for tell in row.tells}
    for path in (settings.BASE_DIR / "accounts" / "actions").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Tell":
                kinds.add(ast.literal_eval(node.args[0]))
    return kinds


def test_every_kind_that_is_owed_is_in_the_catalogue_and_the_other_way_round():
    assert told_by_the_code() == set(KINDS)


def test_every_kind_has_its_three_templates_and_no_template_is_without_a_kind():
    there = {path.name for path in FOLDER.iterdir() if not path.name.startswith(("_", "base."))}
    assert there == {kind + ending for kind in KINDS for ending in ENDINGS}


@pytest.mark.parametrize("language", ["en", "nb"])
@pytest.mark.parametrize("kind", ORDER_KINDS)
def test_mails_about_an_order(story: Story, kind: str, language: str) -> None:
    order = story.order_in("support")
    mail = rendered(kind, order, story.ingrid, now=story.now, language=language, comment="Fire & <flame>")
    looks_right(mail, order.reference, language)
    if kind != "credentials_issued":
        assert "Fire & <flame>" in mail.body
        assert "Fire &amp; &lt;flame&gt;" in html_of(mail)


@pytest.mark.parametrize("language", ["en", "nb"])
@pytest.mark.parametrize("kind", ACCOUNT_KINDS)
def test_mails_about_an_account(story: Story, kind: str, language: str) -> None:
    account = story.account_in("notified")
    notice = Notice.objects.get(account=account)
    mail = rendered(
        kind, account, story.ingrid, now=story.now, language=language, notice=notice, comment="Still <used>"
    )
    looks_right(mail, account.client_id, language)
    assert "Still <used>" in mail.body


def looks_right(mail, name, language):
    """Whole in both parts: what it is about, one button with one whole link, and nothing left unfilled."""
    assert name in mail.subject or name in mail.body
    assert "\n" not in mail.subject
    assert name in mail.body
    assert name in html_of(mail)
    assert f'<html lang="{language}"' in html_of(mail)
    for text in (mail.subject, mail.body, html_of(mail)):
        assert not re.search(r"\{[{%]|[%}]\}|\bNone\b(?! of the answers)", text), text
    assert "<p></p>" not in html_of(mail)
    links = LINK.findall(mail.body)
    assert len(links) == 1
    assert html_of(mail).count("http://localhost:8000") == 1
    assert f'href="http://localhost:8000{links[0]}"' in html_of(mail)
    assert settings.SUPPORT_EMAIL in mail.body
    assert not mail.body.startswith("\n")
    assert "\n\n\n" not in mail.body
    assert max(len(line) for line in mail.body.splitlines() if "http" not in line) <= 76


@pytest.mark.parametrize(
    ("kind", "page"),
    [
        ("order_received", "order"),
        ("order_to_triage", "staff_order"),
        ("order_to_approve", "staff_order"),
        ("order_to_set_up", "cegal_order"),
        ("return_expiry_warning", "order"),
    ],
)
def test_the_button_leads_to_the_page_of_the_one_who_reads_it(story: Story, kind: str, page: str) -> None:
    order = story.order_in("support")
    mail = rendered(kind, order, story.ingrid, now=story.now)
    assert LINK.findall(mail.body) == [reverse(page, args=[order.reference])]


@pytest.mark.parametrize(
    ("kind", "page"),
    [
        ("account_kept", "account"),
        ("secret_collected", "account"),
        ("secret_not_collected_copy", "staff_account"),
        ("notice_not_delivered", "staff_account"),
        ("new_secret_ready", "collect"),
    ],
)
def test_the_button_leads_to_the_page_of_the_account(story: Story, kind: str, page: str) -> None:
    account = story.account_in("active")
    mail = rendered(kind, account, story.ingrid, now=story.now)
    assert LINK.findall(mail.body) == [reverse(page, args=[account.pk])]


def test_a_new_secret_is_asked_for_at_its_task(story: Story) -> None:
    account = story.account_in("active")
    Message.objects.all().delete()
    credentials.ask_for_new_secret(account, by=story.actor("support"), now=story.now, comment="The owner lost it.")
    mail = render(load(take(story.now, 1))[0], now=story.now, policy=Policy())
    assert LINK.findall(mail.body) == [reverse("cegal_task", args=[Task.objects.get().pk])]
    assert "The owner lost it." in mail.body
    assert "Never send a client secret by email." in mail.body


@pytest.mark.parametrize(
    ("state", "page", "what_to_do"),
    [
        ("support", "staff_order", "Read it"),
        ("approval", "staff_order", "Approve it"),
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
    return Order(reference="LA-2026-9999", kind="reactivation", reactivates=account, requester=story.ingrid,
                 created_at=story.now, state_since=story.now, owner_email=story.ingrid.email, version=1)  # fmt: skip


def test_no_secret_in_any_mail(story: Story) -> None:
    order = story.order_in("credential_issue")
    sealed = Credential.objects.get().sealed_secret
    for kind in ORDER_KINDS:
        mail = rendered(kind, order, story.ingrid, now=story.now)
        for text in (mail.subject, mail.body, html_of(mail)):
            assert "secret-TEST" not in text
            assert sealed not in text


def test_headers(story: Story) -> None:
    order = story.order_in("support")
    story.ingrid.name = 'Solheim, "Ingrid" Ærø\r\nBcc: everybody@example.com'
    mail = rendered("order_received", order, story.ingrid, now=story.now)
    raw = mail.message()
    assert raw["Message-ID"] == f"<{Message.objects.get().pk}@localhost>"
    assert raw["Auto-Submitted"] == "auto-generated"
    assert raw["Reply-To"] == settings.SUPPORT_EMAIL
    assert raw["Date"] == "Mon, 23 Nov 2026 12:00:00 +0000"
    assert raw["Bcc"] is None
    assert len(mail.recipients()) == 1


def test_long_words_and_links_are_not_broken() -> None:
    from accounts.delivery.render import WIDTH, _tidy

    link = "http://localhost:8000/answer/" + "x" * 100
    text = _tidy(f"\n\n  {'word ' * 40}\n\n\n\n{link}\n")
    assert link in text
    assert text.splitlines()[0].startswith("  word")
    assert all(len(line) <= WIDTH for line in text.splitlines() if line != link)


def test_a_long_value_stays_in_its_column() -> None:
    from accounts.delivery.render import _tidy

    lines = _tidy(f"Purpose            {'many words ' * 20}\n").splitlines()
    assert len(lines) > 2
    assert all(line.startswith((" " * 19 + "many", " " * 19 + "words")) for line in lines[1:])


def test_templates_hold_no_style_of_their_own() -> None:
    for path in Path(FOLDER).glob("*.html"):
        if path.name != "base.html":
            assert "style=" not in path.read_text(), path.name
