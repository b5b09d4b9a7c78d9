"""What staff see of an order besides its answers: changes, duplicates, the organisation’s other orders and accounts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import F, Q, QuerySet

from accounts.lifecycle.actor import Actor
from accounts.lifecycle.states import AccountState
from accounts.models import Account, Event, Order

SHOWN = 5
LIVING = (AccountState.ACTIVE.value, AccountState.NOTIFIED.value, AccountState.SUSPENDED.value)


@dataclass(frozen=True)
class Neighbours:
    """The organisation's other orders and accounts, the newest first; ``more`` when there are more than shown."""

    orders: list[Order]
    accounts: list[Account]
    more: bool


def last_of(order: Order, *verbs: str) -> dict[str, Event]:
    """The newest event of each of ``verbs`` in the order's history. One query."""
    rows = Event.objects.filter(subject_type="order", subject_id=order.pk, verb__in=verbs).order_by("seq")
    return {event.verb: event for event in rows}


def changed_since_sent(events: dict[str, Event]) -> dict[str, list[Any]]:
    """By field, the answer before and after the order was last sent again; ``events`` as ``last_of`` gives them."""
    again = events.get("resubmit")
    return dict(again.data.get("changed", {})) if again else {}


def likely_duplicates(order: Order) -> list[Account]:
    """Living accounts of the same organisation in an environment that this order asks for, but not its own.

    The last used first; one more than [5], so that it is known whether there are more.
    """
    if order.reactivates_id or not order.organisation_number:
        return []
    accounts = Account.objects.filter(
        organisation__number=order.organisation_number,
        environment__in=order.environments.all(),
        state__in=LIVING,
    )
    others = accounts.exclude(order=order).select_related("environment", "organisation")
    return _first(others.order_by(F("last_used_on").desc(nulls_last=True), "pk"))


def neighbours(order: Order, by: Actor) -> Neighbours:
    """The other orders and accounts of the organisation that ``by`` may see. Three queries."""
    same = Q(organisation_number=order.organisation_number) if order.organisation_number else Q(pk__in=[])
    orders = _first(
        Order.objects.visible_to(by)
        .filter(same)
        .exclude(pk=order.pk)
        .prefetch_related("environments")
        .order_by("-reference")
    )
    number = order.organisation_number or None
    others = Account.objects.visible_to(by).filter(organisation__number=number).exclude(order=order)
    accounts = _first(others.select_related("environment").order_by("-created_at", "pk"))
    return Neighbours(orders[:SHOWN], accounts[:SHOWN], len(orders) > SHOWN or len(accounts) > SHOWN)


def _first(rows: QuerySet[Any]) -> list[Any]:
    return list(rows[: SHOWN + 1])
