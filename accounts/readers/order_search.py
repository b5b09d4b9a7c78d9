"""What somebody looks for in the worklist: a state, words, an assignee, an environment, a kind, what is late."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from accounts.lifecycle.actor import Actor
from accounts.lifecycle.policy import Policy
from accounts.lifecycle.states import OrderState
from accounts.models import Order
from accounts.models.order import ENDED
from accounts.models.search_text import says
from accounts.readers.waiting import late_before

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
MINE, NOBODYS = "me", "nobody"


@dataclass(frozen=True)
class Search:
    """What is looked for; "" is anything.

    ``state``: a state, OPEN or ALL. ``assignee``: MINE, NOBODYS or the id of a colleague. ``late``: only what is
    past the target of its stage.
    """

    state: str = OPEN
    environment: str = ""
    text: str = ""
    assignee: str = ""
    kind: str = ""
    late: bool = False

    @property
    def narrows(self) -> bool:
        """Is anything asked for besides the state?"""
        return any(getattr(self, field.name) for field in fields(self) if field.name != "state")


def late(policy: Policy, now: datetime) -> Q:
    """The condition that an order is past the target of its stage at ``now``."""
    found = Q(pk__in=[])
    for state, entered in late_before(policy, timezone.localdate(now)).items():
        found |= Q(state=state.value, state_since__lt=entered)
    return found


def in_state(found: QuerySet[Order], state: str) -> QuerySet[Order]:
    """Those of ``found`` in ``state``: one of the states, OPEN, or ALL."""
    if state == OPEN:
        return found.filter(state__in=[state.value for state in OPEN_STATES])
    return found if state == ALL else found.filter(state=state)


def narrowed(
    found: QuerySet[Order], search: Search, by: Actor, policy: Policy, now: datetime, *, open_only: bool = False
) -> QuerySet[Order]:
    """Those of ``found`` that fit everything in ``search`` besides the state.

    ``open_only``: whatever its state says, ``found`` are open orders. They are few, however many there are in all.
    """
    if search.environment:
        through = Order.environments.through.objects.filter(environment__name=search.environment)
        found = found.filter(Exists(through.filter(order=OuterRef("pk"))))
    if search.assignee:
        found = found.filter(_assigned(search.assignee, by))
    if search.kind:
        found = found.filter(kind=search.kind)
    if search.late:
        found = found.filter(late(policy, now))
    if not search.text:
        return found
    few = open_only or search.state not in (ALL, *ENDED)
    return found.filter(says(search.text, among_few=few))


def _assigned(assignee: str, by: Actor) -> Q:
    if assignee == NOBODYS:
        return Q(assignee__isnull=True)
    return Q(assignee=by.id if assignee == MINE else UUID(assignee))
