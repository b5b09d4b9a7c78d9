"""The API as a whole: who may call it, how often, and where its description stands."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils import timezone
from ninja import NinjaAPI
from ninja.security import HttpBearer
from ninja.throttling import SimpleRateThrottle

from accounts.actions import tokens
from accounts.api import acting, client_secrets, problems, provider, reading, tasks, usage
from accounts.models import ApiToken

RATE = "60/min"


class TokenAuth(HttpBearer):
    """A token in the header Authorization, as RFC 6750 says."""

    def authenticate(self, request: HttpRequest, token: str) -> ApiToken | None:
        return tokens.recognise(token, now=timezone.now())


class PerToken(SimpleRateThrottle):
    """So many requests a minute for each token."""

    def get_cache_key(self, request: HttpRequest) -> str | None:
        return f"api:{request.auth.pk}"  # type: ignore[attr-defined]  # set when the token was recognised


api = NinjaAPI(
    title="Loop API access portal",
    version="1",
    description=(
        "For programs of the operators: orders and accounts are read, every verb that the token's role may do is "
        "carried out, usage of the Loop API is sent. A program sees what its role sees; separation of duties holds "
        "for it as for people. Errors are problems (RFC 9457); their sentences are English, or Norwegian with "
        "Accept-Language: nb, and what a parameter's type asks for is said in English alone."
    ),
    auth=TokenAuth(),
    throttle=[PerToken(RATE)],
    docs_url=None,
    urls_namespace="api",
)
problems.install(api)
usage.install(api)
reading.install(api)
acting.install(api)
client_secrets.install(api)
tasks.install(api)
provider.install(api)
