"""What the Service Responsible reads of an order, as the rows of ``components/_facts.html``: who, and what they get."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.forms.order import FIELD_LABELS
from accounts.models import Order

Row = dict[str, Any]


def who(order: Order) -> list[Row]:
    """The organisation and its people."""
    rows: list[Row] = [
        {"term": _("Organisation"), "value": order.organisation_name, "sub": order.organisation_number},
        {"term": _("Requester"), "value": str(order.requester), "sub": order.requester.email},
        {"term": str(FIELD_LABELS["technical_name"]), "value": order.technical_name},
        {"term": str(FIELD_LABELS["owner_name"]), "value": order.owner_name},
    ]
    return rows


def gets(order: Order) -> list[Row]:
    """The role, what it may do in Loop and what not (SOURCE.md, slide 1), where, and with which system."""
    imports, exports = _("Import items and sales data"), _("Export sales data and update sales statuses")
    can = [text for text, held in ((imports, order.as_seller), (exports, order.as_broker)) if held]
    cannot = [text for text, held in ((imports, order.as_seller), (exports, order.as_broker)) if not held]
    rows: list[Row] = [
        {"term": str(FIELD_LABELS["role"]), "value": order.role_words},
        {"term": _("They can"), "lines": can},
        *([{"term": _("They cannot"), "lines": cannot}] if cannot else []),
        {"term": str(FIELD_LABELS["environments"]), "envs": list(order.environments.all())},
        {"term": str(FIELD_LABELS["system"]), "value": order.system},
    ]
    if order.reactivates is not None:
        url = reverse("staff_account", args=[order.reactivates.pk])
        rows.insert(0, {"term": _("Account to reactivate"), "value": order.reactivates.client_id, "url": url})
    return rows
