"""Where the time of orders goes: one pass over the moves of the orders that ended in a period.

Stages with a target are told in working days (24 hours each, Norwegian holidays left out), the time in which the
requester was asked in calendar days. All times of one order in a stage are added up.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from functools import lru_cache
from typing import Any

from django.db.models import F, QuerySet
from django.utils import timezone

from accounts.lifecycle.calendar import due_day, worked
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

_DRAFT = OrderState.DRAFT.value


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
    columns = moves.order_by("subject_id", "seq").values_list("at", "verb", "source", "target")
    reading = _Reading(period, policy, timezone.get_current_timezone())
    for moment, verb, source, target in columns.iterator(CHUNK):
        reading.read(moment, verb, source, target)
    return reading.times


class _Life:
    """One order from its sending to its end, while its moves are read."""

    __slots__ = ("answered", "entered", "entered_worked", "returned", "sent", "sent_worked", "spent", "visits")

    def __init__(self) -> None:
        self.sent: datetime | None = None
        self.sent_worked = self.entered_worked = 0.0
        self.entered: datetime | None = None
        self.answered: float | None = None
        self.returned = False
        self.spent: dict[str, float] = {}
        self.visits: list[tuple[str, bool]] = []


class _Reading:
    """The pass itself. An order begins with its draft (also when it is begun again), so no move names its order."""

    def __init__(self, period: Period, policy: Policy, zone: tzinfo) -> None:
        self.period, self.zone, self.times = period, zone, Times()
        self.targets = {stage.value: policy.stage_target(stage) for stage in STAGES}
        self.life = _Life()

    def read(self, moment: datetime, verb: str, source: str, target: str) -> None:
        """One move; they come in the order of the chains."""
        if target == _DRAFT:
            self.life = _Life()
            return
        life, at = self.life, moment.astimezone(self.zone)
        now = worked(at)
        if source == _DRAFT:
            life.sent, life.sent_worked = at, now
        elif life.entered is not None and source in self.targets:
            self._leave(source, life.entered, at, now)
            if life.answered is None and verb in ANSWERS:
                life.answered = now - life.sent_worked
            life.returned |= verb == "return"
        life.entered, life.entered_worked = at, now
        if verb in ENDS and life.sent is not None and self.period.contains(at):
            self._end(verb, life.sent, at)

    def _leave(self, stage: str, entered: datetime, at: datetime, now: float) -> None:
        """The order leaves ``stage``: how long it was there, and whether that was in time."""
        life, target = self.life, self.targets[stage]
        if target is None:
            took = (at.timestamp() - entered.timestamp()) / DAY
        else:
            took = now - life.entered_worked
            life.visits.append((stage, _due(entered.date(), target) >= at.date()))
        life.spent[stage] = life.spent.get(stage, 0.0) + took

    def _end(self, verb: str, sent: datetime, at: datetime) -> None:
        life, times = self.life, self.times
        times.ended += 1
        for stage, took in life.spent.items():
            times.stages[OrderState(stage)].add(took)
        for stage, in_time in life.visits:
            times.in_time[OrderState(stage)].add(in_time)
        if life.answered is not None:
            times.first_answer.add(life.answered)
        if verb == "issue_credentials":
            times.to_credentials.add((at.timestamp() - sent.timestamp()) / DAY)
            times.right_first_time.add(not life.returned)


_due = lru_cache(maxsize=4096)(due_day)


def returned_fields(period: Period) -> Iterator[dict[str, Any]]:
    """What the events of each return in ``period`` keep, with its comment on the whole order under ``comment``."""
    found = Event.objects.filter(subject_type=Order.subject_type(), verb="return", **period.bounds())
    for data, comment in period.of_orders(found).values_list("data", "comment").iterator(CHUNK):
        yield {**data, "comment": comment}
