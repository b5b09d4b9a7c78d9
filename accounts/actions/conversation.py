"""What requester and Support write to each other about an order, and what stays among those who work on it.

Neither moves the order: a message is an event with a mail to the other side, an internal note an event alone.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from accounts.actions import engine
from accounts.actions.engine import Change, Owed
from accounts.lifecycle.actor import Actor
from accounts.lifecycle.errors import NotAllowed, NotReady
from accounts.lifecycle.sentence import Sentence as _
from accounts.lifecycle.states import Audience, OrderState, Role
from accounts.lifecycle.transition import Tell
from accounts.models import Event, Order

LONGEST = 2000
"""Characters of a message or a note."""

SAME_WITHIN = timedelta(minutes=5)
"""The same words by the same person within this time are one press of the button that arrived twice."""

_TO_SUPPORT = Tell("message_to_support", Audience.SUPPORT)
_TO_REQUESTER = Tell("message_to_requester", Audience.REQUESTER)


def may_write_message(order: Order, by: Actor) -> bool:
    """May ``by`` write to the other side now? Its requester and Support may, from the day on which it was sent."""
    return order.state != OrderState.DRAFT.value and not _roles(order, by).isdisjoint({Role.REQUESTER, Role.SUPPORT})


def may_write_internal_note(order: Order, by: Actor) -> bool:
    """May ``by`` write a note that neither the requester nor Cegal sees? Not about an order of their own."""
    held = {Role.SUPPORT, Role.SERVICE_RESPONSIBLE}
    return order.state != OrderState.DRAFT.value and by.id != order.requester_id and by.holds(*held)


def write_message(order: Order, *, by: Actor, now: datetime, comment: str) -> Event:
    """A message from the requester to Support, or the other way: both read it in the history, the other side by mail.

    Somebody of Support who ordered for themselves writes as the requester. Raises NotAllowed for everybody else,
    NotReady on a draft and for an empty or too long text. A message that arrives twice is written once.
    """
    if Role.REQUESTER not in _roles(order, by) and not by.holds(Role.SUPPORT):
        raise NotAllowed(_("Only the requester and Support write messages about an order."))
    from_requester = by.id == order.requester_id
    side = Role.REQUESTER if from_requester else Role.SUPPORT
    return _write(
        order, "message", side, by, now, comment, Owed(tells=(_TO_SUPPORT if from_requester else _TO_REQUESTER,))
    )


def write_internal_note(order: Order, *, by: Actor, now: datetime, comment: str) -> Event:
    """A note for those who work on the order in the portal's own house: no mail, never shown to requester or Cegal.

    Raises NotAllowed for whoever is neither Support nor Service Responsible, and about an order of one's own.
    NotReady on a draft and for an empty or too long text. A note that arrives twice is written once.
    """
    if not by.holds(Role.SUPPORT, Role.SERVICE_RESPONSIBLE):
        raise NotAllowed(_("Only Support and the Service Responsible write internal notes."))
    if by.id == order.requester_id:
        raise NotAllowed(_("This is your own order: write a message instead."))
    side = Role.SUPPORT if by.holds(Role.SUPPORT) else Role.SERVICE_RESPONSIBLE
    return _write(order, "internal_note", side, by, now, comment, Owed())


def _write(order: Order, verb: str, side: Role, by: Actor, now: datetime, comment: str, owed: Owed) -> Event:
    text = _checked(comment)
    with transaction.atomic():
        state = Order.objects.select_for_update().values_list("state", flat=True).get(pk=order.pk)
        if state == OrderState.DRAFT.value:
            raise NotReady(_("This order is a draft: nobody else sees it yet. Send it first."))
        written = _written_before(order, verb, by, now, text)
        if written is not None:
            return written
        change = Change(comment=text, data=lambda _order: {"side": side.value})
        return engine.note(order, verb, by=by, now=now, change=change, owed=owed)


def _checked(comment: str) -> str:
    """The text without the space around it; NotReady when nothing or too much is left."""
    text = comment.strip()
    if not text:
        raise NotReady(_("Write something first."))
    if len(text) > LONGEST:
        raise NotReady(
            _("Write at most %(longest)s characters. This has %(length)s.", longest=LONGEST, length=len(text))
        )
    return text


def _written_before(order: Order, verb: str, by: Actor, now: datetime, text: str) -> Event | None:
    """The newest event of the order, if it says just this. The order's row is locked: nobody writes in between."""
    last = Event.objects.filter(subject_type="order", subject_id=order.pk).order_by("-seq").first()
    if last is None or (last.verb, last.actor_id, last.comment) != (verb, by.id, text):
        return None
    return last if now - last.at < SAME_WITHIN else None


def _roles(order: Order, by: Actor) -> frozenset[Role]:
    return by.plays(subject_id=order.pk, requester_id=order.requester_id, owner_id=None)
