"""What a page says when it cannot do what was asked: what happened, what to do next, and what was typed."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from typing import Any

import structlog
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.csrf import REASON_NO_CSRF_COOKIE
from django.shortcuts import render
from django.template.loader import get_template
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.utils.http import url_has_allowed_host_and_scheme, urlencode

View = Callable[..., HttpResponseBase]

NEVER_SHOWN = ("secret", "password", "token", "code", "csrf")
"""Parts of names of fields whose values are not repeated on any page."""

AGAIN_AFTER = 60  # seconds


def asks_to_sign_in(view: View) -> View:
    """Only for people who signed in. The others sign in and come back; what they had typed is shown to be copied."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated:
            return view(request, *args, **kwargs)
        if request.method == "POST":
            return signed_out(request)
        return redirect_to_login(request.get_full_path())

    return guarded


def signed_out(request: HttpRequest) -> HttpResponse:
    """The answer to a form that was sent after its session had ended: nothing was saved, and nothing typed is lost."""
    back = f"{reverse('account_login')}?{urlencode({'next': _page_of_the_form(request)})}"
    response = render(request, "signed_out.html", {"typed": typed(request), "url": back}, status=403)
    add_never_cache_headers(response)
    return response


@login_not_required
def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The answer to a form whose proof of origin is missing or old: mostly a page that was open for too long."""
    context = {
        "typed": typed(request),
        "url": _page_of_the_form(request),
        "no_cookies": reason == REASON_NO_CSRF_COOKIE,
    }
    response = render(request, "form_too_old.html", context, status=403)
    add_never_cache_headers(response)
    return response


@login_not_required
def went_wrong(request: HttpRequest) -> HttpResponse:
    """The page for an error of ours (500), with the number under which it stands in the log.

    When the database is away it is 503: nothing is broken, and trying again helps. Drawn without the request:
    whatever fails on every page must not fail here too.
    """
    away = isinstance(sys.exc_info()[1], (OperationalError, InterfaceError))
    number = structlog.contextvars.get_contextvars().get("request_id", "")
    text = get_template("503.html" if away else "500.html").render({"request_number": number})
    response = HttpResponse(text, status=503 if away else 500)
    if away:
        response.headers["Retry-After"] = str(AGAIN_AFTER)
    return response


def typed(request: HttpRequest) -> list[dict[str, str]]:
    """What stands in the fields of the form, as terms and texts; no secret, no empty field, nothing hidden."""
    return [
        {"term": name.replace("_", " ").replace("-", " ").capitalize(), "text": value}
        for name, values in request.POST.lists()
        for value in values
        if value.strip() and not any(part in name.lower() for part in NEVER_SHOWN) and name not in _OF_THE_PAGE
    ]


_OF_THE_PAGE = frozenset({"version", "next", "verb", "theme", "language"})


def _page_of_the_form(request: HttpRequest) -> str:
    """Where the form stood: the page that sent it, if it is one of ours, else the address that it was sent to."""
    came_from = request.headers.get("Referer", "")
    ours = url_has_allowed_host_and_scheme(came_from, {request.get_host()}, require_https=request.is_secure())
    if not came_from or not ours:
        return request.path
    host = f"//{request.get_host()}"
    return came_from.split(host, 1)[1] or "/" if host in came_from else request.path
