"""Other people for an order: Support names another requester or another owner, for somebody who left, say."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import Q

from accounts import outbox
from accounts.actions import engine, searching
from accounts.actions.engine import Change, Owed
from accounts.lifecycle.actor import Actor
from accounts.lifecycle.errors import LostRace, NotAllowed, NotReady
from accounts.lifecycle.sentence import Sentence as _
from accounts.lifecycle.states import Audience, Role
from accounts.lifecycle.transition import Tell
from accounts.models import Account, Event, Order, Person
from accounts.models.facts import who_was_first
from accounts.models.order import OPEN
from accounts.outbox import Recipient

REASSIGNED = Tell("order_reassigned", Audience.REQUESTER)
TAKEN_FROM = Tell("order_reassigned_copy", Audience.REQUESTER)
OWNER_NAMED = Tell("owner_named", Audience.OWNER)
OWNER_REPLACED = Tell("owner_replaced", Audience.OWNER)
"""The second of each pair goes to the one before, whom the order does not name any more."""


def reassign(order: Order, *, email: str, name: str = "", by: Actor, now: datetime, comment: str) -> Event:
    """Another person is the requester of ``order`` from now on, for a reason; both are told.

    Somebody new is made known by ``email`` and written in the former requester's language. Raises NotAllowed for
    whoever is not Support and about one's own order, NotReady for an order that has ended, for no reason, or for a
    person that cannot be; LostRace when the order changed meanwhile.
    """
    _check(order, by, comment)
    if by.id == order.requester_id:
        raise NotAllowed(_("This is your own order. A colleague must name another requester."))
    before = order.requester
    person = _person(email, name, before.language, now)
    if person.pk == before.pk:
        raise NotReady(_("%(name)s is the requester already.", name=str(before)))

    def tell_the_former(changes: list[tuple[Order, Event]]) -> None:
        searching.index([order.pk])
        outbox.post_to(changes[0][1], TAKEN_FROM, Recipient.of(before), now=now)

    change = Change(
        comment=comment, columns={"requester": person}, still=Q(requester=before), also=tell_the_former,
        data=lambda _order: {"from": str(before), "from_id": str(before.pk), "to": str(person)},
    )  # fmt: skip
    return _record(order, "reassign", by, now, change, REASSIGNED)


def change_owner(order: Order, *, email: str, name: str, by: Actor, now: datetime, comment: str) -> Event:
    """Another person is to own the accounts that ``order`` asks for, before they are issued; both are told.

    Accounts that are set up already and wait for the issue get the new owner with it. Raises as ``reassign`` does,
    and NotReady for a reactivation: its account has an owner.
    """
    _check(order, by, comment)
    if order.concerns_id is not None:
        raise NotReady(_("This order is about an account that has an owner already. The owner can hand it over."))
    if not name.strip():
        raise NotReady(_("Enter the owner’s name."))
    person = _person(email, name, order.requester.language, now)
    if person.email == order.owner_email.lower():
        raise NotReady(_("%(name)s is the owner already.", name=order.owner_name or order.owner_email))
    before = _recipient_of_owner(order)
    named = {"owner_name": name.strip(), "owner_email": person.email}
    said = {"from": order.owner_name or order.owner_email, "to": name.strip()}

    def follow(changes: list[tuple[Order, Event]]) -> None:
        searching.index([order.pk])
        _give_accounts(order, person, said, by, now)
        if before is not None:
            outbox.post_to(changes[0][1], OWNER_REPLACED, before, now=now)

    columns = {**named, "submitted_answers": {**order.submitted_answers, **named}}
    change = Change(comment=comment, columns=columns, also=follow, data=lambda _order: said)
    return _record(order, "change_owner", by, now, change, OWNER_NAMED)


def may_reassign(order: Order, by: Actor) -> bool:
    """May ``by`` name other people for ``order`` now? Support may, until it has ended."""
    return order.state in OPEN and by.holds(Role.SUPPORT)


def _check(order: Order, by: Actor, comment: str) -> None:
    if not by.holds(Role.SUPPORT):
        raise NotAllowed(_("Only Support names other people for an order."))
    if order.state not in OPEN:
        raise NotReady(_("This order has ended: its people stay as they are."))
    if not comment.strip():
        raise NotReady(_("Write a reason."))


def _person(email: str, name: str, language: str, now: datetime) -> Person:
    """The person with this address; somebody new is made known. NotReady for no address, or a person deactivated."""
    address = email.strip().lower()
    try:
        validate_email(address)
    except ValidationError:
        raise NotReady(_("“%(email)s” is no email address.", email=email)) from None
    known = Person.objects.filter(email__iexact=address).first()
    if known is None:
        return Person.objects.create_user(address, name.strip(), language=language, created_at=now)
    if not known.is_active:
        raise NotReady(_("%(name)s was deactivated and cannot sign in. Name somebody else.", name=str(known)))
    return known


def _recipient_of_owner(order: Order) -> Recipient | None:
    if not order.owner_email:
        return None
    known = Person.objects.filter(email__iexact=order.owner_email).first()
    return Recipient.of(known) if known else Recipient(order.owner_email, order.owner_name, order.requester.language)


def _give_accounts(order: Order, person: Person, said: dict[str, Any], by: Actor, now: datetime) -> None:
    """The accounts that wait for the issue follow the order."""
    for account in Account.objects.filter(order=order):
        change = Change(columns={"owner": person}, data=lambda _account: {**said, "order": order.reference})
        engine.note(account, "change_owner", by=by, now=now, change=change)


def _record(order: Order, verb: str, by: Actor, now: datetime, change: Change, tell: Tell) -> Event:
    written = engine.record([order], verb, by=by, now=now, change=change, owed=Owed(tells=(tell,)))
    if not written:
        raise LostRace(who_was_first(order))
    return written[0][1]
