"""The kept mails as pages, in installations that keep them in a folder: for trying things out on one's own machine.

Whoever wants to sign in needs the code out of such a mail, so it is open without signing in; where mails are
really sent there is no such page (ROUTES are not among the addresses, and asked for all the same it is a 404).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_safe

from accounts.readers import mailbox as reader
from accounts.web.mail_html import mail_page

View = Callable[..., HttpResponse]


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
    return mail_page(html)


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
