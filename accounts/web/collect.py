"""Collecting a client secret: shown once, to the account's owner (or whom they let), who signed in a moment ago.

A GET never holds the secret. The POST shows it in its own answer, without a redirect, and nothing keeps that page.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

import structlog
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods

from accounts.actions import credentials
from accounts.actions.collecting import may_collect, may_let
from accounts.lifecycle.errors import LostRace, NotReady
from accounts.lifecycle.sentence import Sentence
from accounts.lifecycle.sentence import Sentence as _
from accounts.models import Account
from accounts.models.encrypted import SealError
from accounts.readers.credentials import states_of
from accounts.readers.keeping import files
from accounts.web.door import actor_for, find_account, signed_in
from accounts.web.getting_started import token_with_curl
from accounts.web.quiet import keep_quiet
from accounts.web.refusals import not_allowed_is_403
from accounts.web.stepup import signed_in_recently, step_up
from accounts.words import say

log = structlog.get_logger(__name__)

NOT_OPENED = _("The client secret cannot be opened at the moment. It is still there: tell Support.")


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def collect(request: HttpRequest, pk: UUID) -> HttpResponse:
    """GET explains and asks; POST reveals the secret, once."""
    found = find_account(request, pk)
    return keep_quiet(_reveal(request, found) if request.method == "POST" else _page(request, found))


@sensitive_variables()
def _reveal(request: HttpRequest, found: Account) -> HttpResponse:
    if may_collect(found, actor_for(request)):
        if way := step_up(request):
            return way
        if "ready" not in request.POST:
            return _page(request, found, unticked=True, status=422)
    credential = found.credentials.order_by("-entered_at", "-pk").first()
    if credential is None:
        return _page(request, found, status=409)
    try:
        # Drawing the page belongs to it: should that fail, the secret is not destroyed.
        with not_allowed_is_403(), transaction.atomic():
            secret = credentials.reveal(credential, by=actor_for(request), now=timezone.now())
            return render(request, "accounts/requester/revealed.html", _revealed(found, secret))
    except (LostRace, NotReady) as refusal:
        return _page(request, found, refusal=refusal.sentence, status=409)
    except SealError as failure:
        log.error("secret_not_opened", account=str(found.pk), reason=str(failure.sentence))
        return _page(request, found, refusal=NOT_OPENED, status=409)


@sensitive_variables()
def _revealed(found: Account, secret: str) -> dict[str, Any]:
    return {
        "account": found,
        "secret": secret,
        "state": states_of([found])[0],
        "example": token_with_curl(found),
        "files": files(found, secret),
    }


def _page(
    request: HttpRequest,
    found: Account,
    *,
    refusal: Sentence | None = None,
    unticked: bool = False,
    status: int = 200,
) -> HttpResponse:
    context = {
        "account": found,
        "state": states_of([found])[0],
        "may": may_collect(found, actor_for(request)),
        "may_let": may_let(found) and found.owner_id == actor_for(request).id,
        "recent": signed_in_recently(request),
        "refusal": say(refusal) if refusal else "",
        "unticked": unticked,
    }
    return render(request, "accounts/requester/collect.html", context, status=status)
