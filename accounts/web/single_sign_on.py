"""Single sign-on: django-allauth speaks OpenID Connect; here stands whom the portal lets in, and what it says if not.

Only an address that the issuer has verified opens the portal, and only that of the person: an account at the issuer
is linked to the person with that address. What the issuer says about itself is kept for an hour.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import jwt
import requests
import structlog
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin
from allauth.socialaccount.providers.base.constants import AuthError
from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers
from django.utils.translation import get_language, gettext_lazy
from requests.adapters import HTTPAdapter

from accounts.lifecycle.states import Role
from accounts.models import Person

log = structlog.get_logger(__name__)

METADATA = "/.well-known/openid-configuration"
METADATA_KEPT = 3600  # seconds
NEEDED = ("issuer", "authorization_endpoint", "token_endpoint", "jwks_uri")

AWAY = gettext_lazy("%(issuer)s does not answer at the moment. Try again in a minute, or sign in with a code by email.")
CANCELLED = gettext_lazy("You stopped the sign-in at %(issuer)s. Nothing has happened.")
EXPIRED = gettext_lazy("The sign-in took too long, or was begun in another window. Begin again.")
REFUSED = gettext_lazy("%(issuer)s refused the sign-in. If it happens again, tell an administrator of the portal.")
WRONG_AUDIENCE = gettext_lazy(
    "%(issuer)s vouched for you towards another application. An administrator must compare OIDC_CLIENT_ID with what is "
    "registered there."
)
WRONG_ISSUER = gettext_lazy(
    "Somebody other than %(issuer)s vouched for you. An administrator must compare OIDC_ISSUER with what is said there."
)
CLOCKS = gettext_lazy(
    "The clock of %(issuer)s and that of the portal differ, so its answer counts as too old or too new. An "
    "administrator must set the clocks."
)
NOT_VERIFIED = gettext_lazy(
    "%(issuer)s does not say that your email address is verified. Sign in with a code by email, or ask an "
    "administrator."
)
OTHER_ADDRESS = gettext_lazy(
    "%(issuer)s knows you by another address than the portal does. An administrator must bring them in step."
)
NOT_LET_IN = gettext_lazy("You cannot sign in to this portal any more. An administrator can let you in again.")


class Metadata(HTTPAdapter):
    """Fetches what the issuer says about itself, at most once in METADATA_KEPT seconds.

    An issuer that is away, or answers with something else, becomes the page that says so.
    """

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        """As requests does, but out of the cache where it is there."""
        url = str(request.url)
        key = f"oidc:{url}"
        kept = cache.get(key)
        if kept is not None:
            return _answer(request, kept)
        try:
            response = super().send(request, *args, **kwargs)
            found = response.json() if response.ok else {}
        except requests.RequestException as failure:
            raise _refusal(AWAY, HTTPStatus.BAD_GATEWAY, reason=type(failure).__name__) from failure
        if not isinstance(found, dict) or not all(isinstance(found.get(name), str) for name in NEEDED):
            raise _refusal(AWAY, HTTPStatus.BAD_GATEWAY, reason=f"metadata {response.status_code}")
        cache.set(key, response.content, METADATA_KEPT)
        return response


class SocialAdapter(DefaultSocialAccountAdapter):
    """What the portal decides about single sign-on."""

    def get_requests_session(self) -> requests.Session:
        """A session with a time-out, in which the issuer's metadata are cached."""
        session: requests.Session = super().get_requests_session()
        for app in issuer_apps():
            session.mount(app["settings"]["server_url"] + METADATA, Metadata())
        return session

    def populate_user(self, request: HttpRequest, sociallogin: SocialLogin, data: dict[str, Any]) -> Person:
        """Fill in somebody who is new here: address, name, and the language of their browser."""
        person: Person = sociallogin.user
        person.email = (data.get("email") or "").lower()
        person.name = str(data.get("name") or "")[:200]
        person.language = (get_language() or settings.LANGUAGE_CODE)[:2]
        return person

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Let nobody in but by an address that is verified, theirs, and of somebody who may sign in."""
        said = _said(sociallogin)
        email = str(said.get("email") or "").lower()
        if not email or not self._is_verified(sociallogin, said, email):
            raise _refusal(NOT_VERIFIED, HTTPStatus.FORBIDDEN)
        known = Person.objects.filter(email__iexact=email).first()
        if sociallogin.is_existing and (known is None or known.pk != sociallogin.user.pk):
            raise _refusal(OTHER_ADDRESS, HTTPStatus.FORBIDDEN)
        if known is not None and not known.is_active:
            raise _refusal(NOT_LET_IN, HTTPStatus.FORBIDDEN)

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Any,
        error: Any = None,
        exception: Exception | None = None,
        extra_context: dict[str, Any] | None = None,
    ) -> None:
        """Say in words why nobody was signed in."""
        sentence, status = _why(request, error, exception)
        raise _refusal(sentence, status, reason=repr(exception)[:200] if exception else "")

    def is_auto_signup_allowed(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        """Nobody is asked for another address: ``pre_social_login`` has seen to it that there is a good one."""
        return True

    def _is_verified(self, sociallogin: SocialLogin, said: dict[str, Any], email: str) -> bool:
        claimed = said.get("email_verified")
        return claimed is True or claimed == "true" or bool(self.is_email_verified(sociallogin.provider, email))


def issuer_apps() -> list[dict[str, Any]]:
    """The issuer's settings, as a list of one or none."""
    found: list[dict[str, Any]] = settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"]
    return found


