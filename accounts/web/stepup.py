"""Step-up: before approving, issuing and revealing, a person proves anew that it is they.

Recent is what was proved in the last RECENT seconds: with the second factor, if they have one; else by a code or by
single sign-on. The form that was sent is kept meanwhile, and is there again afterwards, with its button.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.contrib import messages
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render, resolve_url
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.utils.crypto import get_random_string
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.models import Person
from accounts.web.problems import NEVER_SHOWN, asks_to_sign_in, typed

RECENT = 600  # seconds
KEPT = 1800  # seconds that a form waits for its person to come back
SECOND_FACTORS = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]


def signed_in_recently(request: HttpRequest) -> bool:
    """Say whether the person proved in the last RECENT seconds that it is they, with the second factor if any."""
    records = get_authentication_records(request, request.user)
    recent = {record["method"] for record in records if time.time() - record["at"] < RECENT}
    return "mfa" in recent or (bool(recent) and not has_second_factor(request.user))


def has_second_factor(person: Any) -> bool:
    """Has ``person`` an authenticator app or a passkey? One query."""
    return bool(is_mfa_enabled(person, SECOND_FACTORS))


def came_by_single_sign_on(request: HttpRequest) -> bool:
    """Did whoever is signed in come by single sign-on in this session?"""
    records = get_authentication_records(request, request.user)
    return any(record.get("method") == "socialaccount" for record in records)


def step_up(request: HttpRequest) -> HttpResponse | None:
    """None for whoever proved recently that it is they; else the way there, with the form that was sent kept."""
    if signed_in_recently(request):
        return None
    address = _keep(request) if request.method == "POST" else request.get_full_path()
    return HttpResponseRedirect(f"{reverse('step_up')}?{urlencode({'next': address})}")


def recently(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """A page for whoever proved recently that it is they; the others do so first."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return step_up(request) or view(request, *args, **kwargs)

    return asks_to_sign_in(guarded)


@asks_to_sign_in
@require_safe
def confirm_it_is_you(request: HttpRequest) -> HttpResponse:
    """The ways to prove it: the second factor for whoever has one, else single sign-on or a code; then to ``next``."""
    target = safe_next(request, request.GET.get("next", ""))
    if signed_in_recently(request):
        return HttpResponseRedirect(target)
    if has_second_factor(request.user):
        ways = get_adapter(request).get_reauthentication_methods(request.user)
        return HttpResponseRedirect(f"{ways[0]['url']}?{urlencode({'next': target})}")
    context = {"next": target, "by_single_sign_on": came_by_single_sign_on(request)}
    return _never_kept(render(request, "account/confirm_it_is_you.html", context))


@asks_to_sign_in
@require_safe
def go_on(request: HttpRequest, token: str) -> HttpResponse:
    """The form that was kept, with its button: pressing it sends it again to where it was going."""
    kept = cache.get(_key(token))
    if not kept or kept["person"] != str(request.user.pk):
        messages.warning(request, _("What you sent is not kept any more, and was not done. Begin again."))
        return HttpResponseRedirect(resolve_url("landing"))
    if not signed_in_recently(request):
        return HttpResponseRedirect(f"{reverse('step_up')}?{urlencode({'next': request.path})}")
    return _never_kept(render(request, "account/go_on.html", kept))


def safe_next(request: HttpRequest, target: str) -> str:
    """``target`` if it is an address of ours, else where people land after signing in."""
    safe = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
    return target if safe else resolve_url("landing")


def _keep(request: HttpRequest) -> str:
    """Keep the form, without anything secret, and give the address under which it goes on."""
    token = get_random_string(40)
    fields = [
        {"name": name, "value": value}
        for name, values in request.POST.lists()
        for value in values
        if not any(part in name.lower() for part in NEVER_SHOWN)
    ]
    assert isinstance(request.user, Person)  # noqa: S101  # who is not signed in was sent away before
    kept = {"person": str(request.user.pk), "path": request.get_full_path(), "fields": fields, "typed": typed(request)}
    cache.set(_key(token), kept, KEPT)
    return reverse("go_on", args=[token])


def _key(token: str) -> str:
    return f"step-up:{token}"


def _never_kept(response: HttpResponse) -> HttpResponse:
    add_never_cache_headers(response)
    return response
