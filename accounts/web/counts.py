"""The context processor of the side navigation's numbers: ``counts`` in every template."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from accounts.lifecycle.states import GRANTED_ROLES
from accounts.models import Person
from accounts.readers import counts as reader
from accounts.web.door import actor_for


def counts(request: HttpRequest) -> dict[str, Any]:
    """How much waits behind each page, asked for only where a navigation is drawn, and never for requesters."""
    return {"counts": SimpleLazyObject(lambda: _counts(request))}


def _counts(request: HttpRequest) -> dict[str, int]:
    if not isinstance(getattr(request, "user", None), Person):
        return {}
    actor = actor_for(request)
    return reader.counts(actor) if actor.holds(*GRANTED_ROLES) else {}
