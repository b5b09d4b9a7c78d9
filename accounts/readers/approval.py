"""One order as the Service Responsible decides it, and its place in the line of those that wait."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from accounts.lifecycle.actor import Actor
from accounts.lifecycle.orders import ORDER
from accounts.lifecycle.policy import Policy
from accounts.lifecycle.sentence import Sentence
from accounts.lifecycle.transition import find, first_said
from accounts.models import Event, Order
from accounts.models.facts import order_facts
from accounts.readers import worklist

DECISIONS = ("approve", "reject", "return")
"""The verbs that end the wait for approval; of these only approving asks for the separation of duties."""


@dataclass(frozen=True)
class Line:
    """What waits for one person, longest first: which place this order has in it (0: none), and what comes next.

    ``more``: the line is longer than ``length``, as only its first page is looked at.
    """

    place: int
    length: int
    more: bool
    next: Order | None


def line(found: Order, by: Actor, policy: Policy, now: datetime) -> Line:
    """The orders that ``by`` may approve, and where ``found`` stands among them. Four queries."""
    nothing: Mapping[str, str] = {}
    rows, page = worklist.approvals(by, nothing, policy, now)
    mine = [row.order for row in rows if row.why_not is None]
    place = next((number for number, order in enumerate(mine, start=1) if order.pk == found.pk), 0)
    others = [*mine[place:], *mine[: max(0, place - 1)]]
    return Line(place, len(mine), bool(page.after), others[0] if others else None)


def why_not(found: Order, by: Actor) -> Sentence | None:
    """The sentence of the separation of duties that keeps ``by`` from approving ``found``, or nothing."""
    return first_said(find(ORDER, "approve", found.state).duties, order_facts(found, by))


def decided(found: Order) -> Event | None:
    """Who last ended the wait for approval of ``found``, and how; None while nobody has. One query."""
    events = Event.objects.filter(subject_type="order", subject_id=found.pk, verb__in=DECISIONS, source="approval")
    return events.order_by("-seq").first()
