"""The API as a whole: who may call it, how often, and where its description stands."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils import timezone
from ninja import NinjaAPI
from ninja.security import HttpBearer
from ninja.throttling import SimpleRateThrottle

from accounts import people
from accounts.actions import tokens
from accounts.api import problems, usage
from accounts.api.problems import Wrong
from accounts.lifecycle.actor import Actor
from accounts.models import ApiToken, Scope

RATE = "60/min"


class TokenAuth(HttpBearer):
    """A token in the header Authorization, as RFC 6750 says."""

    def authenticate(self, request: HttpRequest, token: str) -> ApiToken | None:
        return tokens.recognise(token, now=timezone.now())


class PerToken(SimpleRateThrottle):
    """So many requests a minute for each token."""

    def get_cache_key(self, request: HttpRequest) -> str | None:
        return f"api:{request.auth.pk}"  # type: ignore[attr-defined]  # set when the token was recognised


def _actor(request: HttpRequest, scope: Scope) -> Actor:
    """Who calls. Raises the problem 403 when the token does not allow ``scope``."""
    actor = people.token_actor(request.auth)  # type: ignore[attr-defined]  # set when the token was recognised
    if scope.value not in actor.scopes:
        raise Wrong(403, f"This token does not allow {scope.value}.", needed_scope=scope.value)
    return actor


api = NinjaAPI(
    title="Loop API access portal",
    version="1",
    description="For programs of the operators: usage of the Loop API is sent here. Errors are problems (RFC 9457).",
    auth=TokenAuth(),
    throttle=[PerToken(RATE)],
    docs_url=None,
    urls_namespace="api",
)
problems.install(api)
usage.install(api, _actor)
