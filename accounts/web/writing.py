"""The page on which an order is written: the open fields, the comments at them, the guide, what is there already."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.actions import ordering
from accounts.forms.order import FIELD_LABELS, OrderForm
from accounts.lifecycle import purpose as purpose_rule
from accounts.lifecycle.states import OrderState
from accounts.models import Event, Order
from accounts.readers import my_orders
from accounts.readers.duplicates import AlreadyThere, already_there
from accounts.readers.timeline import last_return
from accounts.web import answers
from accounts.web.door import actor_for
from accounts.words import say

LONGEST_PURPOSE = 2000  # characters, as in the form
ALL = "all"


def closed_fields(request: HttpRequest, found: Order | None) -> frozenset[str]:
    """The fields of a returned order that nobody commented on; none where the comments are about the whole.

    ``open`` in the address or in the form opens more: "all", or a field's name.
    """
    returned = last_return(found) if found and found.state == OrderState.RETURNED.value else None
    asked = set((request.POST.get("open") or request.GET.get("open", "")).split(","))
    marked = _commented(returned)
    if not marked or ALL in asked or "problems" in request.GET:
        return frozenset()
    return frozenset(set(FIELD_LABELS) - marked - asked)


def form_page(
    request: HttpRequest, form: OrderForm, found: Order | None = None, *, status: int = 200, **said: Any
) -> HttpResponse:
    """The page with the form; ``said`` adds to what the template knows (``conflict``: a sentence)."""
    returned = last_return(found) if found and found.state == OrderState.RETURNED.value else None
    if returned is not None:
        _put_comments_at_fields(form, returned.data.get("comments", []), by=say(returned.who), at=returned.at)
    form.fields["purpose"].widget.attrs.update(_live_guide())
    closed = {name for name, field in form.fields.items() if field.disabled} if returned else set()
    context = {
        "form": form,
        "form_id": request.POST.get("form_id") or uuid.uuid4(),
        "order": found,
        "seen": ordering.fingerprint(found) if found else "",
        "title": my_orders.title(found) if found else _("Order API access"),
        "returned": returned,
        "marked": [field.auto_id for field in form if getattr(field.field, "note", None)],
        "open_fields": [form[name] for name in FIELD_LABELS if name not in closed] if closed else [],
        "open_names": ",".join(name for name in FIELD_LABELS if name not in closed) if closed else ALL,
        "closed_rows": answers.closed_rows(found, closed) if found and closed else [],
        "autosave_url": reverse("order_autosave", args=[found.reference]) if found else reverse("order_new_autosave"),
        "guide": guide(str(form["purpose"].value() or "")),
        "example": say(purpose_rule.EXAMPLE),
        "already": already(request, form, found),
        "order_url": reverse("order_edit", args=[found.reference]) if found else "",
        **said,
    }
    return render(request, "accounts/requester/order_form.html", context, status=status)


def already(request: HttpRequest, form: OrderForm, found: Order | None) -> AlreadyThere | None:
    """What this person already has for the system in the form. A reactivation is about just that."""
    if found is not None and found.concerns_id:
        return None
    number, system = (str(form[name].value() or "") for name in ("organisation_number", "system"))
    wanted = [str(name) for name in form["environments"].value() or []]
    return already_there(actor_for(request), number[:20], system[:200], wanted=wanted, but=found.pk if found else None)


def guide(text: str) -> list[dict[str, str]]:
    """What a good purpose says, and what of it was found in ``text``: rows of ``components/_checks.html``."""
    rows = []
    for one in purpose_rule.advice(text[:LONGEST_PURPOSE]):
        state = "met" if one.met else "missing" if text.strip() else "todo"
        hint = _("Found: “%(words)s”") % {"words": one.found} if one.met else say(one.hint)
        word = _("mentioned") if one.met else _("not mentioned yet")
        rows.append({"state": state, "text": say(one.topic), "hint": hint, "word": word})
    return rows


def _live_guide() -> dict[str, str]:
    """While the purpose is typed, htmx exchanges the guide."""
    return {
        "data-hx-post": reverse("order_purpose_check"),
        "data-hx-trigger": "input changed delay:600ms",
        "data-hx-target": "#guide",
        "data-hx-status:4xx": "swap:none",  # a whole page that says why has no place in the guide
        "data-hx-status:5xx": "swap:none",
    }


def _commented(returned: Event | None) -> set[str]:
    """The fields of the form that the reviewer commented on."""
    return {one["field"] for one in returned.data.get("comments", [])} & set(FIELD_LABELS) if returned else set()


def _put_comments_at_fields(form: OrderForm, said: list[dict[str, str]], **who: Any) -> None:
    """Each comment of the reviewer stands between the label and the field that it is about."""
    for name in FIELD_LABELS:
        texts = [one["text"] for one in said if one["field"] == name]
        if texts:
            form.fields[name].note = {"text": "\n".join(texts), **who}  # type: ignore[attr-defined]  # read by the field's template
