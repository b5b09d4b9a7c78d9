"""Testing the connection of one account with a secret that is typed in, used once and forgotten.

The answer to the POST shows what came of it, without a redirect, and nothing keeps that page.
"""

from __future__ import annotations

from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods
from ninja.throttling import SimpleRateThrottle

from accounts.actions import connection
from accounts.forms.connection import ConnectionForm
from accounts.gateways.loop import TokenCheck
from accounts.models import Account
from accounts.readers.checked import figures, row_of_sales
from accounts.readers.snippets import sales_request
from accounts.web.door import actor_for, signed_in
from accounts.web.getting_started import examples_for, page
from accounts.web.quiet import keep_quiet
from accounts.web.refusals import not_allowed_is_403

RATE = "10/5m"


class PerPerson(SimpleRateThrottle):
    """So many tests for each person, whichever account they test: a secret cannot be guessed here."""

    def get_cache_key(self, request: HttpRequest) -> str | None:
        return f"test-connection:{request.user.pk}"


@sensitive_post_parameters("client_secret")
@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def account_test(request: HttpRequest, pk: UUID) -> HttpResponse:
    """GET leads to the form on the page of the examples; POST tests and says what came of it."""
    found = examples_for(request, pk)
    if found is None:
        raise PermissionDenied(_("Only the account’s owner and its technical contact can test its connection."))
    if request.method != "POST":
        return HttpResponseRedirect(reverse("account_start", args=[found.pk]) + "#test")
    return keep_quiet(_tested(request, found))


@sensitive_variables()
def _tested(request: HttpRequest, found: Account) -> HttpResponse:
    form = ConnectionForm(request.POST)
    if not form.is_valid():
        return page(request, found, status=422, form=form)
    throttle = PerPerson(RATE)
    if not throttle.allow_request(request):
        answer = page(request, found, status=429, form=ConnectionForm(), too_often=wait_words(throttle))
        answer.headers["Retry-After"] = str(round(throttle.wait() or 1))
        return answer
    with not_allowed_is_403():
        result = connection.test_connection(
            found,
            form.cleaned_data["client_secret"],
            sales_url=sales_request(found),
            by=actor_for(request),
            now=timezone.now(),
        )
    return page(request, found, form=ConnectionForm(), outcome=_words(result))


def token_row(token: TokenCheck) -> dict[str, str]:
    """What the token URL answered, as a row that ``components/_verify.html`` draws."""
    return _row(token.ok, figures(token.elapsed_ms, token.expires_in) if token.ok else _("No token"), token)


def _words(result: connection.Connection) -> list[dict[str, str]]:
    """What came back, as the rows that ``components/_verify.html`` draws."""
    rows = [token_row(result.token)]
    return [*rows, row_of_sales(result.sales)] if result.sales is not None else rows


def _row(good: bool, title: str, check: TokenCheck) -> dict[str, str]:
    return {"tone": "good" if good else "bad", "title": title, "text": _(check.sentence) % check.params}


def wait_words(throttle: SimpleRateThrottle) -> str:
    """How long somebody waits who tested too often."""
    minutes = max(1, -int(-(throttle.wait() or 1) // 60))
    said = ngettext(
        "Those were many tests in a short time. Wait %(minutes)s minute, then test again.",
        "Those were many tests in a short time. Wait %(minutes)s minutes, then test again.",
        minutes,
    )
    return said % {"minutes": minutes}


ROUTES: list[URLPattern] = [path("accounts/<uuid:pk>/start/test/", account_test, name="account_test")]
