"""From credentials to data in two requests, written out for one account (SOURCE.md, slide 2). Never the secret."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.actions.collecting import may_collect
from accounts.actions.connection import may_test
from accounts.forms.connection import ConnectionForm
from accounts.models import Account
from accounts.readers import account_page as reader
from accounts.readers import postman, snippets
from accounts.readers.credentials import states_of
from accounts.readers.first_call import progress
from accounts.readers.keeping import file_name
from accounts.web.door import actor_for, find_account, signed_in
from accounts.web.orders import WHOLE_ORDER
from accounts.web.quiet import keep_quiet

token_with_curl = snippets.token_with_curl
MOST = 100  # accounts to choose among

FIRST_ANSWER = """{
  "token_type": "Bearer",
  "expires_in": 3599,
  "ext_expires_in": 3599,
  "access_token": "eyJ0eXAi..."
}"""

SALES_ANSWER = """{
  "data": [
    {
      "status": "draft",
      "objectInformation": { "description": "desc", "productClass": "Architectural" },
      "saleInformation": { }
    }
  ]
}"""


@signed_in
@require_safe
def getting_started(request: HttpRequest) -> HttpResponse:
    """Lead to the examples for one's own account, the one asked for or the first; say what to do without one."""
    own = [account.pk for account in _own(request)]
    asked = request.GET.get("account", "")
    wanted = [pk for pk in own if str(pk) == asked] or own
    if wanted:
        return redirect("account_start", wanted[0])
    return render(request, "accounts/requester/start_empty.html")


@signed_in
@require_safe
def start(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The token request and the first call, with this account's client ID and its environment's addresses."""
    found = examples_for(request, pk)
    if found is None:
        return redirect("cegal_queue")  # Cegal reads of an account what its tasks say, and no more
    return page(request, found)


@signed_in
@require_safe
def postman_file(request: HttpRequest, pk: UUID, which: str) -> HttpResponse:
    """A file for Postman: this account's ``environment``, without the secret, or the ``collection`` of requests."""
    found = examples_for(request, pk)
    if found is None:
        raise Http404(_("There is no such file."))
    basic = found.environment.token_by_basic
    content = postman.environment(found) if which == "environment" else postman.collection(by_basic=basic)
    response = HttpResponse(json.dumps(content, indent=2, ensure_ascii=False), content_type="application/json")
    named = f"loop-{file_name(found)}" if which == "environment" else "loop-api"
    response.headers["Content-Disposition"] = f'attachment; filename="{named}.postman_{which}.json"'
    return keep_quiet(response)


def examples_for(request: HttpRequest, pk: UUID) -> Account | None:
    """The account whose examples this person may see; None for whoever sees it as Cegal alone, 404 for a stranger."""
    actor, found = actor_for(request), find_account(request, pk)
    if actor.holds(*WHOLE_ORDER) or reader.mine(actor).filter(pk=found.pk).exists():
        return found
    return None


def page(request: HttpRequest, found: Account, *, status: int = 200, **more: Any) -> HttpResponse:
    """The page of one account, with what the door that draws it adds."""
    secret = states_of([found])[0]
    context = {
        "account": found,
        "own": _own(request),
        "may_collect": may_collect(found, actor_for(request)),
        "secret": secret,
        "works": found.state in ("active", "notified"),
        "snippets": snippets.snippets(found),
        "token_answer": FIRST_ANSWER,
        "sales_answer": SALES_ANSWER,
        "progress": progress(found, secret),
        "may_test": may_test(found, actor_for(request)),
        "form": ConnectionForm(),
        **more,
    }
    return render(request, "accounts/requester/start.html", context, status=status)


def _own(request: HttpRequest) -> list[Account]:
    """The accounts that somebody can choose among, those that work first. One query."""
    own = reader.mine(actor_for(request)).exclude(state="closed").select_related("environment")
    return sorted(own.order_by("client_id")[:MOST], key=lambda account: account.state not in ("active", "notified"))


ROUTES: list[URLPattern] = [
    path("start/", getting_started, name="getting_started"),
    path("accounts/<uuid:pk>/start/", start, name="account_start"),
    path(
        "accounts/<uuid:pk>/start/environment.json",
        postman_file,
        {"which": "environment"},
        name="postman_environment",
    ),
    path("accounts/<uuid:pk>/start/collection.json", postman_file, {"which": "collection"}, name="postman_collection"),
]
