"""The order's page for staff, put together: its facts, what Support checked, its history, and what may happen next."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actions.checklist import OPEN_IN
from accounts.forms.order import FIELD_LABELS
from accounts.forms.triage import WaiveForm
from accounts.lifecycle.actor import Actor
from accounts.lifecycle.orders import TURN
from accounts.lifecycle.states import Audience, OrderState, Role
from accounts.models import Account, Order, current_policy
from accounts.readers import assignees, checklist, credentials, findings, staff_order, worklist
from accounts.readers.timeline import timeline
from accounts.readers.waiting import waiting
from accounts.web import decision, order_facts
from accounts.web import worklist as worklist_page
from accounts.web.door import actor_for
from accounts.web.listing import events_before


def page(
    request: HttpRequest,
    found: Order,
    *,
    offered: list[decision.Option] | None = None,
    waiving: tuple[str, WaiveForm] | None = None,
    status: int = 200,
    **said: Any,
) -> HttpResponse:
    """The page. ``offered`` is the decision panel as it was filled in, ``waiving`` the item whose reason was typed,
    ``said`` what else stands on it (``first``, ``missing``, ``form``)."""
    actor, now = actor_for(request), timezone.now()
    offered = decision.options(found, actor) if offered is None else offered
    events = staff_order.last_of(found, "resubmit", "send_for_approval", "approve")
    duplicates = staff_order.likely_duplicates(found)
    context = {
        "order": found,
        "facts": order_facts.staff_rows(found, staff_order.changed_since_sent(events)),
        "note": events.get("send_for_approval"),
        "waiting": waiting(found, current_policy(), now),
        "options": offered,
        "turn": "" if offered else _turn(found),
        "credentials": credentials.states_of(found.accounts.select_related("environment").order_by("environment"), now),
        "may_verify": actor.holds(Role.SUPPORT),
        "duplicates": duplicates[: staff_order.SHOWN],
        "more_duplicates": len(duplicates) > staff_order.SHOWN,
        "neighbours": staff_order.neighbours(found, actor),
        "timeline": timeline(found, reader=None, labels=FIELD_LABELS, before=events_before(request), for_staff=True),
        "next_approval": _next_approval(found, actor),
        "assigned": assignees.assigned(found, actor),
        "beside": worklist_page.beside(request, found, now),
        **_checks(found, actor, duplicates, waiving),
        **said,
    }
    return render(request, "accounts/staff/order.html", context, status=status)


def _checks(
    found: Order, actor: Actor, duplicates: list[Account], waiving: tuple[str, WaiveForm] | None
) -> dict[str, Any]:
    """The checklist; for Support, while it is open, with what the portal sees and the forms to tick it."""
    held = checklist.checklist(found)
    if not (actor.holds(Role.SUPPORT) and found.state in OPEN_IN):
        return {"checklist": held, "check_rows": []}
    known = findings.known_of(found, staff_order.LIVING)
    seen = findings.findings(found, duplicates, known)
    typed = dict([waiving]) if waiving else {}
    rows = [
        {"item": item, "findings": seen[item.name], "form": typed.get(item.name) or WaiveForm(prefix=item.name)}
        for item in held.items
    ]
    return {"checklist": held, "check_rows": rows}


def _next_approval(found: Order, actor: Actor) -> Order | None:
    return worklist.next_approvals(actor, found) if actor.holds(Role.SERVICE_RESPONSIBLE) else None


def _turn(found: Order) -> str:
    """Whose turn it is, for somebody who can do nothing now."""
    words = {
        Audience.SUPPORT: _("It is Support’s turn."),
        Audience.SERVICE_RESPONSIBLE: _("It is the Service Responsible’s turn."),
        Audience.CEGAL: _("It is Cegal’s turn."),
    }
    state = OrderState(found.state)
    if state is OrderState.RETURNED:
        return _("It is the requester’s turn.")
    return words[TURN[state]] if state in TURN else _("This order is finished.")