def issuer_name() -> str:
    """What people call the issuer; "" where there is no single sign-on."""
    return next((str(app["name"]) for app in issuer_apps()), "")


def roles_of(sociallogin: SocialLogin) -> set[Role] | None:
    """The roles that the person's groups bring; None where the issuer did not say them (too many for one token)."""
    claims: dict[str, Any] = sociallogin.account.extra_data or {}
    parts = [part for part in (claims.get("id_token"), claims.get("userinfo"), claims) if isinstance(part, dict)]
    name = settings.OIDC_GROUPS_CLAIM
    groups = next((part[name] for part in parts if name in part), None)
    if groups is None and any(name in (part.get("_claim_names") or {}) for part in parts):
        log.warning("groups_not_told", reason="too many groups for one token")
        return None
    named = [groups] if isinstance(groups, str) else groups if isinstance(groups, list) else []
    return {Role(settings.OIDC_ROLE_MAP[group]) for group in named if group in settings.OIDC_ROLE_MAP}


def sign_out_address() -> str:
    """Where the issuer signs people out, "" where it does not say, or is away."""
    for app in issuer_apps():
        url = app["settings"]["server_url"] + METADATA
        try:
            found = SocialAdapter().get_requests_session().get(url).json()
        except ImmediateHttpResponse:
            return ""
        address = str(found.get("end_session_endpoint", ""))
        if address.startswith(("https://", "http://")):
            query = {"client_id": app["client_id"], "post_logout_redirect_uri": f"{settings.PORTAL_URL}/"}
            return str(requests.Request("GET", address, params=query).prepare().url)
    return ""


def _said(sociallogin: SocialLogin) -> dict[str, Any]:
    """What the issuer said about the person: the answer of its userinfo address over the ID token."""
    claims: dict[str, Any] = sociallogin.account.extra_data or {}
    token, userinfo = claims.get("id_token") or {}, claims.get("userinfo") or {}
    said = userinfo if userinfo.get("email") else token
    return dict(said) if said else claims


def _why(request: HttpRequest, error: Any, exception: Exception | None) -> tuple[Any, HTTPStatus]:
    cause = exception.__cause__ if exception is not None else None
    if isinstance(exception, requests.ConnectionError | requests.Timeout):
        return AWAY, HTTPStatus.BAD_GATEWAY
    if error == AuthError.CANCELLED:
        return CANCELLED, HTTPStatus.OK
    by_cause: dict[type[Exception], Any] = {
        jwt.InvalidAudienceError: WRONG_AUDIENCE,
        jwt.InvalidIssuerError: WRONG_ISSUER,
        jwt.ExpiredSignatureError: CLOCKS,
        jwt.ImmatureSignatureError: CLOCKS,
    }
    for kind, sentence in by_cause.items():
        if isinstance(cause, kind):
            return sentence, HTTPStatus.FORBIDDEN
    if exception is None and "error" not in request.GET:
        return EXPIRED, HTTPStatus.BAD_REQUEST
    return REFUSED, HTTPStatus.FORBIDDEN


def _refusal(sentence: Any, status: HTTPStatus, *, reason: str = "") -> ImmediateHttpResponse:
    """The page that says why nobody was signed in, to be raised. ``reason`` is for the log alone."""
    log.warning("single_sign_on_refused", sentence=str(sentence), reason=reason)
    return ImmediateHttpResponse(refusal_page(context.request, sentence, status))


def refusal_page(request: HttpRequest, sentence: Any, status: HTTPStatus) -> HttpResponse:
    """You are not signed in: why, and what to do next."""
    said = {"sentence": str(sentence) % {"issuer": issuer_name()}}
    response = render(request, "socialaccount/authentication_error.html", said, status=status)
    add_never_cache_headers(response)
    return response


def _answer(request: requests.PreparedRequest, content: bytes) -> requests.Response:
    response = requests.Response()
    response.status_code = HTTPStatus.OK
    response.request, response.url = request, str(request.url)
    response.headers["Content-Type"] = "application/json"
    response._content = content
    return response
