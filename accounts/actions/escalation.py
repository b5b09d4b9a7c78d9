"""Escalation: an approval that nobody decides, a working day after the reminder, goes to the deputies."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from django.db.models import F, Max

from accounts import people
from accounts.actions import engine
from accounts.actions.engine import Owed
from accounts.lifecycle.actor import Actor
from accounts.lifecycle.calendar import due_day
from accounts.lifecycle.orders import ORDER
from accounts.lifecycle.states import Audience, OrderState
from accounts.lifecycle.transition import Tell, find, first_said
from accounts.models import Deputy, Event, Order
from accounts.models.among import among
from accounts.models.facts import order_facts

VERB = "escalate_stage"
TO_DEPUTY = Tell("order_escalated", Audience.DEPUTY)
TO_UPCOMING = Tell("order_escalated_early", Audience.UPCOMING_DEPUTY)
TO_SUPPORT = Tell("order_escalated_copy", Audience.SUPPORT)


def escalate(*, today: date, now: datetime, by: Actor) -> int:
    """Escalate, once a round, what still waits for approval a working day after its reminder; give the number.

    It counts from the day of the reminder, so that nobody is passed over unreminded when runs were missed.
    """
    reminded = Order.objects.filter(state=OrderState.APPROVAL.value, stage_reminded_on__gt=F("state_since__date"))
    late = [o for o in reminded.select_related("requester") if due_day(_reminded(o), 1) <= today]
    escalated = _escalated(late)
    left = [o for o in late if o.pk not in escalated or escalated[o.pk] < o.state_since]
    return sum(bool(engine.record([o], VERB, by=by, now=now, owed=Owed(_tells(o, today)))) for o in left)


def _reminded(order: Order) -> date:
    assert order.stage_reminded_on is not None  # noqa: S101 - only reminded orders are asked for
    return order.stage_reminded_on


def _escalated(orders: Sequence[Order]) -> dict[UUID, datetime]:
    """When each of ``orders`` was last escalated, in whatever round. One query."""
    events = Event.objects.filter(among("subject_id", [o.pk for o in orders]), subject_type="order", verb=VERB)
    return dict(events.order_by().values_list("subject_id").annotate(Max("at")))


def _tells(order: Order, today: date) -> tuple[Tell, ...]:
    """Who is told: the deputies of the day; those still to come, so that they ask; Support where none can decide."""
    standing_in = list(Deputy.objects.standing_in(today).select_related("deputy"))
    upcoming = Deputy.objects.upcoming(today).exists()
    able = any(_may_approve(order, named, today) for named in standing_in)
    return (
        *([TO_DEPUTY] if standing_in else []),
        *([TO_UPCOMING] if upcoming and not able else []),
        *([] if able else [TO_SUPPORT]),
    )


def _may_approve(order: Order, named: Deputy, today: date) -> bool:
    facts = order_facts(order, people.actor_of(named.deputy, today=today))
    return first_said(find(ORDER, "approve", order.state).duties, facts) is None
