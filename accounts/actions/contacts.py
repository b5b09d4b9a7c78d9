"""Whom an inactivity notice asks: its contacts in their order, and what follows when one of them was not asked.

The owner, the technical contact, then the other owners of the organisation (DOMAIN.md, "The inactivity rules").
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from accounts import outbox
from accounts.actions import engine
from accounts.actions.engine import Change, Owed
from accounts.lifecycle.actor import SYSTEM, Actor
from accounts.lifecycle.errors import LostRace
from accounts.lifecycle.inactivity import answer_by
from accounts.lifecycle.states import AccountState, Audience, NoticeOutcome, TaskKind
from accounts.lifecycle.transition import Tell
from accounts.models import Account, Event, Message, MessageState, Notice, Person, current_policy, unreachable_among
from accounts.models.among import among
from accounts.models.facts import who_was_first
from accounts.outbox import Recipient

NOTICE_MAIL = "inactivity_notice"
MOST_OWNERS = 20
"""So many other owners of the organisation are considered; after them a person looks for somebody."""

_OWN = (Tell("inactivity_notice", Audience.OWNER), Tell("inactivity_notice", Audience.TECHNICAL_CONTACT))
_REACHED_NOBODY = Tell("notice_not_delivered", Audience.SUPPORT)
_LIVING = (AccountState.ACTIVE.value, AccountState.NOTIFIED.value, AccountState.SUSPENDED.value)


def not_asked(
    account: Account, notice: Notice, verb: str, *, by: Actor, now: datetime, comment: str = "", owed: Owed, data: Any
) -> Event:
    """Record that somebody was not asked after all (``verb``), and go on: in one transaction.

    The notice's mails already say so. Where nobody else has the mail, or still may get it, the next contact is
    asked; where there is none, Support looks for one. The answer period runs from the first delivery that still
    counts: without one it is taken back. Raises LostRace when the account changed meanwhile.
    """
    with transaction.atomic():
        change = Change(comment=comment, data=lambda _a: data, also=lambda _c: _count_anew(notice))
        written = engine.record([account], verb, by=by, now=now, change=change, owed=owed)
        if not written:
            raise LostRace(who_was_first(account))
        if not _asked(notice).exclude(state=MessageState.GIVEN_UP.value).exists():
            _ask_next(account, notice, now)
    return written[0][1]


def next_contact(account: Account, notice: Notice, today: date) -> Recipient | None:
    """The first contact whom this notice has not asked and whom mail reaches; None when there is none left."""
    asked = {email.lower() for email in _asked(notice).values_list("to_email", flat=True)}
    left = [contact for contact in _contacts(account, today) if contact.email.lower() not in asked]
    unreachable = unreachable_among({contact.email for contact in left})
    return next((contact for contact in left if contact.email.lower() not in unreachable), None)


def ask(account: Account, notice: Notice, contact: Recipient, *, by: Actor, now: datetime, comment: str = "") -> Event:
    """Send the notice to ``contact`` as well. Raises LostRace when the account changed meanwhile."""

    def post(changes: list[tuple[Account, Event]]) -> None:
        outbox.post_to(changes[0][1], _OWN[0], contact, now=now, notice_id=notice.pk)
        Notice.objects.filter(pk=notice.pk).update(undeliverable_at=None)

    change = Change(comment=comment, also=post, data=lambda _a: {"to": contact.email})
    written = engine.record([account], "notice_next_contact", by=by, now=now, change=change)
    if not written:
        raise LostRace(who_was_first(account))
    return written[0][1]


def asked_by(notices: dict[UUID, UUID]) -> dict[UUID, list[Recipient]]:
    """Who has, or may still get, the mail of each notice, by account; ``notices`` by account. One query."""
    found: dict[UUID, list[Recipient]] = {}
    of_notice: dict[UUID | None, UUID] = {notice: account for account, notice in notices.items()}
    mails = Message.objects.filter(among("notice_id", notices.values()), kind=NOTICE_MAIL)
    mails = mails.exclude(state=MessageState.GIVEN_UP.value).order_by("created_at", "pk")
    for mail in mails.only("notice_id", "to_email", "to_name", "language", "person_id"):
        asked = Recipient(mail.to_email, mail.to_name, mail.language, mail.person_id)
        found.setdefault(of_notice[mail.notice_id], []).append(asked)
    return found


def _ask_next(account: Account, notice: Notice, now: datetime) -> None:
    contact = next_contact(account, notice, timezone.localdate(now))
    if contact is not None:
        ask(account, notice, contact, by=SYSTEM, now=now)
        return
    owed = Owed((_REACHED_NOBODY,), (TaskKind.FIND_CONTACT,))
    engine.record([account], "notice_not_delivered", by=SYSTEM, now=now, owed=owed)
    Notice.objects.filter(pk=notice.pk).update(undeliverable_at=now)


def _contacts(account: Account, today: date) -> Iterator[Recipient]:
    """The contacts of an account in the order in which they are asked; nobody who was deactivated."""
    own = [to for _tell, to in outbox.recipients(account, _OWN, today)]
    gone = set() if account.owner.is_active else {account.owner.email.lower()}
    yield from (contact for contact in own if contact.email.lower() not in gone)
    owners = Person.objects.filter(
        is_active=True, accounts__organisation=account.organisation_id, accounts__state__in=_LIVING
    )
    owners = owners.exclude(pk=account.owner_id).annotate(last=Max("accounts__last_activity_on"))
    yield from (Recipient.of(person) for person in owners.order_by("-last", "email")[:MOST_OWNERS])


def _asked(notice: Notice) -> Any:
    return Message.objects.filter(notice=notice, kind=NOTICE_MAIL)


def _count_anew(notice: Notice) -> None:
    """The answer period from the first delivery that still counts; it is never shortened.

    The post room locks the notice's row before it stamps a delivery, so none is overlooked here.
    """
    held = Notice.objects.select_for_update().get(pk=notice.pk)
    if held.outcome != NoticeOutcome.OPEN.value or held.delivered_on is None or held.answer_by is None:
        return
    delivered = _asked(notice).filter(state=MessageState.DELIVERED.value).values_list("delivered_at", flat=True)
    first = min((timezone.localdate(at) for at in delivered), default=None)
    rows = Notice.objects.filter(pk=notice.pk)
    if first is None:
        rows.update(delivered_on=None, answer_by=None, reminded_on=None)
    elif first > held.delivered_on:
        rows.update(delivered_on=first, answer_by=max(held.answer_by, answer_by(first, current_policy())))
