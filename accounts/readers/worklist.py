"""The worklist: open orders by state, what is late, what waits for approval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from accounts.lifecycle.actor import Actor
from accounts.lifecycle.facts import OrderFacts
from accounts.lifecycle.orders import ORDER
from accounts.lifecycle.policy import Policy
from accounts.lifecycle.sentence import Sentence
from accounts.lifecycle.states import OrderState
from accounts.lifecycle.transition import find, first_said
from accounts.models import Account, Event, Order
from accounts.readers import paging
from accounts.readers.finding import contains
from accounts.readers.waiting import Waiting, late_before, waiting

OPEN_STATES = (
    OrderState.SUPPORT,
    OrderState.RETURNED,
    OrderState.APPROVAL,
    OrderState.APPROVED,
    OrderState.CEGAL_SETUP,
    OrderState.CREDENTIAL_ISSUE,
)
"""The states in which somebody still has to do something, in the order of the work."""

OPEN, ALL = "open", "all"
OLDEST_FIRST = paging.Order("state_since")
NEWEST_FIRST = paging.Order("reference", falling=True)


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
    """An order and how long it waits; ``why_not`` says why this person may not decide it."""

    order: Order
    waiting: Waiting
    why_not: Sentence | None = None


@dataclass(frozen=True)
class Search:
    """What is looked for: a state, "open" or "all"; an environment's name; a text. "" is anything."""

    state: str = OPEN
    environment: str = ""
    text: str = ""


def counts(policy: Policy, now: datetime) -> Counts:
    """The number of orders in each open state, and of those past the target. One query over the open orders."""
    late = Q(pk__in=[])
    for state, entered in late_before(policy, timezone.localdate(now)).items():
        late |= Q(state=state.value, state_since__lt=entered)
    rows = Order.objects.filter(state__in=[state.value for state in OPEN_STATES]).order_by().values_list("state")
    numbers = rows.annotate(number=Count("pk"), too_long=Count("pk", filter=late))
    found = {state: (number, too_long) for state, number, too_long in numbers}
    by_state = {state: found.get(state.value, (0, 0))[0] for state in OPEN_STATES}
    return Counts(by_state, sum(too_long for _number, too_long in found.values()))


def orders(
    by: Actor, search: Search, asked: Mapping[str, str], policy: Policy, now: datetime
) -> tuple[list[Row], paging.Page[Order]]:
    """One page of the orders that ``by`` may see and ``search`` finds: the longest waiting first.

    Over all states the newest comes first. Two queries, however many rows.
    """
    found = _matching(Order.objects.visible_to(by).exclude(state=OrderState.DRAFT.value), search)
    shown = paging.page(_with_names(found), NEWEST_FIRST if search.state == ALL else OLDEST_FIRST, asked)
    return [Row(order, waiting(order, policy, now)) for order in shown.rows], shown


def approvals(
    by: Actor, asked: Mapping[str, str], policy: Policy, now: datetime
) -> tuple[list[Row], paging.Page[Order]]:
    """What waits for the Service Responsible, the oldest first; with the reason where ``by`` must not decide."""
    found = Order.objects.visible_to(by).filter(state=OrderState.APPROVAL.value)
    shown = paging.page(_with_names(found), OLDEST_FIRST, asked)
    senders = _senders(shown.rows)
    rows = [Row(o, waiting(o, policy, now), _why_not(o, by, senders.get(o.pk, frozenset()))) for o in shown.rows]
    return rows, shown


def next_approvals(by: Actor, after: Order, limit: int = 50) -> Order | None:
    """The oldest order besides ``after`` that waits for approval and that ``by`` may decide, among the first."""
    waits = Order.objects.visible_to(by).filter(state=OrderState.APPROVAL.value).exclude(pk=after.pk)
    first = list(waits.order_by("state_since", "pk")[:limit])
    senders = _senders(first)
    return next((o for o in first if _why_not(o, by, senders.get(o.pk, frozenset())) is None), None)


def _with_names(found: QuerySet[Order]) -> QuerySet[Order]:
    return found.select_related("requester").prefetch_related("environments")


def _matching(found: QuerySet[Order], search: Search) -> QuerySet[Order]:
    if search.state == OPEN:
        found = found.filter(state__in=[state.value for state in OPEN_STATES])
    elif search.state != ALL:
        found = found.filter(state=search.state)
    if search.environment:
        found = found.filter(environments__name=search.environment)
    return found.filter(_says(search.text)) if search.text else found


def _says(text: str) -> Q:
    """Does the order say ``text``: its reference, organisation, people, addresses, or an account's client id?"""
    of_account = Account.objects.filter(order=OuterRef("pk"), client_id__istartswith=text)
    return (
        Q(reference__istartswith=text)
        | Q(organisation_number__startswith="".join(text.split()))
        | contains(text, "organisation_name", "requester__name", "technical_name", "owner_name")
        | contains(text, "requester__email", "technical_email", "owner_email")
        | Q(Exists(of_account))
    )


def _senders(orders: Sequence[Order]) -> dict[UUID, frozenset[UUID]]:
    """Everyone who ever sent each of ``orders`` for approval. One query."""
    sent = Event.objects.filter(subject_type="order", verb="send_for_approval", subject_id__in=[o.pk for o in orders])
    found: dict[UUID, set[UUID]] = {}
    for order_id, actor_id in sent.values_list("subject_id", "actor_id"):
        if actor_id is not None:
            found.setdefault(order_id, set()).add(actor_id)
    return {order_id: frozenset(people) for order_id, people in found.items()}


def _why_not(order: Order, by: Actor, senders: frozenset[UUID]) -> Sentence | None:
    """The sentence of the separation of duties, or nothing: the same rules that the verb obeys."""
    facts = OrderFacts(
        roles=by.roles, actor_id=by.id, requester_id=order.requester_id, senders=senders,
        stands_in_for=by.stands_in_for,
    )  # fmt: skip
    return first_said(find(ORDER, "approve", order.state).duties, facts)
