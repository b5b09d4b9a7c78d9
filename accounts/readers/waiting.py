"""How long an order waits, against the target of its stage (DOMAIN.md, policy; working days in Norway)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.lifecycle.calendar import due_day
from accounts.lifecycle.orders import TURN
from accounts.lifecycle.policy import Policy
from accounts.lifecycle.states import OrderState
from accounts.models import Order


@dataclass(frozen=True)
class Waiting:
    """How long an order stands in its stage. ``due`` is None where the clock stands still (returned, final).

    ``tone`` is "bad" past the target, "warn" on its last day, else "".
    """

    since: datetime
    text: str
    due: date | None = None
    target: int = 0
    tone: str = ""


def waiting(order: Order, policy: Policy, now: datetime) -> Waiting:
    """How long ``order`` waits in its stage at ``now``, and until which day (Europe/Oslo) it should not have to."""
    text = how_long(order.state_since, now)
    target = policy.stage_target(OrderState(order.state))
    if target is None:
        return Waiting(order.state_since, text)
    due, today = due_day(timezone.localdate(order.state_since), target), timezone.localdate(now)
    tone = "bad" if due < today else "warn" if due == today else ""
    return Waiting(order.state_since, text, due, target, tone)


def how_long(since: datetime, now: datetime) -> str:
    """The time from ``since`` to ``now`` in the two largest units: "3 d 4 h", "4 h", "35 min", "< 1 min"."""
    minutes = max(0, int((now - since).total_seconds() // 60))
    days, hours = minutes // (24 * 60), minutes // 60 % 24
    if days and hours:
        return _("%(days)d d %(hours)d h") % {"days": days, "hours": hours}
    if days:
        return _("%(days)d d") % {"days": days}
    if hours:
        return _("%(hours)d h") % {"hours": hours}
    return _("%(minutes)d min") % {"minutes": minutes} if minutes else _("< 1 min")


def late_before(policy: Policy, today: date) -> dict[OrderState, datetime]:
    """For each stage with a target: an order that entered it before this moment is past the target on ``today``."""
    found = {}
    for state in TURN:
        target = policy.stage_target(state)
        if target is not None:
            found[state] = timezone.make_aware(datetime.combine(_first_in_time(target, today), time.min))
    return found


def _first_in_time(target: int, today: date) -> date:
    """The earliest day of entry whose target is not past on ``today``."""
    day = today
    while due_day(day - timedelta(days=1), target) >= today:
        day -= timedelta(days=1)
    return day
