"""What the clock does to orders: remind who is late, warn of and carry out the expiry of returned orders."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db.models import F, Q
from django.utils import timezone

from accounts.actions import engine
from accounts.actions.engine import Change, Owed
from accounts.actions.escalation import escalate
from accounts.lifecycle.actor import Actor
from accounts.lifecycle.calendar import due_day, is_working_day
from accounts.lifecycle.errors import Refused
from accounts.lifecycle.orders import TURN
from accounts.lifecycle.policy import Policy
from accounts.lifecycle.states import Audience, OrderState
from accounts.lifecycle.transition import Tell
from accounts.models import Order, current_policy
from accounts.models.facts import order_facts


def remind_stages(*, today: date, now: datetime, by: Actor) -> dict[str, int]:
    """Remind, once per stage, whoever lets an order wait longer than its stage's target in working days.

    An approval that was reminded of and still waits a working day later is escalated. Nothing is sent on a day off:
    what falls due then, or on a day on which no run came, comes with the first run on a working day.
    """
    if not is_working_day(today):
        return {"reminded": 0, "escalated": 0}
    policy = current_policy()
    reminded = sum(_remind(state, audience, policy, today, now, by) for state, audience in TURN.items())
    return {"reminded": reminded, "escalated": escalate(today=today, now=now, by=by)}


def expire_returned(*, today: date, now: datetime, by: Actor) -> dict[str, int]:
    """Withdraw returned orders whose day to answer has passed; warn of those with [7] days left. Gives counts.

    Nobody expires unwarned: where the jobs stood still in that week, the warning gives the [7] days anew.
    """
    last_day = today + timedelta(days=current_policy().return_warning_days)
    returned = Order.objects.filter(state=OrderState.RETURNED.value).select_related("requester")
    late = list(returned.filter(answer_by__lt=today, expiry_warned_on__isnull=False))
    expired = sum(_expire(order, by, now) for order in late)
    unwarned = returned.filter(expiry_warned_on__isnull=True)
    warned = _warn(list(unwarned.filter(answer_by__lt=today)), by, now, today, answer_by=last_day)
    warned += _warn(list(unwarned.filter(answer_by__range=(today, last_day))), by, now, today)
    return {"expired": expired, "warned": warned}


def _warn(orders: list[Order], by: Actor, now: datetime, today: date, **columns: date) -> int:
    owed = Owed((Tell("return_expiry_warning", Audience.REQUESTER),))
    change = Change(columns={"expiry_warned_on": today, **columns})
    return len(engine.record(orders, "warn_of_expiry", by=by, now=now, owed=owed, change=change))


def _remind(state: OrderState, to: Audience, policy: Policy, today: date, now: datetime, by: Actor) -> int:
    target = policy.stage_target(state)
    if target is None:
        return 0
    # a reminder of this stage comes at least a day after the stage was entered: one of that day was of another stage
    not_yet = Q(stage_reminded_on__isnull=True) | Q(stage_reminded_on__lte=F("state_since__date"))
    waiting = Order.objects.filter(not_yet, state=state.value).select_related("requester")
    late = [order for order in waiting.iterator(chunk_size=500) if due_day(_entered(order), target) < today]
    owed = Owed((Tell("stage_reminder", to),))
    change = Change(columns={"stage_reminded_on": today})
    return len(engine.record(late, "remind_stage", by=by, now=now, change=change, owed=owed))


def _entered(order: Order) -> date:
    return timezone.localdate(order.state_since)


def _expire(order: Order, by: Actor, now: datetime) -> bool:
    change = Change(columns={"answer_by": None})
    try:
        engine.move(order, "expire", by=by, now=now, facts=order_facts(order, by), change=change)
    except Refused:
        return False  # somebody answered a moment ago
    return True
