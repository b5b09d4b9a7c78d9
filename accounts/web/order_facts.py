"""An order's answers as the rows of ``components/_facts.html``, for staff and for Cegal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.forms.order import FIELD_LABELS
from accounts.models import Account, Order

Row = dict[str, Any]
Changed = Mapping[str, list[Any]]
"""By field: the answer before and after."""


def staff_rows(order: Order, changed: Changed, *, may_reassign: bool = False) -> list[Row]:
    """Everything the requester answered; what changed since the order was last sent is marked, with the old answer.

    ``may_reassign``: the reader may name another requester and another owner.
    """
    rows = [
        {"term": _("Requester"), "value": order.requester.name or order.requester.email, **_email(order)},
        _organisation(order, changed),
        _row("role", order.role_words, _roles_before(order, changed)),
        {"term": _label("environments"), "envs": list(order.environments.all()), **_listed(changed)},
        _row("system", order.system, _before("system", changed)),
        _row("purpose", None, _before("purpose", changed)) | {"text": order.purpose},
        _contact("technical", order.technical_name, order.technical_email, changed),
        _contact("owner", order.owner_name, order.owner_email, changed),
    ]
    if may_reassign:
        rows[0]["change_url"] = reverse("staff_order_requester", args=[order.reference])
    if may_reassign and order.concerns_id is None:
        rows[-1]["change_url"] = reverse("staff_order_owner", args=[order.reference])
    if order.concerns is not None:
        rows.insert(1, _concerns(order, order.concerns, reverse("staff_account", args=[order.concerns.pk])))
    return rows


def cegal_rows(order: Order) -> list[Row]:
    """What Cegal needs to set up the accounts, and nothing else."""
    rows: list[Row] = [
        {"term": _("Organisation"), "value": order.organisation_name, "sub": order.organisation_number},
        {"term": _label("role"), "value": order.role_words},
        {"term": _label("environments"), "envs": list(order.environments.all())},
        {"term": _label("purpose"), "text": order.purpose},
        {"term": _label("technical_name"), "value": order.technical_name, "email": order.technical_email},
    ]
    return [*rows, _concerns(order, order.concerns, "")] if order.concerns is not None else rows


def _label(name: str) -> str:
    return str(FIELD_LABELS[name])


def _email(order: Order) -> Row:
    return {"email": order.requester.email} if order.requester.name else {}


def _row(name: str, value: str | None, before: str | None) -> Row:
    """A row whose term is the field's label, marked with the old answer where there is one."""
    row: Row = {"term": _label(name), "value": value}
    return row if before is None else row | _marked(before)


def _marked(before: str) -> Row:
    return {"changed": True, "sub": _("Before: %(answer)s") % {"answer": before or _("nothing")}}


def _before(name: str, changed: Changed) -> str | None:
    return str(changed[name][0]) if name in changed else None


def _organisation(order: Order, changed: Changed) -> Row:
    row: Row = {"term": _("Organisation"), "lines": [order.organisation_name, order.organisation_number]}
    before = [said for said in (_before(f"organisation_{part}", changed) for part in ("name", "number")) if said]
    return row | _marked(", ".join(before)) if before else row


def _contact(which: str, name: str, email: str, changed: Changed) -> Row:
    row: Row = {"term": _label(f"{which}_name"), "value": name, "email": email}
    before = [said for said in (_before(f"{which}_{part}", changed) for part in ("name", "email")) if said is not None]
    return row | _marked(", ".join(before)) if before else row


def _roles_before(order: Order, changed: Changed) -> str | None:
    if "as_seller" not in changed and "as_broker" not in changed:
        return None
    held = {
        "Seller": changed.get("as_seller", [order.as_seller])[0],
        "Broker": changed.get("as_broker", [order.as_broker])[0],
    }
    return " + ".join(word for word, was in held.items() if was)


def _listed(changed: Changed) -> Row:
    return _marked(", ".join(changed["environments"][0])) if "environments" in changed else {}


def _concerns(order: Order, account: Account, url: str) -> Row:
    term = _("Account whose secret is replaced") if order.rotates else _("Account to reactivate")
    row: Row = {"term": term, "value": account.client_id}
    return row | {"url": url} if url else row
