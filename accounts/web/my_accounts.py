"""A person's own API accounts: are they used, how long are they safe, and what may be done with them now."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts import verbs
from accounts.actions import handovers, ordering
from accounts.actions import rotation as acting
from accounts.actions.collecting import may_collect, may_let
from accounts.actions.connection import may_test
from accounts.forms.mine import MyAccountsFilter
from accounts.lifecycle.actor import Actor
from accounts.lifecycle.errors import NotReady
from accounts.lifecycle.states import AccountState, OrderKind, OrderState
from accounts.models import Account, Order, current_policy, effective_at
from accounts.readers import account_page as reader
from accounts.readers import feeds
from accounts.readers.answers import offered_to, open_handover
from accounts.readers.credentials import states_of
from accounts.readers.mistakes import mistake_of
from accounts.readers.rotation import expiring, near, rotation_of
from accounts.readers.year_strip import strips
from accounts.web.door import actor_for, find_account, page_of, signed_in
from accounts.web.history import history
from accounts.web.listing import neighbours
from accounts.web.refusals import not_allowed_is_403
from accounts.web.why import why
from accounts.words import say

CHART_HEIGHT = 84  # pixels
ENDED = (OrderState.ISSUED.value, OrderState.REJECTED.value, OrderState.WITHDRAWN.value)


@signed_in
@require_safe
def my_accounts(request: HttpRequest) -> HttpResponse:
    """The accounts whose owner or technical contact this person is."""
    actor, today = actor_for(request), timezone.localdate()
    shown = MyAccountsFilter(request.GET)
    wanted = reader.narrowed(shown.said("q"), shown.said("state"), shown.said("environment"))
    cards, page = reader.my_accounts(actor, request.GET, current_policy(), today, wanted)
    expires = expiring(card.account for card in cards)
    known = reader.known_through({card.account.environment_id for card in cards})
    drawn = strips([card.account for card in cards], today)
    context = {
        "rows": [
            {
                "card": card,
                "owner": card.account.owner_id == actor.id,
                "may_collect": may_collect(card.account, actor),
                "known": known.get(card.account.environment_id),
                "strip": drawn[card.account.pk],
                "expires": near(expires.get(card.account.pk), today),
            }
            for card in cards
        ],
        "to_answer": reader.waiting_for_answer(actor),
        "offered": offered_to(actor),
        "filter": shown if shown.narrows or reader.has_many(actor) else None,
        "narrows": shown.narrows,
        **neighbours(request, page),
    }
    return render(request, "accounts/requester/my_accounts.html", context)


@signed_in
@require_safe
def account(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One account: its use, its secret, its history, and the buttons for whoever looks."""
    actor, found, today = actor_for(request), find_account(request, pk, at_cegal=True), timezone.localdate()
    staff_url = _staff_page(found, actor)
    if not staff_url and not reader.mine(actor).filter(pk=found.pk).exists():
        return redirect("cegal_queue")  # Cegal reads of an account what its tasks say, and no more
    months, policy = reader.months(found, today), current_policy()
    rotation = rotation_of(found, policy, today)
    context = {
        "account": found,
        **why(found, policy, today, for_staff=False),
        "card": reader.card(found, policy, today),
        "owner": found.owner_id == actor.id,
        "known": reader.known_through_of(found),
        "said": feeds.who_said(found, feeds.told_of(found)),
        "months": months,
        "calls": sum(calls for _month, calls in months),
        "bars": reader.bars(months, CHART_HEIGHT),
        "chart": {"height": CHART_HEIGHT + 24, "base": CHART_HEIGHT, "labels": CHART_HEIGHT + 18},
        "secret": states_of([found])[0],
        "rotation": rotation,
        "rotation_url": _order_page(rotation.order, actor),
        "has_it": may_test(found, actor),
        "may_rotate": _may_rotate(found, actor),
        "may_collect": may_collect(found, actor),
        "may_let": may_let(found) and found.owner_id == actor.id,
        "actions": _buttons(found, actor),
        "effective_at": effective_at([found.pk]).get(found.pk),
        "tasks": found.tasks.filter(done_at__isnull=True).order_by("opened_at"),
        "reactivation": _reactivation(found, actor),
        "mistake": mistake_of(found, current_policy()),
        "handover": open_handover(found),
        "may_hand_over": handovers.may_hand_over(found, actor),
        "staff_url": staff_url,
        **history(request, found),
    }
    return render(request, "accounts/requester/account.html", context)


@signed_in
@require_POST
def account_reactivate(request: HttpRequest, pk: UUID) -> HttpResponseRedirect:
    """Begin the order that asks to reactivate a suspended account, or go on with the one that was begun."""
    actor, found = actor_for(request), find_account(request, pk)
    try:
        with not_allowed_is_403():
            order = ordering.start_reactivation(found, by=actor, now=timezone.now())
    except NotReady as refusal:
        begun = _unfinished(found, actor)
        if begun is None:
            messages.warning(request, say(refusal.sentence))
            return redirect("account", found.pk)
        return redirect("order", begun.reference)
    return redirect("order_edit", order.reference)


def _buttons(found: Account, actor: Actor) -> list[dict[str, Any]]:
    """The verbs open to ``actor``; the answer to a notice comes first and is the one primary button."""
    return [
        {
            "url": reverse("account_verb", args=[found.pk, row.verb]),
            "label": say(row.label),
            "variant": "primary" if row.verb == "keep" else "secondary",
            "color": "danger" if verbs.verb_of(found, row.verb).danger else "neutral",
        }
        for row in verbs.open_to(found, actor)
    ]


def _order_page(order: Order | None, actor: Actor) -> str:
    """Where ``actor`` reads of an order; "" for somebody else's: whoever asked for it sees it."""
    if order is None or not Order.objects.visible_to(actor).filter(pk=order.pk).exists():
        return ""
    return reverse("order", args=[order.reference])


def _may_rotate(found: Account, actor: Actor) -> bool:
    """May this person ask for a new secret here, and now? Support asks on the page where they work on the account."""
    if not may_test(found, actor):
        return False
    try:
        acting.check_may_begin(found)
    except NotReady:
        return False
    return True


def _reactivation(found: Account, actor: Actor) -> dict[str, Any] | None:
    """How a suspended account comes back: the order that was begun, or the button that begins one (its owner)."""
    if found.state != AccountState.SUSPENDED.value:
        return None
    return {"order": _unfinished(found, actor), "may": found.owner_id == actor.id}


def _unfinished(found: Account, actor: Actor) -> Order | None:
    begun = Order.objects.visible_to(actor).filter(concerns=found, kind=OrderKind.REACTIVATION.value)
    return begun.exclude(state__in=ENDED).order_by("-created_at", "pk").first()


def _staff_page(found: Account, actor: Actor) -> str:
    """Where staff work on this account; "" for everybody else."""
    page = page_of(found, actor)
    return "" if page == reverse("account", args=[found.pk]) else page
