"""A requester's own orders, the newest first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from accounts.lifecycle.actor import Actor
from accounts.lifecycle.orders import TURN
from accounts.lifecycle.states import OrderState
from accounts.models import Credential, Order
from accounts.models.order import ENDED
from accounts.readers import paging
from accounts.readers.stepper import Follower, whose_turn

AT_A_GLANCE = 8  # orders
OF_ORDER = "of_order"
"""The order that a secret came with: that of a rotation, or else the one that made the account."""

NEWEST_FIRST = paging.Order("created_at", falling=True)


@dataclass(frozen=True)
class Row:
    """One order of the list: its title and whose turn it is, in words."""

    order: Order
    title: str
    turn: str


def my_orders(by: Actor, asked: Mapping[str, str], turn: str = "") -> tuple[list[Row], paging.Page[Order]]:
    """One page of the orders that ``by`` requested. Three queries, however many rows.

    ``turn`` narrows them: "mine" waits for ``by``, "others" is under way, "ended" needs nobody; "" is all.
    """
    orders = Order.objects.filter(requester_id=by.id).filter(_whose(by, turn))
    orders = orders.select_related("concerns", "assignee").prefetch_related("environments")
    shown = paging.page(orders, NEWEST_FIRST, asked)
    waiting = set(secrets_to_collect(by).values_list(OF_ORDER, flat=True))
    rows = [Row(o, title(o), whose_turn(o, Follower(to_collect=o.pk in waiting))) for o in shown.rows]
    return rows, shown


def has_many(by: Actor) -> bool:
    """Does ``by`` have more orders than one sees at a glance? One query."""
    return len(Order.objects.filter(requester_id=by.id).values_list("pk")[: AT_A_GLANCE + 1]) > AT_A_GLANCE


def _whose(by: Actor, turn: str) -> Q:
    """The condition on the orders of ``by`` for one choice of the filter; the three choices share all orders."""
    waiting = Q(pk__in=secrets_to_collect(by).order_by().values(OF_ORDER))
    mine = Q(state__in=[OrderState.DRAFT.value, OrderState.RETURNED.value]) | waiting
    if turn == "mine":
        return mine
    if turn == "others":
        return Q(state__in=[state.value for state in TURN])
    return Q(state__in=ENDED) & ~waiting if turn == "ended" else Q()


def secrets_to_collect(by: Actor) -> QuerySet[Credential]:
    """The issued secrets that wait for ``by``, who owns their accounts."""
    waiting = Credential.objects.filter(account__owner_id=by.id, destroyed_at__isnull=True, collect_by__isnull=False)
    return waiting.annotate(**{OF_ORDER: Coalesce("rotation_id", "account__order_id")}).order_by("collect_by", "pk")


def secrets_to_collect_of(order: Order, by: Actor) -> QuerySet[Credential]:
    """The issued secrets that came with ``order`` and that ``by`` may collect, also in the owner's place."""
    mine = Q(account__owner_id=by.id)
    if by.email:
        named = Q(account__collector_email=by.email.lower(), account__technical_email=F("account__collector_email"))
        mine |= named & Q(account__collector_named_by=F("account__owner"))
    waiting = Credential.objects.filter(mine, destroyed_at__isnull=True, collect_by__isnull=False)
    return waiting.filter(Q(rotation=order) | Q(rotation__isnull=True, account__order=order))


def title(order: Order) -> str:
    """What an order is called in lists and at the top of its page."""
    if order.reactivates is not None:
        return _("Reactivation of %(client_id)s") % {"client_id": order.reactivates.client_id}
    if order.rotates is not None:
        return _("New secret for %(client_id)s") % {"client_id": order.rotates.client_id}
    if order.organisation_name:
        return _("Access for %(organisation)s") % {"organisation": order.organisation_name}
    return _("New order")
