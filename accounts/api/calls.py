"""What every operation does first: who calls, may they, and which order or account do they mean."""

from __future__ import annotations

import hashlib
from uuid import UUID

from django.http import HttpRequest
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from accounts import people
from accounts.actions.usage_days import Ticket
from accounts.api.problems import CONTENT_TYPE, Wrong
from accounts.lifecycle.actor import Actor
from accounts.models import Account, Order, Scope

LONGEST_KEY = 255
PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"}, "title": {"type": "string"}, "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "detail"],
                "properties": {"field": {"type": "string"}, "detail": {"type": "string"}},
            },
        },
        "bad_lines": {"type": "array", "items": {"type": "object"}},
        "bad_lines_total": {"type": "integer"},
    },
}  # fmt: skip
KEY_HEADER = {
    "name": "Idempotency-Key",
    "in": "header",
    "schema": {"type": "string", "maxLength": LONGEST_KEY},
    "description": "The same key with the same request gives the same answer and changes nothing more.",
}


def problems(*codes: int) -> dict[int, object]:
    """The answers of an operation that went wrong, for its description."""
    return {code: {"description": "A problem", "content": {CONTENT_TYPE: {"schema": PROBLEM}}} for code in codes}


def caller(request: HttpRequest, scope: Scope) -> Actor:
    """Who calls. Raises the problem 403 when the token does not allow ``scope``."""
    actor = people.token_actor(request.auth)  # type: ignore[attr-defined]  # set when the token was recognised
    if scope.value not in actor.scopes:
        raise Wrong(403, _("This token does not allow %(scope)s.") % {"scope": scope.value}, needed_scope=scope.value)
    return actor


def find_order(by: Actor, reference: str) -> Order:
    """The order that ``by`` may see. Raises the problem 404."""
    orders = Order.objects.visible_to(by).select_related("requester", "organisation", "concerns", "assignee")
    found = None if "\0" in reference else orders.filter(reference=reference).first()
    if found is None:
        raise Wrong(404, _("There is no such order, or this token does not open it."))
    return found


def find_account(by: Actor, pk: UUID) -> Account:
    """The account that ``by`` may see. Raises the problem 404."""
    accounts = Account.objects.visible_to(by).select_related("environment", "organisation", "owner", "order")
    found = accounts.filter(pk=pk).first()
    if found is None:
        raise Wrong(404, _("There is no such account, or this token does not open it."))
    return found


def idempotency_key(request: HttpRequest) -> str:
    """The key under which the request may be sent again, "" without one. Raises the problem 422."""
    key = request.headers.get("Idempotency-Key", "").strip()
    if len(key) > LONGEST_KEY or not key.isprintable():
        raise Wrong(
            422, _("An Idempotency-Key has at most %(most)s characters that can be printed.") % {"most": LONGEST_KEY}
        )
    return key


def ticket(request: HttpRequest, *parts: str) -> Ticket:
    """How this request is known when it comes again. Its digest is keyed: a request may hold a secret."""
    token = request.auth  # type: ignore[attr-defined]  # set when the token was recognised
    said = "\n".join([request.path, *parts, hashlib.sha256(request.body).hexdigest()])
    return Ticket(token, idempotency_key(request), salted_hmac("accounts.api", said, algorithm="sha256").hexdigest())
