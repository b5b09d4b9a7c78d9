"""The order's page for staff, put together: its facts, what Support checked, its history, and what may happen next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actions import conversation, reassigning
from accounts.actions.checklist import OPEN_IN
from accounts.forms.conversation import MessageForm
from accounts.forms.order import FIELD_LABELS
from accounts.forms.triage import NoteForm, WaiveForm
from accounts.lifecycle.actor import Actor
from accounts.lifecycle.orders import TURN
from accounts.lifecycle.states import Audience, OrderState, Role
from accounts.models import Account, Event, Order, current_policy
from accounts.readers import assignees, checklist, credentials, findings, providers, staff_order, worklist
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
    talk: dict[str, forms.Form] | None = None,
    status: int = 200,
    **said: Any,
) -> HttpResponse:
    """The page. ``offered`` is the decision panel as it was filled in, ``waiving`` the item whose reason was typed,
    ``talk`` the message or note that was typed, ``said`` what else stands on it (``since``, ``missing``, ``form``)."""
    actor, now = actor_for(request), timezone.now()
    offered = decision.options(found, actor) if offered is None else offered
    events = staff_order.last_of(found, "submit", "resubmit", "send_for_approval", "approve")
    duplicates = staff_order.likely_duplicates(found)
    context = {
        "order": found,
        "facts": order_facts.staff_rows(
            found, staff_order.changed_since_sent(events), may_reassign=reassigning.may_reassign(found, actor)
        ),
        "note": events.get("send_for_approval"),
        "waiting": waiting(found, current_policy(), now),
        "options": offered,
        "turn": "" if offered else _turn(found),
        "credentials": credentials.states_of(credentials.accounts_of(found), now),
        "connector_rows": providers.of_order(found),
        "may_verify": actor.holds(Role.SUPPORT),
        "duplicates": duplicates[: staff_order.SHOWN],
        "more_duplicates": len(duplicates) > staff_order.SHOWN,
        "neighbours": staff_order.neighbours(found, actor),
        "timeline": timeline(found, reader=None, labels=FIELD_LABELS, before=events_before(request), for_staff=True),
        "next_approval": _next_approval(found, actor),
        "here": request.get_full_path() if request.method == "GET" else reverse("staff_order", args=[found.reference]),
        **_alert(found, events),
        **_talk(found, actor, talk or {}),
        "assigned": assignees.assigned(found, actor),
        "beside": worklist_page.beside(request, found, now),
        **_checks(found, actor, duplicates, waiving),
        **said,
    }
    return render(request, "accounts/staff/order.html", context, status=status)


def changed_meanwhile(
    request: HttpRequest, found: Order, verb: str, data: Mapping[str, Any], seen: int | None
) -> HttpResponse:
    """The page for somebody who was second: who did what since they looked, and everything that they had typed.

    ``data`` holds the fields of ``verb`` under its prefix. Where the verb is not open any more, what was written
    stands in the alert.
    """
    offered = decision.options(found, actor_for(request), verb, data)
    lost = not any(option.value == verb and option.form for option in offered)
    typed = decision.written(verb, data) if lost else []
    return page(request, found, offered=offered, since=staff_order.since(found, seen), typed=typed, status=409)


def _alert(found: Order, events: dict[str, Event]) -> dict[str, Any]:
    """The order was sent again: by whom, which answers changed, and what was said to it."""
    again = staff_order.sent_again(found, events)
    if again is None:
        return {"again": None}
    names = {"role" if name in ("as_seller", "as_broker") else name for name in again.data.get("changed", {})}
    return {"again": again, "again_fields": [label for name, label in FIELD_LABELS.items() if name in names]}


def _talk(found: Order, actor: Actor, typed: dict[str, forms.Form]) -> dict[str, Any]:
    """The forms for a message to the requester and for an internal note, where this person may write them."""
    may = {
        "message_form": conversation.may_write_message(found, actor) and found.requester_id != actor.id,
        "note_form": conversation.may_write_internal_note(found, actor),
    }
    made = {"message_form": MessageForm(prefix="message"), "note_form": NoteForm(prefix="note")}
    return {name: typed.get(name) or made[name] for name, allowed in may.items() if allowed}


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
        return _("It is the requester’s turn. Only they can answer or withdraw it; you can name another requester.")
    return words[TURN[state]] if state in TURN else _("This order is finished.")
