"""From credentials to data in two requests, written out for one account (SOURCE.md, slide 2). Never the secret."""

from __future__ import annotations

import json
import shlex
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from accounts.models import Account
from accounts.readers import account_page as reader
from accounts.readers.credentials import states_of
from accounts.web.door import actor_for, find_account, signed_in
from accounts.web.orders import WHOLE_ORDER

SALES_PATH = "/loop-m2m/loop-api/v1/sales?page=1&limit=1&countQueries=true"

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
def start(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The token request and the first call, with this account's client ID and its environment's addresses."""
    actor, found = actor_for(request), find_account(request, pk)
    if not actor.holds(*WHOLE_ORDER) and not reader.mine(actor).filter(pk=found.pk).exists():
        return redirect("cegal_queue")  # Cegal reads of an account what its tasks say, and no more
    context = {
        "account": found,
        "owner": found.owner_id == actor.id,
        "secret": states_of([found])[0],
        "works": found.state in ("active", "notified"),
        "token_curl": token_with_curl(found),
        "token_python": _token_with_python(found),
        "token_answer": FIRST_ANSWER,
        "sales_curl": _sales_with_curl(found),
        "sales_python": _sales_with_python(found),
        "sales_answer": SALES_ANSWER,
    }
    return render(request, "accounts/requester/start.html", context)


def token_with_curl(account: Account) -> str:
    """A first token with curl. The secret comes from the environment, by a pipe: no list of processes shows it."""
    lines = [
        "read -rs LOOP_CLIENT_SECRET   # paste the secret, then press Enter",
        'printf %s "$LOOP_CLIENT_SECRET" |',
        f"curl {shlex.quote(account.environment.token_url)} \\",
        "  --data-urlencode grant_type=client_credentials \\",
        f"  --data-urlencode {shlex.quote('client_id=' + account.client_id)} \\",
        "  --data-urlencode client_secret@-",
    ]
    return "\n".join(lines)


def _token_with_python(account: Account) -> str:
    return f"""import os
import httpx

answer = httpx.post(
    {json.dumps(account.environment.token_url)},
    data={{
        "grant_type": "client_credentials",
        "client_id": {json.dumps(account.client_id)},
        "client_secret": os.environ["LOOP_CLIENT_SECRET"],
    }},
)
token = answer.raise_for_status().json()["access_token"]"""


def _sales_with_curl(account: Account) -> str:
    return "\n".join(
        [
            "read -rs LOOP_TOKEN   # paste the access token, then press Enter",
            'printf "Authorization: Bearer %s" "$LOOP_TOKEN" |',
            f"curl {shlex.quote(_sales_url(account))} -H @-",
        ]
    )


def _sales_with_python(account: Account) -> str:
    return f"""sales = httpx.get(
    {json.dumps(_sales_url(account))},
    headers={{"Authorization": f"Bearer {{token}}"}},
).raise_for_status().json()["data"]"""


def _sales_url(account: Account) -> str:
    return account.environment.base_url.rstrip("/") + SALES_PATH
