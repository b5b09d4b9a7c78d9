"""The answers of an order form as its requester reads them: to check before sending, and beside the order."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.actions import ordering
from accounts.forms.order import FIELD_LABELS
from accounts.lifecycle.states import OrderState
from accounts.models import Order

Row = dict[str, Any]
_FIRST_OF_GROUP = {"role": "id_role_0", "environments": "id_environments_0"}


def rows(order: Order) -> list[Row]:
    """Every answer, for the side of the order's page."""
    account = order.concerns
    term = _("Account whose secret is replaced") if order.rotates else _("Account to reactivate")
    concerned = [{"term": term, "value": account.client_id, "mono": True}] if account else []
    return [
        *concerned,
        {"term": _("Organisation"), "lines": [order.organisation_name, order.organisation_number]},
        {"term": _label("role"), "value": order.role_words},
        {"term": _label("environments"), "envs": list(order.environments.all())},
        {"term": _label("system"), "value": order.system},
        {"term": _label("purpose"), "text": order.purpose},
        {"term": _label("technical_name"), "value": order.technical_name, "email": order.technical_email},
        {"term": _label("owner_name"), "value": order.owner_name, "email": order.owner_email},
    ]


def groups_to_check(order: Order) -> list[Row]:
    """Every answer in the form's three groups, each with a link that leads to its field."""
    changed = changed_fields(order)
    return [
        {
            "id": "organisation",
            "title": _("Organisation"),
            "rows": [
                _row(order, changed, "organisation_name", value=order.organisation_name),
                _row(order, changed, "organisation_number", value=order.organisation_number),
                _row(order, changed, "role", value=order.role_words),
            ],
        },
        {
            "id": "use",
            "title": _("Purpose and environments"),
            "rows": [
                _row(order, changed, "system", value=order.system),
                _row(order, changed, "purpose", text=order.purpose),
                _row(order, changed, "environments", envs=list(order.environments.all())),
            ],
        },
        {
            "id": "people",
            "title": _("People"),
            "rows": [
                _row(order, changed, "technical_name", value=order.technical_name),
                _row(order, changed, "technical_email", value=order.technical_email),
                _row(order, changed, "owner_name", value=order.owner_name),
                _row(order, changed, "owner_email", value=order.owner_email),
            ],
        },
    ]


def closed_rows(order: Order, names: Collection[str]) -> list[Row]:
    """The answers that need no change, in the form's order, each with a link that opens its field."""
    shown: dict[str, Row] = {"role": {"value": order.role_words}, "purpose": {"text": order.purpose},
                             "environments": {"envs": list(order.environments.all())}}  # fmt: skip
    return [
        _row(order, (), name, **(shown[name] if name in shown else {"value": getattr(order, name)}))
        for name in FIELD_LABELS
        if name in names and not (name == "environments" and order.concerns_id)
    ]


def changed_fields(order: Order) -> frozenset[str]:
    """The fields of the form whose answer differs from what was last sent; none before the first time."""
    sent, now = order.submitted_answers, ordering.answers_of(order)
    changed = (name for name in now if name in sent and sent[name] != now[name])
    return frozenset("role" if name in ordering.ROLE_FIELDS else name for name in changed)


def _row(order: Order, changed: Collection[str], name: str, **shown: Any) -> Row:
    fixed = name == "environments" and order.concerns_id is not None
    field = _FIRST_OF_GROUP.get(name, f"id_{name}")
    opened = f"?open={name}" if order.state == OrderState.RETURNED.value else ""
    to_field = "" if fixed else f"{reverse('order_edit', args=[order.reference])}{opened}#{field}"
    return {"term": _label(name), "change_url": to_field, "changed": name in changed, **shown}


def _label(name: str) -> str:
    return str(FIELD_LABELS[name])
