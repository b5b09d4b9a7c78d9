"""The worklist: open orders by state, what is late, what waits for approval."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, QuerySet

from accounts.lifecycle.actor import Actor
from accounts.lifecycle.facts import OrderFacts
from accounts.lifecycle.orders import ORDER
from accounts.lifecycle.policy import Policy
from accounts.lifecycle.sentence import Sentence
from accounts.lifecycle.states import OrderState
from accounts.lifecycle.transition import find, first_said
from accounts.models import Event, Order
from accounts.models.among import among
from accounts.models.facts import Parts, parts_of
from accounts.readers import paging
from accounts.readers.order_search import ALL, OPEN, OPEN_STATES, Search, in_state, late, narrowed
from accounts.readers.waiting import Waiting, waiting

__all__ = ["ALL", "OPEN", "OPEN_STATES", "Search"]

OLDEST_FIRST = paging.Order("state_since")
NEWEST_FIRST = paging.Order("reference", falling=True)
CHUNK = 500
COLUMNS = (
    "id", "version", "reference", "kind", "state", "state_since", "answer_by", "organisation_name",
    "as_seller", "as_broker", "purpose", "requester__name", "requester__email", "assignee__name", "assignee__email",
)  # fmt: skip
"""What a row of a list shows; the answers of a form are long."""


@dataclass(frozen=True)
class Counts:
    """How many orders are in each open state, and how many of all of them are past their stage's target."""

    by_state: dict[OrderState, int]
    late: int

    @property
    def open(self) -> int:
        return sum(self.by_state.values())


@dataclass(frozen=True)
class Row:
    """An order and how long it waits.

    ``environments`` are their names, where the list shows them. ``news`` is "new" or "resubmitted" until somebody has
    done something with it since it was sent. ``is_mine``: the reader works on it. ``why_not`` says why this person
    may not decide it.
    """

    order: Order
    waiting: Waiting
    environments: tuple[str, ...] = ()
    why_not: Sentence | None = None
    news: str = ""
    is_mine: bool = False

    @property
    def is_open(self) -> bool:
        """Does somebody still have to do something?"""
        return self.order.state in OPEN_STATES


@dataclass(frozen=True)
class Beside:
    """The references of the orders before and after one in a list; "" where there is none."""

    before: str = ""
    after: str = ""


def counts(search: Search, by: Actor, policy: Policy, now: datetime) -> Counts:
    """How many of the orders that ``search`` finds are in each open state, and how many of those are late.

    Each number is that of the rows in its tab. One query over the index of the open orders.
    """
    rows = narrowed(in_state(Order.objects.all(), OPEN), search, by, policy, now, open_only=True)
    by_state_alone = rows.order_by().values_list("state")
    numbers = by_state_alone.annotate(number=Count("pk"), too_long=Count("pk", filter=late(policy, now)))
    found = {state: (number, too_long) for state, number, too_long in numbers}
    by_state = {state: found.get(state.value, (0, 0))[0] for state in OPEN_STATES}
    return Counts(by_state, sum(too_long for _number, too_long in found.values()))


def orders(
    by: Actor, search: Search, asked: Mapping[str, str], policy: Policy, now: datetime
) -> tuple[list[Row], paging.Page[Order]]:
    """One page of the orders that ``by`` may see and ``search`` finds: the longest waiting first.

    Over all states the newest comes first. Two queries, however many rows.
    """
    found = _with_news(_with_names(_found(by, search, policy, now)).prefetch_related(None))
    shown = paging.page(found, sorted_by(search), asked)
    names = _environment_names(shown.rows)
    rows = [replace(_row(order, by, policy, now), environments=tuple(names[order.pk])) for order in shown.rows]
    return rows, shown


def beside(order: Order, by: Actor, search: Search, policy: Policy, now: datetime) -> Beside:
    """The orders before and after ``order`` in the list that ``search`` shows, also when it left that list since.

    Its place is where it would stand by how long it waits now. Two queries.
    """
    rows = _found(by, search, policy, now).only("reference", "state_since")
    before, after = paging.beside(rows, sorted_by(search), order)
    return Beside(before.reference if before else "", after.reference if after else "")


