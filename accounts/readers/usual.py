"""How long the orders before this one stood in the same stage: what a requester may expect, from the events."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median_high

from django.db.models import Max
from django.utils import timezone

from accounts.lifecycle.calendar import working_days_between
from accounts.lifecycle.policy import Policy
from accounts.lifecycle.states import OrderState
from accounts.models import Event

LAST = 20
"""Orders that are looked at."""

ENOUGH = 5
"""Fewer than this say nothing about the next one; then the target is told instead."""

LOOK_BACK = 20_000
"""Events that are looked through for them, so that the question costs the same in any year."""

_MOVED_ON = {
    OrderState.SUPPORT: ("send_for_approval", "return", "reject"),
    OrderState.APPROVAL: ("approve", "return", "reject"),
    OrderState.APPROVED: ("send_to_cegal",),
    OrderState.CEGAL_SETUP: ("complete_setup", "hand_back"),
    OrderState.CREDENTIAL_ISSUE: ("issue_credentials",),
}
"""The verbs with which those whose turn it is finish a stage; a requester who withdraws says nothing about them."""


@dataclass(frozen=True)
class Usual:
    """Working days in a stage: the median of the last ``orders`` orders, or the ``target`` where too few passed it."""

    target: int
    days: int | None = None
    orders: int = 0


def usual(state: OrderState, policy: Policy) -> Usual | None:
    """The usual time in ``state``; None for a stage without a target (nobody's turn). At most three queries."""
    target = policy.stage_target(state)
    if target is None or state not in _MOVED_ON:
        return None
    left = _left(state)
    if len(left) < ENOUGH:
        return Usual(target)
    waited = [_days(event, came) for event, came in _with_arrival(left, state)]
    return Usual(target, median_high(waited), len(waited)) if len(waited) >= ENOUGH else Usual(target)


def _left(state: OrderState) -> list[Event]:
    """The newest events by which an order left ``state``."""
    newest = Event.objects.aggregate(newest=Max("pk"))["newest"] or 0
    moves = Event.objects.filter(pk__gt=newest - LOOK_BACK, subject_type="order", verb__in=_MOVED_ON[state])
    return list(moves.filter(source=state.value).order_by("-pk")[:LAST])


def _with_arrival(left: Iterable[Event], state: OrderState) -> list[tuple[Event, Event]]:
    """Each of ``left`` with the event by which its order had come into ``state``."""
    left = list(left)
    arrivals = Event.objects.filter(subject_type="order", subject_id__in=[event.subject_id for event in left])
    arrivals = arrivals.filter(target=state.value).exclude(source=state.value)
    found = []
    came: dict[object, list[Event]] = {}
    for event in arrivals.order_by("seq"):
        came.setdefault(event.subject_id, []).append(event)
    for event in left:
        before = [one for one in came.get(event.subject_id, []) if one.seq < event.seq]
        if before:
            found.append((event, before[-1]))
    return found


def _days(left: Event, came: Event) -> int:
    return working_days_between(timezone.localdate(came.at), timezone.localdate(left.at))
