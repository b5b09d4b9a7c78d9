"""A requester's orders: the list, and one order with its stages, its history and what may be done now."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts import verbs
from accounts.actions import conversation
from accounts.forms.conversation import MessageForm
from accounts.forms.mine import MyOrdersFilter
from accounts.forms.order import FIELD_LABELS
from accounts.lifecycle.actor import Actor
from accounts.lifecycle.errors import LostRace, NotReady
from accounts.lifecycle.states import OrderState, Role
from accounts.lifecycle.transition import Transition
from accounts.models import Account, Order, current_policy
from accounts.readers import my_orders as reader
from accounts.readers import stepper
from accounts.readers.timeline import comments, last_return
from accounts.readers.usual import usual
from accounts.readers.waiting import waiting
from accounts.web import answers
from accounts.web.door import actor_for, find_order, page_of, signed_in
from accounts.web.history import history
from accounts.web.listing import neighbours
from accounts.web.refusals import not_allowed_is_403
from accounts.words import say

WHOLE_ORDER = (Role.SUPPORT, Role.SERVICE_RESPONSIBLE, Role.ADMINISTRATOR)
"""The roles that may read all of somebody else's order; Cegal has a page with what Cegal needs."""

ELSEWHERE = frozenset({"submit", "resubmit", "reopen"})
"""The verbs with a way of their own: over the form and the page to check the answers, or the banner's button."""


@signed_in
@require_safe
def my_orders(request: HttpRequest) -> HttpResponse:
    """The orders that this person requested, the newest first."""
    actor, shown = actor_for(request), MyOrdersFilter(request.GET)
    rows, page = reader.my_orders(actor, request.GET, shown.said("turn"))
    context = {
        "rows": rows,
        "filter": shown if shown.narrows or reader.has_many(actor) else None,
        "narrows": shown.narrows,
        **neighbours(request, page),
    }
    return render(request, "accounts/requester/my_orders.html", context)


@signed_in
@require_safe
def order(request: HttpRequest, reference: str) -> HttpResponse:
    """One order: how far it is, who has it, what happened, and what this person may do now."""
    actor, found = actor_for(request), find_order(request, reference, at_cegal=True)
    staff_url = _staff_page(found, actor)
    if staff_url and not actor.holds(*WHOLE_ORDER):
        return redirect(staff_url)
    return _page(request, found)


@signed_in
@require_POST
def order_message(request: HttpRequest, reference: str) -> HttpResponse:
    """A message to the other side of the order: from its requester to Support, or the other way."""
    actor, found = actor_for(request), find_order(request, reference)
    form = MessageForm(request.POST, to_support=found.requester_id == actor.id)
    if not form.is_valid():
        return _page(request, found, form, status=422)
    try:
        with not_allowed_is_403():
            conversation.write_message(found, by=actor, now=timezone.now(), comment=form.cleaned_data["comment"])
    except (NotReady, LostRace) as refusal:
        form.add_error("comment", say(refusal.sentence))
        return _page(request, found, form, status=409)
    messages.success(request, _("Your message is sent."))
    return redirect(f"{page_of(found, actor)}#history")


def _page(request: HttpRequest, found: Order, form: MessageForm | None = None, status: int = 200) -> HttpResponse:
    actor, policy = actor_for(request), current_policy()
    open_rows = verbs.open_to(found, actor)
    follower = stepper.Follower(
        mine=found.requester_id == actor.id,
        to_collect=reader.secrets_to_collect_of(found, actor).exists(),
    )
    context = {
        "order": found,
        "title": reader.title(found),
        "mine": follower.mine,
        "to_collect": follower.to_collect,
        "steps": stepper.steps(found, stepper.moves(found), policy, follower),
        "turn": stepper.whose_turn(found, follower),
        "usual": usual(OrderState(found.state), policy),
        "waiting": waiting(found, policy, timezone.now()),
        "actions": _buttons(found, open_rows),
        "reopen_fields": _reopen_fields(found, open_rows),
        "facts": answers.rows(found),
        "accounts": _accounts(found, actor),
        "staff_url": _staff_page(found, actor),
        "message_form": (form or MessageForm(to_support=follower.mine))
        if conversation.may_write_message(found, actor)
        else None,
        **_returned(found),
        **history(request, found),
    }
    return render(request, "accounts/requester/order.html", context, status=status)


def _buttons(found: Order, open_rows: list[Transition]) -> list[dict[str, Any]]:
    """The verbs that are open, each leading to its confirm page."""
    rows = [row for row in open_rows if row.verb not in ELSEWHERE]
    return [
        {
            "url": reverse("order_verb", args=[found.reference, row.verb]),
            "label": say(row.label),
            "variant": "tertiary" if verbs.verb_of(found, row.verb).danger else "secondary",
            "color": "danger" if verbs.verb_of(found, row.verb).danger else "neutral",
        }
        for row in rows
    ]


def _reopen_fields(found: Order, open_rows: list[Transition]) -> list[dict[str, Any]]:
    """What the button that takes a withdrawal back posts; none for whoever may not press it."""
    may = any(row.verb == "reopen" for row in open_rows)
    return [{"name": "version", "value": found.version}] if may else []


def _accounts(found: Order, actor: Actor) -> list[dict[str, Any]]:
    """The accounts that came out of the order, or the one it is about if it gives that a second secret.

    Only whoever may see an account gets a link to it.
    """
    mine = Q(pk=found.concerns_id) if found.rotates else Q(order=found)
    accounts = Account.objects.filter(mine).select_related("environment", "owner")
    seen = set(Account.objects.visible_to(actor).filter(mine).values_list("pk", flat=True))
    waits = set(reader.secrets_to_collect_of(found, actor).values_list("account_id", flat=True))
    return [
        {"account": account, "visible": account.pk in seen, "to_collect": account.pk in waits}
        for account in accounts.order_by("environment__position", "pk")
    ]


def _staff_page(found: Order, actor: Actor) -> str:
    """Where staff work on this order; "" for everybody else and for one's own order."""
    page = page_of(found, actor)
    return "" if page == reverse("order", args=[found.reference]) else page


def _returned(found: Order) -> dict[str, Any]:
    """Why the order came back, while it waits for its requester."""
    event = last_return(found) if found.state == OrderState.RETURNED.value else None
    if event is None:
        return {"returned": None}
    by = _("Support") if event.source == OrderState.SUPPORT.value else _("Service Responsible")
    return {"returned": event, "returned_by": by, "comments": comments(event, FIELD_LABELS)}
