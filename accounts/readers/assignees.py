"""Who works on an order, and which colleagues could."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet
from django.db.models.functions import Lower

from accounts.lifecycle.actor import Actor
from accounts.lifecycle.states import Role
from accounts.models import Order, Person
from accounts.models.order import OPEN


@dataclass(frozen=True)
class Assigned:
    """Who works on an order, as one reader sees it. ``may_change``: this reader may take, hand over and release."""

    person: Person | None
    is_me: bool
    may_change: bool


def assigned(order: Order, by: Actor) -> Assigned:
    """Who works on ``order``, for ``by``. One query, none where ``order`` was read with its assignee."""
    may_change = order.state in OPEN and by.holds(Role.SUPPORT)
    return Assigned(order.assignee, by.id is not None and order.assignee_id == by.id, may_change)


def colleagues(but: UUID | None = None) -> QuerySet[Person]:
    """The active people in Support by name, without the one with the id ``but``."""
    found = Person.objects.holding(Role.SUPPORT).order_by(Lower("name"), "email")
    return found.exclude(pk=but) if but else found
