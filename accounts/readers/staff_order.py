"""What staff see of an order besides its answers: changes, duplicates, the organisation’s other orders and accounts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F, Q, QuerySet

from accounts.lifecycle.actor import Actor
from accounts.lifecycle.states import AccountState, OrderState
from accounts.models import Account, Event, Order
from accounts.readers.timeline import sentence
from accounts.words import say

SHOWN = 5
MOST_DEEDS = 3
LIVING = (AccountState.ACTIVE.value, AccountState.NOTIFIED.value, AccountState.SUSPENDED.value)


@dataclass(frozen=True)
class Neighbours:
    """The organisation's other orders and accounts, the newest first; ``more`` when there are more than shown."""

    orders: list[Order]
    accounts: list[Account]
    more: bool


@dataclass(frozen=True)
class Deed:
    """Something that somebody did to an order while another looked at it."""

    who: str
    sentence: str
    at: datetime
    comment: str = ""


def since(order: Order, seen: int | None) -> list[Deed]:
    """What happened to ``order`` after the version ``seen``, the newest first and [3] at most; for a version that it
    never had, the last deed. One query."""
    events = Event.objects.filter(subject_type="order", subject_id=order.pk).order_by("-seq")
    known = seen is not None and 0 < seen < order.version
    shown = list(events.filter(seq__gt=seen)[:MOST_DEEDS] if known else events[:1])
    return [Deed(say(event.who), sentence(event), event.at, event.comment) for event in shown]


def sent_again(order: Order, events: dict[str, Event]) -> Event | None:
    """The sending after a return that Support has not decided on yet, None where there is none.

    ``events`` as ``last_of`` gives them. It is the alert of the order's page: it stays until Support sends the order
    on, returns or rejects it, whoever opened the page meanwhile (opening writes nothing).
    """
    again, first = events.get("resubmit"), events.get("submit")
    if again is None or order.state != OrderState.SUPPORT.value:
        return None
    return again if first is None or first.seq < again.seq else None


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
    if order.concerns_id or not order.organisation_number:
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
