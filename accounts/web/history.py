"""The history at the foot of an order's or an account's page."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from accounts.forms.order import FIELD_LABELS
from accounts.models import Account, Order
from accounts.readers.timeline import timeline
from accounts.web.door import actor_for
from accounts.web.listing import events_before


def history(request: HttpRequest, subject: Order | Account) -> dict[str, Any]:
    """The newest entries about ``subject``, or those that ``?before=`` asks for; for the page's context."""
    before = events_before(request)
    told = timeline(subject, reader=actor_for(request).id, labels=FIELD_LABELS, before=before)
    older = f"{request.path}?before={told.older}#history" if told.older else ""
    return {"entries": told.entries, "older_url": older, "newest_url": request.path if before else ""}
