"""Who in Support works on an order: take it, hand it to a colleague, release it. None of them moves the order."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q

from accounts.actions import engine
from accounts.actions.engine import Change, Owed
from accounts.lifecycle.actor import Actor
from accounts.lifecycle.errors import LostRace, NotAllowed, NotReady
from accounts.lifecycle.sentence import Sentence as _
from accounts.lifecycle.states import Audience, Role
from accounts.lifecycle.transition import Tell
from accounts.models import Event, Order, Person
from accounts.models.facts import who_was_first
from accounts.models.order import OPEN

_HANDED_OVER = Tell("order_handed_over", Audience.ASSIGNEE)


def may_assign(order: Order, by: Actor) -> bool:
    """May ``by`` say who works on ``order``? Support may, while somebody still has to do something with it."""
    return order.state in OPEN and by.holds(Role.SUPPORT)


def take(order: Order, *, by: Actor, now: datetime) -> Event:
    """``by`` works on ``order`` from now on. It must be nobody's: a colleague's is handed over.

    Raises NotAllowed for whoever is not Support, NotReady when the order has ended, LostRace when a colleague
    works on it already, also when both pressed at the same moment: the sentence names them.
    """
    _check(order, by)
    change = Change(columns={"assignee": Person.objects.get(pk=by.id or "")}, still=Q(assignee__isnull=True))
    return _record(order, "take", by, now, change, Owed())


def hand_over(order: Order, *, to: Person, by: Actor, now: datetime, comment: str = "") -> Event:
    """``to``, an active colleague in Support, works on ``order`` from now on and is told by mail.

    Anybody in Support may do it, also for an order of a colleague who is away; who takes one over gets no mail.
    Raises as ``take`` does, and NotReady when ``to`` is no colleague or has the order already.
    """
    _check(order, by)
    if not Person.objects.holding(Role.SUPPORT).filter(pk=to.pk).exists():
        raise NotReady(_("%(name)s does not work in Support. Choose somebody who does.", name=str(to)))
    if order.assignee_id == to.pk:
        raise NotReady(_("%(name)s works on this order already.", name=str(to)))
    before = order.assignee
    change = Change(
        comment=comment,
        columns={"assignee": to},
        still=Q(assignee=before) if before else Q(assignee__isnull=True),
        data=lambda _order: {"to": str(to), "from": str(before) if before else ""},
    )
    owed = Owed() if to.pk == by.id else Owed(tells=(_HANDED_OVER,))
    return _record(order, "hand_over_order", by, now, change, owed)


def release(order: Order, *, by: Actor, now: datetime, comment: str = "") -> Event:
    """Nobody works on ``order`` any more; anybody in Support can take it.

    Raises as ``take`` does, and NotReady when it is nobody's already.
    """
    _check(order, by)
    before = order.assignee
    if before is None:
        raise NotReady(_("Nobody works on this order: there is nothing to release."))
    change = Change(
        comment=comment,
        columns={"assignee": None},
        still=Q(assignee=before),
        data=lambda _order: {"from": str(before)},
    )
    return _record(order, "release", by, now, change, Owed())


def release_all(person: Person, *, by: Actor, now: datetime) -> None:
    """Nobody works any more on the open orders of ``person``, who does not work in Support any more.

    The caller has checked that ``by`` may, and calls this in the transaction that ends the role. What somebody else
    changes at the same moment is looked at anew.
    """
    change = Change(
        columns={"assignee": None}, still=Q(assignee=person), data=lambda _order: {"from": str(person)}
    )  # fmt: skip
    for _attempt in range(engine.NOTE_ATTEMPTS):
        orders = list(Order.objects.filter(assignee=person, state__in=OPEN))
        if not orders:
            return
        engine.record(orders, "release", by=by, now=now, change=change)
    raise LostRace(_("%(name)s still works on orders. Try again.", name=str(person)))


def _check(order: Order, by: Actor) -> None:
    if not by.holds(Role.SUPPORT):
        raise NotAllowed(_("Only Support says who works on an order."))
    if order.state not in OPEN:
        raise NotReady(_("Nobody has to work on this order: it has ended, or was not sent yet."))


def _record(order: Order, verb: str, by: Actor, now: datetime, change: Change, owed: Owed) -> Event:
    written = engine.record([order], verb, by=by, now=now, change=change, owed=owed)
    if written:
        return written[0][1]
    order.refresh_from_db(fields=["assignee", "version", "state"])
    if order.assignee is not None and order.assignee_id != by.id:
        raise LostRace(_("%(name)s works on this order already.", name=str(order.assignee)))
    raise LostRace(who_was_first(order))
