"""One order as staff see it: what is asked, what is known, and what may happen next."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.forms.order import FIELD_LABELS
from accounts.lifecycle.actor import Actor
from accounts.lifecycle.orders import TURN
from accounts.lifecycle.states import Audience, OrderState, Role
from accounts.models import Order, current_policy
from accounts.models.facts import who_was_first
from accounts.readers import credentials, staff_order, worklist
from accounts.readers.timeline import timeline
from accounts.readers.waiting import waiting
from accounts.web import decision, order_facts
from accounts.web.door import actor_for, find_order, needs
from accounts.web.listing import events_before
from accounts.words import say


@needs(Role.SUPPORT, Role.SERVICE_RESPONSIBLE, Role.ADMINISTRATOR)
@require_http_methods(["GET", "HEAD", "POST"])
def order(request: HttpRequest, reference: str) -> HttpResponse:
    """The order's page. POST (verb, its fields, version) leads to the page before the last button."""
    found = find_order(request, reference)
    if found.state == OrderState.DRAFT.value:
        return redirect("order", found.reference)  # a draft is its requester's alone
    if request.method == "POST":
        return _decide(request, found)
    return _page(request, found, decision.options(found, actor_for(request)))


def _decide(request: HttpRequest, found: Order) -> HttpResponse:
    """Check what was typed and show it once more; the order's page again when something is missing or has changed."""
    verb, seen = request.POST.get("verb", ""), request.POST.get("version", "")
    offered = decision.options(found, actor_for(request), verb, request.POST)
    if seen != str(found.version):
        return _page(request, found, offered, first=say(who_was_first(found)), status=409)
    form = decision.chosen_form(offered, verb)
    if form is None:
        return _page(request, found, offered, missing=_("Choose what should happen."), status=422)
    if not form.is_valid():
        return _page(request, found, offered, form=form, status=422)
    context = {"order": found, **decision.confirmation(found, verb, form, seen)}
    return render(request, "accounts/staff/decide.html", context)


def _page(
    request: HttpRequest, found: Order, offered: list[decision.Option], *, status: int = 200, **said: Any
) -> HttpResponse:
    actor, now = actor_for(request), timezone.now()
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
        **said,
    }
    return render(request, "accounts/staff/order.html", context, status=status)


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
