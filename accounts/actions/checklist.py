"""Support's checklist of an order: what was looked at, what was let pass, and by whom."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from accounts.actions import engine
from accounts.actions.engine import Change
from accounts.lifecycle.actor import Actor
from accounts.lifecycle.errors import LostRace, NotAllowed, NotReady
from accounts.lifecycle.sentence import Sentence as _
from accounts.lifecycle.states import OrderState, Role
from accounts.models import Check, CheckItem, CheckOutcome, Event, Order
from accounts.models.facts import who_was_first

OPEN_IN = (OrderState.SUPPORT.value, OrderState.RETURNED.value, OrderState.APPROVAL.value)
"""The states in which something is still to be decided; afterwards the checklist is part of the history."""


def check(order: Order, item: CheckItem, *, by: Actor, now: datetime) -> Event:
    """Support looked at ``item`` and found it good. Raises NotAllowed, NotReady, LostRace."""
    return _found(order, item, CheckOutcome.CHECKED, by=by, now=now, reason="")


def waive(order: Order, item: CheckItem, *, by: Actor, now: datetime, reason: str) -> Event:
    """Support lets ``item`` pass although it is not as it should be, for a ``reason`` that staff read."""
    if not reason.strip():
        raise NotReady(_("Write why this may pass."))
    return _found(order, item, CheckOutcome.WAIVED, by=by, now=now, reason=reason.strip())


def uncheck(order: Order, item: CheckItem, *, by: Actor, now: datetime) -> Event:
    """Take back what was found about ``item``. NotReady when nothing was."""
    _allow(order, by)
    held = Check.objects.filter(order=order, item=item.value)
    if not held.exists():
        raise NotReady(_("This item is open already."))
    return _record(order, "uncheck", item, by, now, "", lambda _changes: held.delete())


def _found(order: Order, item: CheckItem, outcome: CheckOutcome, *, by: Actor, now: datetime, reason: str) -> Event:
    _allow(order, by)
    said = {"outcome": outcome.value, "reason": reason, "by_name": by.name, "at": now}

    def keep(_changes: Any) -> None:
        Check.objects.update_or_create(order=order, item=item.value, defaults=said)

    verb = "check" if outcome is CheckOutcome.CHECKED else "waive"
    return _record(order, verb, item, by, now, reason, keep)


def _record(order: Order, verb: str, item: CheckItem, by: Actor, now: datetime, reason: str, also: Any) -> Event:
    change = Change(comment=reason, data=lambda _order: {"item": item.value}, also=also)
    written = engine.record([order], verb, by=by, now=now, change=change)
    if not written:
        raise LostRace(who_was_first(order))
    return written[0][1]


def _allow(order: Order, by: Actor) -> None:
    if not by.holds(Role.SUPPORT):
        raise NotAllowed(_("Only Support works with the checklist."))
    if order.state not in OPEN_IN:
        raise NotReady(_("The checklist of this order is closed: it was decided."))