def every(by: Actor, search: Search, policy: Policy, now: datetime) -> Iterator[Row]:
    """All rows of the list that ``search`` shows, for a file: read in chunks, with flat memory."""
    sort = sorted_by(search)
    found = _with_names(_found(by, search, policy, now))
    found = found.order_by(f"-{sort.column}" if sort.falling else sort.column, "pk")
    for order in found.iterator(CHUNK):
        yield _row(order, by, policy, now)


def approvals(
    by: Actor, asked: Mapping[str, str], policy: Policy, now: datetime
) -> tuple[list[Row], paging.Page[Order]]:
    """What waits for the Service Responsible, the oldest first; with the reason where ``by`` must not decide."""
    found = Order.objects.visible_to(by).filter(state=OrderState.APPROVAL.value)
    shown = paging.page(_with_names(found), OLDEST_FIRST, asked)
    parts = parts_of([order.pk for order in shown.rows])
    rows = [Row(o, waiting(o, policy, now), why_not=_why_not(o, by, parts.get(o.pk, Parts()))) for o in shown.rows]
    return rows, shown


def next_approvals(by: Actor, after: Order, limit: int = 50) -> Order | None:
    """The oldest order besides ``after`` that waits for approval and that ``by`` may decide, among the first."""
    waits = Order.objects.visible_to(by).filter(state=OrderState.APPROVAL.value).exclude(pk=after.pk)
    first = list(waits.order_by("state_since", "pk")[:limit])
    parts = parts_of([order.pk for order in first])
    return next((o for o in first if _why_not(o, by, parts.get(o.pk, Parts())) is None), None)


def _found(by: Actor, search: Search, policy: Policy, now: datetime) -> QuerySet[Order]:
    visible = Order.objects.visible_to(by).exclude(state=OrderState.DRAFT.value)
    return narrowed(in_state(visible, search.state), search, by, policy, now)


def sorted_by(search: Search) -> paging.Order:
    """How the list that ``search`` shows is sorted."""
    return NEWEST_FIRST if search.state == ALL else OLDEST_FIRST


def _with_names(found: QuerySet[Order]) -> QuerySet[Order]:
    return found.select_related("requester", "assignee").prefetch_related("environments").only(*COLUMNS)


def _environment_names(shown: Sequence[Order]) -> Mapping[UUID, list[str]]:
    """The names of each order's environments, by its id: what ``prefetch_related`` reads, without its objects."""
    of_orders = Order.environments.through.objects.filter(among("order_id", [order.pk for order in shown]))
    sorted_names = of_orders.order_by("environment__position", "environment__name")
    found: dict[UUID, list[str]] = defaultdict(list)
    for order, name in sorted_names.values_list("order_id", "environment__name"):
        found[order].append(name)
    return found


def _with_news(found: QuerySet[Order]) -> QuerySet[Order]:
    """Each order with ``touched`` and ``again``: has anybody but its requester done something since it was sent,
    and was it sent before?"""
    events = Event.objects.filter(subject_type="order", subject_id=OuterRef("pk"), at__gte=OuterRef("state_since"))
    others = events.exclude(actor_id=OuterRef("requester")).exclude(actor_id=None)
    return found.annotate(touched=Exists(others), again=Exists(events.filter(verb="resubmit")))


def _row(order: Any, by: Actor, policy: Policy, now: datetime) -> Row:
    is_new = order.state == OrderState.SUPPORT.value and not getattr(order, "touched", True)
    news = ("resubmitted" if order.again else "new") if is_new else ""
    return Row(order, waiting(order, policy, now), news=news, is_mine=by.id is not None and order.assignee_id == by.id)


def _why_not(order: Order, by: Actor, parts: Parts) -> Sentence | None:
    """The sentence of the separation of duties, or nothing: the same rules that the verb obeys."""
    facts = OrderFacts(
        roles=by.roles, actor_id=by.id, requester_id=order.requester_id, senders=parts.senders,
        former_requesters=parts.former_requesters, stands_in_for=by.stands_in_for,
    )  # fmt: skip
    return first_said(find(ORDER, "approve", order.state).duties, facts)
