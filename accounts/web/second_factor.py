"""The second factor: django-allauth does the work; here stands who must have one, and how its secrets are kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from allauth.account.internal.flows.login import get_authentication_records, record_authentication
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from accounts.models import Person
from accounts.models.encrypted import SECOND_FACTOR, seal, unseal
from accounts.web.door import actor_for, wears_role
from accounts.web.problems import asks_to_sign_in, typed
from accounts.web.stepup import SECOND_FACTORS, has_second_factor, recently

OPEN = ("account/", "preferences/", "health/", "mailbox/", "api/")
"""What opens without a second factor: signing in and out, setting one up, and what nobody needs to sign in for."""
OPEN_PAGES = frozenset({"accessibility", "privacy", "set_theme", "set_language"})
PROVED = frozenset({"mfa", "socialaccount"})


class MFAAdapter(DefaultMFAAdapter):
    """What the portal decides about second factors."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": gettext_lazy("That is not the code of this moment. Wait for the next one and type it."),
        "cannot_delete_authenticator": gettext_lazy(
            "Your role needs a second factor, and this is your last one. Add another one first."
        ),
    }

    def encrypt(self, text: str) -> str:
        """Seal what codes are made from, as client secrets are sealed."""
        return seal(text, context=SECOND_FACTOR, keys=settings.CREDENTIAL_KEYS)

    def decrypt(self, encrypted_text: str) -> str:
        """Open what ``encrypt`` sealed."""
        return unseal(encrypted_text, context=SECOND_FACTOR, keys=settings.CREDENTIAL_KEYS)

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """The last one of somebody who must have one stays."""
        return may_remove_one(authenticator.user)

    def _get_site_name(self) -> str:
        return str(settings.MFA_TOTP_ISSUER)


class SecondFactorFirst:
    """Middleware: staff who did not come by single sign-on set up a second factor before anything else."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Go on; ``process_view`` knows the page."""
        return self.get_response(request)

    def process_view(self, request: HttpRequest, _view: Any, _args: Any, _kwargs: Any) -> HttpResponse | None:
        """None where the page may be opened; else the way to setting one up."""
        match = request.resolver_match
        if match is None or match.route.startswith(OPEN) or match.url_name in OPEN_PAGES or not is_missing(request):
            return None
        if request.method in ("GET", "HEAD"):
            return HttpResponseRedirect(reverse("second_factor_first"))
        return _page(request, 403)


def is_missing(request: HttpRequest) -> bool:
    """Must whoever is signed in set up a second factor first? No query for whoever used one in this session."""
    person = getattr(request, "user", None)
    if not settings.REQUIRE_SECOND_FACTOR or not isinstance(person, Person):
        return False
    if any(record.get("method") in PROVED for record in get_authentication_records(request, person)):
        return False
    return wears_role(actor_for(request)) and not has_second_factor(person)


def may_remove_one(person: Person) -> bool:
    """May ``person`` remove an authenticator app or a passkey: another is left, or nobody asks them for one?"""
    if not settings.REQUIRE_SECOND_FACTOR or not person.grants.exists():
        return True
    return _count(person) > 1


def sets_up(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """For the pages that set one up: somebody who just signed in opens them, and has used it by setting it up."""

    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        before = _count(request.user)
        response = view(request, *args, **kwargs)
        if request.method == "POST" and _count(request.user) > before:
            record_authentication(request, request.user, method="mfa", reauthenticated=True)
        return response

    return recently(guarded)


def keeps_the_last(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """For the page that removes a passkey: the last second factor of somebody who needs one stays."""

    @asks_to_sign_in
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        assert isinstance(request.user, Person)  # noqa: S101  # asks_to_sign_in says so
        if may_remove_one(request.user):
            return view(request, *args, **kwargs)
        messages.error(request, str(MFAAdapter.error_messages["cannot_delete_authenticator"]))
        return HttpResponseRedirect(reverse("mfa_index"))

    return guarded


@asks_to_sign_in
@require_safe
def second_factor_first(request: HttpRequest) -> HttpResponse:
    """Why a second factor comes first, and the two ways to set one up."""
    if not is_missing(request):
        return HttpResponseRedirect(reverse("mfa_index"))
    return _page(request, 200)


def _count(person: Any) -> int:
    return int(Authenticator.objects.filter(user=person, type__in=SECOND_FACTORS).count())


def _page(request: HttpRequest, status: int) -> HttpResponse:
    context = {"typed": typed(request), "title": _("Set up a second factor first")}
    response = render(request, "account/second_factor_first.html", context, status=status)
    add_never_cache_headers(response)
    return response
