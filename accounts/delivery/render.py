"""From a letter to the mail that goes out."""

from __future__ import annotations

import re
import textwrap
from datetime import datetime
from email.utils import format_datetime, formataddr
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template import Context
from django.template.loader import get_template
from django.utils import translation

from accounts.delivery.context import context_for
from accounts.delivery.letter import Letter
from accounts.lifecycle.policy import Policy

WIDTH = 76
"""Letters a line of the plain text: mail programs that do not wrap by themselves show 80."""

_BEFORE_TEXT = re.compile(r" *(?:\S.{0,30}? {2,})?(?=\S)")
"""What a long line goes on under: its own indent, or the column of values in a list of terms and values."""


def render(letter: Letter, *, now: datetime, policy: Policy) -> EmailMultiAlternatives:
    """The mail in the message's language: subject, text and HTML from ``templates/mail/<kind>.*``.

    Its Message-ID is that of the row, so that a mail that went out twice is known for the same one; it says of
    itself that a program sent it (RFC 3834), so that no other program answers. Raises whatever a template raises.
    """
    message = letter.message
    with translation.override(message.language):
        known = context_for(letter, now=now, policy=policy)
        known["subject_line"] = _one_line(_plain(f"mail/{message.kind}.subject.txt", known))
        text = _tidy(_plain(f"mail/{message.kind}.txt", known))
        html = get_template(f"mail/{message.kind}.html").render(known)
    mail = EmailMultiAlternatives(
        known["subject_line"],
        text,
        to=[formataddr((_one_line(message.to_name), message.to_email))],
        reply_to=[settings.SUPPORT_EMAIL],
        headers={
            "Message-ID": f"<{message.pk}@{urlsplit(settings.PORTAL_URL).hostname}>",
            "Date": format_datetime(now),
            "Auto-Submitted": "auto-generated",
        },
    )
    mail.attach_alternative(html, "text/html")
    return mail


def _plain(name: str, known: dict[str, Any]) -> str:
    """A text template, without the escapes that HTML needs."""
    return str(get_template(name).template.render(Context(known, autoescape=False)))  # type: ignore[attr-defined]  # of Django's backend


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _tidy(text: str) -> str:
    """Lines of a readable length, at most one empty line in a row; links stay whole."""
    lines = (_wrapped(line.rstrip()) for line in text.splitlines())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n") + "\n"


def _wrapped(line: str) -> str:
    if len(line) <= WIDTH:
        return line
    indent = " " * len(_BEFORE_TEXT.match(line)[0])  # type: ignore[index]  # it always matches
    return textwrap.fill(line, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
