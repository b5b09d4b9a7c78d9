"""The requester's verbs: write an order, send it, send it again, withdraw it, reopen it."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts.actions import engine, searching
from accounts.actions.engine import Change
from accounts.lifecycle.actor import Actor
from accounts.lifecycle.errors import LostRace, NotAllowed, NotReady
from accounts.lifecycle.purpose import EXAMPLE
from accounts.lifecycle.sentence import Sentence as _
from accounts.lifecycle.states import AccountState, OrderKind, OrderState, Role
from accounts.models import FORM_FIELDS, Account, Event, Order, Organisation, Person, ReferenceCounter
from accounts.models.facts import order_facts, who_was_first
from accounts.models.order import ENDED
from accounts.words import in_every_language

ROLE_FIELDS = ("as_seller", "as_broker")
_BEING_WRITTEN = (OrderState.DRAFT.value, OrderState.RETURNED.value)


def start(
    *,
    by: Actor,
    now: datetime,
    kind: OrderKind = OrderKind.NEW_ACCESS,
    about: Account | None = None,
    id: UUID | None = None,
) -> Order:
    """A new draft of the order form for ``by``. A reactivation names the suspended account it is ``about``."""
    if by.id is None:
        raise NotAllowed(_("Sign in to order access."))
    with transaction.atomic():
        order = Order(pk=id or uuid4(), reference=new_reference(now), kind=kind.value, requester_id=by.id,
                      created_at=now, state_since=now, concerns=about)  # fmt: skip
        if about is not None:
            copy_answers(order, about)
        engine.begin([order], "start", by=by, now=now)
        if about is not None:
            order.environments.set([about.environment])
    return order


def start_once(id: UUID, answers: dict[str, Any], *, by: Actor, now: datetime, seen: str = "") -> Order:
    """The draft called ``id``, with ``answers``: begun by the first call, gone on with by each later one.

    A form saves itself while it is filled in, from two windows, with requests that arrive twice: all of them make
    one draft. An order that was sent meanwhile is given back as it is. ``seen`` as in ``save_answers``.
    """
    with transaction.atomic():
        if by.id is not None:  # one call after the other
            Person.objects.select_for_update(no_key=True).get(pk=by.id)
        begun = Order.objects.filter(pk=id, requester_id=by.id).first()
        order = begun or start(by=by, now=now, id=id)
        if order.state == OrderState.DRAFT.value:
            save_answers(order, answers, by=by, now=now, seen=seen if begun else "")
    return order


def start_reactivation(account: Account, *, by: Actor, now: datetime) -> Order:
    """A draft that asks to reactivate a suspended account; its form is filled from the account."""
    if account.state != AccountState.SUSPENDED.value:
        raise NotReady(_("Only a suspended account can be reactivated."))
    if Role.OWNER not in by.plays(subject_id=account.pk, requester_id=None, owner_id=account.owner_id):
        raise NotAllowed(_("Only the account’s owner can ask for its reactivation."))
    with transaction.atomic():
        Account.objects.select_for_update().get(pk=account.pk)  # two presses at once make one draft
        begun = account.orders_about.filter(kind=OrderKind.REACTIVATION.value)
        unfinished = begun.exclude(state__in=ENDED).first()
        if unfinished is not None:
            raise NotReady(_("Order %(reference)s already asks for this.", reference=unfinished.reference))
        return start(by=by, now=now, kind=OrderKind.REACTIVATION, about=account)


def save_answers(order: Order, answers: dict[str, Any], *, by: Actor, now: datetime, seen: str = "") -> None:
    """Keep what was typed in a draft or a returned order, complete or not. No event: nothing has happened yet.

    ``answers`` holds FORM_FIELDS, ROLE_FIELDS and ``environments`` (a list of Environment), any of them. ``seen``
    is the fingerprint of the answers that the form began with: LostRace when another window changed them since.
    """
    if by.id != order.requester_id:
        raise NotAllowed(_("Only the requester can change this order."))
    columns = {name: answers[name] for name in (*FORM_FIELDS, *ROLE_FIELDS) if name in answers}
    with transaction.atomic():
        _check_seen(order, answers, seen)
        rows = Order.objects.filter(pk=order.pk, version=order.version, state__in=_BEING_WRITTEN)
        if rows.update(**(columns or {"system": F("system")})) != 1:
            raise LostRace(who_was_first(order))
        if "environments" in answers and order.concerns_id is None:
            order.environments.set(answers["environments"])
    for name, value in columns.items():
        setattr(order, name, value)


def submit(order: Order, *, by: Actor, now: datetime) -> Event:
    """draft -> support: every field populated, purpose sufficient."""
    return _send(order, "submit", by=by, now=now, comment="")


def resubmit(order: Order, *, by: Actor, now: datetime, comment: str = "") -> Event:
    """returned -> support, as submit; the event keeps what changed since the order was last sent."""
    return _send(order, "resubmit", by=by, now=now, comment=comment)


def withdraw(order: Order, *, by: Actor, now: datetime, comment: str = "") -> Event:
    """The requester takes the order back; it can be reopened."""
    change = Change(comment=comment, columns={"answer_by": None})
    return engine.move(order, "withdraw", by=by, now=now, facts=order_facts(order, by), change=change)


def reopen(order: Order, *, by: Actor, now: datetime) -> Event:
    """withdrawn -> draft; everything typed is kept. It begins anew: Cegal sees it no more until it is sent again."""
    change = Change(columns={"sent_to_cegal_at": None})
    return engine.move(order, "reopen", by=by, now=now, facts=order_facts(order, by), change=change)


def answers_of(order: Order) -> dict[str, Any]:
    """The answers of the order form as plain values: what is kept to show what changed."""
    answers: dict[str, Any] = {name: getattr(order, name) for name in (*FORM_FIELDS, *ROLE_FIELDS)}
    answers["environments"] = sorted(environment.name for environment in order.environments.all())
    return answers


def fingerprint(order: Order) -> str:
    """A short name for the answers as they are: two windows that show the same answers know the same one."""
    text = json.dumps(answers_of(order), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _check_seen(order: Order, answers: dict[str, Any], seen: str) -> None:
    """Refuse to write over what another window saved; the very same answers, arriving twice, are no news."""
    if not seen:
        return
    _look_again(order)
    held = answers_of(order)
    said = {**answers, "environments": sorted(e.name for e in answers.get("environments", order.environments.all()))}
    if fingerprint(order) != seen and held != {**held, **said}:
        raise LostRace(_("These answers were changed in another window after you opened this one."))


def _send(order: Order, verb: str, *, by: Actor, now: datetime, comment: str) -> Event:
    with transaction.atomic():
        _look_again(order)
        if order.concerns_id is not None:  # whoever closes the account waits, and sees this order; or was first
            Account.objects.select_for_update(no_key=True).get(pk=order.concerns_id)
        facts = order_facts(order, by, comment=comment, examples=in_every_language(EXAMPLE))
        answers = answers_of(order)
        changed = {name: [old, answers[name]] for name, old in order.submitted_answers.items() if answers[name] != old}
        columns = {"organisation": _organisation(order), "submitted_at": now, "submitted_answers": answers,
                   "answer_by": None}  # fmt: skip
        change = Change(comment=comment, columns=columns, data=lambda _order: {"changed": changed} if changed else {})
        event = engine.move(order, verb, by=by, now=now, facts=facts, change=change)
        _learn_name(order)
        searching.index([order.pk])
        return event


def _learn_name(order: Order) -> None:
    """A requester who signed up with an address alone has now written who stands behind it."""
    mine = order.requester.email.lower()
    named = {order.technical_email.lower(): order.technical_name, order.owner_email.lower(): order.owner_name}
    if mine in named:
        Person.objects.filter(pk=order.requester_id, name="").update(name=named[mine])


def _look_again(order: Order) -> None:
    """Bring the answers in step with the row, and keep others from typing until they are judged and sent."""
    order.refresh_from_db(fields=[*FORM_FIELDS, *ROLE_FIELDS], from_queryset=Order.objects.select_for_update())


def _organisation(order: Order) -> Organisation | None:
    number, name = order.organisation_number.strip(), order.organisation_name.strip()
    if not (number and name):
        return None
    return Organisation.objects.get_or_create(number=number, defaults={"name": name})[0]


def copy_answers(order: Order, account: Account) -> None:
    """Fill an order that is about ``account`` with what is known of it."""
    order.organisation_name = account.organisation.name
    order.organisation_number = account.organisation.number
    order.as_seller, order.as_broker = account.as_seller, account.as_broker
    order.system, order.purpose = account.system, account.purpose
    order.technical_name, order.technical_email = account.technical_name, account.technical_email
    order.owner_name, order.owner_email = account.owner.name, account.owner.email


def new_reference(now: datetime) -> str:
    """The next number of the year: LA-2026-0142. The row's lock keeps two orders from getting one number."""
    year = timezone.localdate(now).year
    ReferenceCounter.objects.get_or_create(year=year)
    ReferenceCounter.objects.filter(year=year).update(last=F("last") + 1)
    return f"LA-{year}-{ReferenceCounter.objects.get(year=year).last:04d}"
