"""Where the time of orders goes: one pass over the moves of the orders that ended in a period.

Stages with a target are told in working days (24 hours each, Norwegian holidays left out), the time in which the
requester was asked in calendar days. All times of one order in a stage are added up.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from typing import Any
from uuid import UUID

from django.db.models import F, QuerySet
from django.utils import timezone

from accounts.lifecycle.calendar import due_day, working_time
from accounts.lifecycle.policy import Policy
from accounts.lifecycle.states import OrderState
from accounts.models import Event, Order
from accounts.models.period import Period
from accounts.readers.figures import Share, Spread

STAGES = (
    OrderState.SUPPORT,
    OrderState.RETURNED,
    OrderState.APPROVAL,
    OrderState.APPROVED,
    OrderState.CEGAL_SETUP,
    OrderState.CREDENTIAL_ISSUE,
)
"""The stages in which somebody has to do something, in the order of the work."""

ENDS = ("issue_credentials", "reject", "withdraw", "expire")
ANSWERS = ("send_for_approval", "return", "reject")
CHUNK = 5000
DAY = 86400.0

Move = tuple[UUID, datetime, str, str, str]
"""Of which order, when, the verb, from which state, to which."""


@dataclass
class Times:
    """What the pass found. ``in_time`` counts visits of a stage that ended by its target."""

    ended: int = 0
    stages: dict[OrderState, Spread] = field(default_factory=lambda: {stage: Spread() for stage in STAGES})
    in_time: dict[OrderState, Share] = field(default_factory=lambda: {stage: Share() for stage in STAGES})
    to_credentials: Spread = field(default_factory=Spread)
    first_answer: Spread = field(default_factory=Spread)
    right_first_time: Share = field(default_factory=Share)


def ended_orders(period: Period) -> QuerySet[Event]:
    """The events with which orders ended in ``period``; a draft that was given up never was with us."""
    found = Event.objects.filter(subject_type=Order.subject_type(), verb__in=ENDS, **period.bounds())
    return period.of_orders(found.exclude(source=OrderState.DRAFT.value))


def order_times(period: Period, policy: Policy) -> Times:
    """Read the moves of every order that ended in ``period``. One query, read as a stream; memory stays flat."""
    moves = Event.objects.filter(subject_type=Order.subject_type())
    moves = moves.filter(subject_id__in=ended_orders(period).values("subject_id")).exclude(source=F("target"))
    columns = moves.order_by("subject_id", "seq").values_list("subject_id", "at", "verb", "source", "target")
    times = Times()
    for _order, of_order in groupby(columns.iterator(CHUNK), key=itemgetter(0)):
        _read(of_order, period, policy, times)
    return times


@dataclass
class _Life:
    """One order from its sending to its end, while its moves are read."""

    sent: datetime | None = None
    entered: datetime | None = None
    answered: datetime | None = None
    returned: bool = False
    spent: dict[OrderState, float] = field(default_factory=dict)
    visits: list[tuple[OrderState, bool]] = field(default_factory=list)


def _read(moves: Iterable[Any], period: Period, policy: Policy, times: Times) -> None:
    life = _Life()
    for _order, moment, verb, source, target in moves:
        at = timezone.localtime(moment)
        if target == OrderState.DRAFT.value:
            life = _Life()
            continue
        if source == OrderState.DRAFT.value:
            life.sent = at
        else:
            _leave(life, OrderState(source), at, verb, policy)
        life.entered = at
        if verb in ENDS and life.sent is not None and period.contains(at):
            _end(life, verb, at, times)


def _leave(life: _Life, stage: OrderState, at: datetime, verb: str, policy: Policy) -> None:
    """An order leaves ``stage``: how long it was there, and whether that was in time."""
    if life.entered is None or stage not in STAGES:
        return
    target = policy.stage_target(stage)
    took = working_time(life.entered, at) if target is not None else _calendar_days(life.entered, at)
    life.spent[stage] = life.spent.get(stage, 0.0) + took
    if target is not None:
        life.visits.append((stage, _due(life.entered.date(), target) >= at.date()))
    if life.answered is None and verb in ANSWERS:
        life.answered = at
    life.returned |= verb == "return"


def _end(life: _Life, verb: str, at: datetime, times: Times) -> None:
    times.ended += 1
    for stage, took in life.spent.items():
        times.stages[stage].add(took)
    for stage, in_time in life.visits:
        times.in_time[stage].add(in_time)
    if life.answered is not None and life.sent is not None:
        times.first_answer.add(working_time(life.sent, life.answered))
    if verb == "issue_credentials" and life.sent is not None:
        times.to_credentials.add(_calendar_days(life.sent, at))
        times.right_first_time.add(not life.returned)


def _calendar_days(start: datetime, end: datetime) -> float:
    return (end.timestamp() - start.timestamp()) / DAY


_due = lru_cache(maxsize=4096)(due_day)


def returned_fields(period: Period) -> Iterator[dict[str, Any]]:
    """What the events of each return in ``period`` keep, with its comment on the whole order under ``comment``."""
    found = Event.objects.filter(subject_type=Order.subject_type(), verb="return", **period.bounds())
    for data, comment in period.of_orders(found).values_list("data", "comment").iterator(CHUNK):
        yield {**data, "comment": comment}
