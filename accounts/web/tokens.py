"""API tokens: an administrator makes them, sees which are used, and revokes them."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.actions import tokens as acting
from accounts.forms.usage import TokenForm
from accounts.forms.verbs import VerbForm
from accounts.lifecycle.states import Role
from accounts.models import ApiToken, Scope
from accounts.readers import paging
from accounts.web.asking import Question, ask_keeping
from accounts.web.door import actor_for, needs
from accounts.web.listing import neighbours
from accounts.web.stepup import step_up
from accounts.words import ROLE_WORDS

NEWEST_FIRST = paging.Order("created_at", falling=True)


@needs(Role.ADMINISTRATOR)
@require_safe
def tokens(request: HttpRequest) -> HttpResponse:
    """Every token, the newest first: what it may do, until when, when it was last used."""
    page, now = paging.page(ApiToken.objects.all(), NEWEST_FIRST, request.GET), timezone.now()
    rows = [{"token": token, "state": token.state_at(now), "roles": _roles(token)} for token in page.rows]
    return render(request, "accounts/staff/tokens.html", {"rows": rows, **neighbours(request, page)})


@needs(Role.ADMINISTRATOR)
@require_http_methods(["GET", "HEAD", "POST"])
def token_new(request: HttpRequest) -> HttpResponse:
    """Make a token, after proving anew that it is you. Its text stands in the answer to this POST and nowhere else."""
    if request.method == "POST" and (way := step_up(request)):
        return way
    form = TokenForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        made = acting.make(
            said["name"], scopes=[Scope(scope) for scope in said["scopes"]], days=said["days"],
            roles=[Role(role) for role in said["roles"]],
            by=actor_for(request), now=timezone.now(),
        )  # fmt: skip
        response = render(request, "accounts/staff/token_made.html", {"token": made.token, "text": made.text})
    else:
        status = 422 if request.method == "POST" else 200
        response = render(request, "accounts/staff/token_new.html", {"form": form}, status=status)
    add_never_cache_headers(response)
    return response


@needs(Role.ADMINISTRATOR)
@require_http_methods(["GET", "HEAD", "POST"])
def token_revoke(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Revoke a token, after asking whether that is meant."""
    found, actor = get_object_or_404(ApiToken, pk=pk), actor_for(request)
    question = Question(
        found,
        _("Revoke the token"),
        _("The program that uses it is refused from now on. This cannot be undone; make a new token instead."),
        reverse("tokens"),
        _("The token is revoked."),
        danger=True,
    )
    if found.revoked_at is not None and request.method != "POST":
        messages.info(request, _("This token was revoked before."))
    form = VerbForm(request.POST if request.method == "POST" else None, subject=found)
    return ask_keeping(request, question, form, lambda: acting.revoke(found, by=actor, now=timezone.now()))


def _roles(token: ApiToken) -> str:
    """The roles of a program in words, "" for one that has none."""
    return ", ".join(_(ROLE_WORDS[Role(role)]) for role in token.roles)
