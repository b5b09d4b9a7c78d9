"""The kept mails as pages, in installations that keep them in a folder: for trying things out on one's own machine.

Whoever wants to sign in needs the code out of such a mail, so it is open without signing in; where mails are
really sent there is no such page (ROUTES are not among the addresses, and asked for all the same it is a 404).
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from functools import wraps
from html.parser import HTMLParser
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_safe

from accounts.readers import mailbox as reader

View = Callable[..., HttpResponse]
MOST_STYLES = 200


def _only_while_kept(view: View) -> View:
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not settings.MAIL_IS_KEPT:
            raise Http404("Mails are sent, not kept.")
        response = view(request, *args, **kwargs)
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Robots-Tag"] = "noindex, nofollow"
        return response

    return login_not_required(require_safe(guarded))


@_only_while_kept
def mailbox(request: HttpRequest) -> HttpResponse:
    """The kept mails, the newest first."""
    mails, after = reader.mails(settings.MAIL_FOLDER, request.GET.get("after", ""))
    context = {"mails": mails, "next_url": f"{request.path}?after={after}" if after else ""}
    return render(request, "accounts/requester/mailbox.html", context)


@_only_while_kept
def mail(request: HttpRequest, file: str, place: int) -> HttpResponse:
    """One mail: its head and its text, with links that can be followed."""
    return render(request, "accounts/requester/mail.html", {"mail": _found(file, place)})


@_only_while_kept
def mail_html(request: HttpRequest, file: str, place: int) -> HttpResponse:
    """The HTML of one mail as a page of its own, shut in: no script, no form, nothing loaded from anywhere."""
    html = _found(file, place).html
    if not html:
        raise Http404("This mail has no HTML.")
    response = HttpResponse(html)
    response.headers["Content-Security-Policy"] = _policy(html)
    return response


ROUTES = [
    path("mailbox/", mailbox, name="mailbox"),
    path("mailbox/<str:file>/<int:place>/", mail, name="mail"),
    path("mailbox/<str:file>/<int:place>/html", mail_html, name="mail_html"),
]


def _found(file: str, place: int) -> reader.Mail:
    found = reader.mail(settings.MAIL_FOLDER, file, place)
    if found is None:
        raise Http404("There is no such mail.")
    return found


def _policy(html: str) -> str:
    """A policy that allows exactly the styles that stand in this mail, each by its hash, and nothing else."""
    styles = _Styles()
    styles.feed(html)
    styles.close()
    hashes = " ".join(f"'sha256-{_digest(style)}'" for style in list(styles.found)[:MOST_STYLES])
    return (
        f"default-src 'none'; style-src 'unsafe-hashes' {hashes}; img-src data:; form-action 'none'; "
        "base-uri 'none'; frame-ancestors 'none'; sandbox allow-popups allow-popups-to-escape-sandbox "
        "allow-top-navigation-by-user-activation"
    )


def _digest(style: str) -> str:
    return base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()


class _Styles(HTMLParser):
    """The texts of style attributes and style elements, each once."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, None] = {}
        self._element: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found |= {value: None for name, value in attrs if name == "style" and value}
        if tag == "style":
            self._element = []

    def handle_data(self, data: str) -> None:
        if self._element is not None:
            self._element.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "style" and self._element is not None:
            self.found["".join(self._element)] = None
            self._element = None
