"""Every kind of mail has its templates and renders in both languages, with the right link and all that was said."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.urls import reverse

from accounts.delivery.kinds import KINDS
from accounts.lifecycle.accounts import ACCOUNT
from accounts.lifecycle.orders import ORDER
from accounts.models import Credential, Message, Notice
from tests.delivery.post import LINK, html_of, rendered
from tests.story import Story

pytestmark = [pytest.mark.django_db]

FOLDER = settings.BASE_DIR / "templates" / "mail"
ENDINGS = (".subject.txt", ".txt", ".html")
ORDER_KINDS = sorted(
    kind for kind, known in KINDS.items() if known.page in ("order", "staff_order", "cegal_order", "approval")
)
ACCOUNT_PAGES = ("account", "staff_account", "collect", "notice_answer")
ACCOUNT_KINDS = sorted(kind for kind, known in KINDS.items() if known.page in ACCOUNT_PAGES)


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
        ("order_to_approve", "approval"),
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
