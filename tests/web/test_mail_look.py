"""The look of mails: one column, styles written into the elements, dark mode kept, both parts say the same."""

import re

import pytest
from django.core import mail
from django.template import Context, Engine, Template
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse

BODY = """{% extends "mail/base.html" %}{% block heading %}{{ heading }}{% endblock %}{% block content %}
{% include "mail/_notice.html" with strong="Answer by 23 December 2026." text=text only %}
{% include "mail/_button.html" with url=url label="Yes, keep it" only %}
{% include "mail/_button.html" with url=url label="No, close it" quiet=True only %}
{% include "mail/_facts.html" with rows=rows only %}{% endblock %}"""


def example(**more: object) -> str:
    rows = [{"term": "Organisation", "value": "Nordsjø Surplus AS"}]
    given = {
        "heading": "Still needed?",
        "text": "Else it is suspended.",
        "url": "https://p.example/a?b=1&c=2",
        "rows": rows,
    }
    return Template(BODY, engine=Engine.get_default()).render(Context({**given, **more}))


def test_styles_are_written_into_the_elements() -> None:
    drawn = example()
    assert re.search(
        r'<a href="https://p\.example/a\?b=1&amp;c=2" style="[^"]*background|<a [^>]*style="[^"]*color: ?#ffffff', drawn
    )
    assert re.search(r'<h1 style="[^"]*font-size', drawn)


def test_dark_mode_stays_in_the_head_and_nothing_is_fetched() -> None:
    drawn = example()
    assert "prefers-color-scheme: dark" in drawn or "prefers-color-scheme:dark" in drawn
    assert not re.search(r"<link|<img|url\(|<script", drawn)


def test_norwegian_letters_and_escaping() -> None:
    drawn = example(heading="<b>Æ & Ø</b>")
    assert "&lt;b&gt;Æ &amp; Ø&lt;/b&gt;" in drawn
    assert "Nordsjø" in drawn


def test_hello_only_with_a_name() -> None:
    assert "Hello Ingrid," in example(recipient_name="Ingrid")
    assert "Hello" not in example()


def test_the_text_part_does_not_escape_and_ends_with_the_way_to_support() -> None:
    text = render_to_string("mail/base.txt", {"recipient_name": "Å & Ø"})
    assert text.startswith("Hello Å & Ø,\n\n")
    assert "support@virtualinventory.no" in text


@pytest.mark.django_db
def test_the_sign_in_mail_has_both_parts_with_the_code(client: Client) -> None:
    client.post(reverse("account_login"), {"login": "kari@example.com"})
    sent = mail.outbox[-1]
    html = sent.alternatives[0].content
    code = re.search(r"^    (\S+)$", sent.body, re.MULTILINE)
    assert code
    assert code[1] in html
    assert "15 minutes" in sent.body
    assert "15 minutes" in html
    assert code[1] not in sent.subject
