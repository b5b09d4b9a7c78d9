"""Handing an account over: its owner names a colleague, who signs in with that address and accepts (DOMAIN.md).

Meanwhile the account is kept. The owner changes at the acceptance, and at nothing else.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts import outbox
from accounts.actions import engine, notices
from accounts.actions.engine import Change
from accounts.lifecycle.actor import Actor, ActorKind
from accounts.lifecycle.errors import LostRace, NotAllowed, NotReady
from accounts.lifecycle.sentence import Sentence as _
from accounts.lifecycle.states import AccountState, Audience, NoticeOutcome, Role
from accounts.lifecycle.transition import Tell
from accounts.models import (
    Account,
    Event,
    Handover,
    HandoverState,
    Notice,
    Person,
    current_policy,
    unreachable_among,
)
from accounts.models.event import ON_BEHALF_OF
from accounts.models.facts import account_facts, who_was_first
from accounts.outbox import Recipient

POSSIBLE = (AccountState.ACTIVE.value, AccountState.NOTIFIED.value, AccountState.SUSPENDED.value)
ASKED = Tell("handover_asked", Audience.PERSON)
ACCEPTED = Tell("handover_accepted", Audience.OWNER)
DECLINED = Tell("handover_declined", Audience.OWNER)
AT_ONCE = 500
NOBODY_ASKED = _("Nobody is asked to take this account over any more.")


def hand_over(account: Account, *, email: str, name: str, by: Actor, now: datetime, comment: str) -> Event:
    """Ask a colleague to be the owner of ``account``; one that was notified is kept with it, in one transaction.

    By its owner (a link in the owner's own mail is enough) or by Support for the owner, with a reason that the
    colleague reads. Raises NotAllowed for others; NotReady for no reason, no address, oneself, an address that
    mail does not reach, somebody deactivated, or an account that is already being handed over; LostRace.
    """
    _check_may(account, by)
    if not comment.strip():
        raise NotReady(_("Write a reason. It is kept in the history and shown to the people concerned."))
    address = _address(account, email, by)
    with transaction.atomic():
        notice = Notice.objects.filter(account=account, outcome=NoticeOutcome.OPEN.value).first()
        if account.state == AccountState.NOTIFIED.value:
            notices.keep(account, by=by, now=now, comment=comment)
        return _ask(account, notice, address, name.strip(), by, now, comment)


def accept(handover: Handover, *, by: Actor, now: datetime) -> Event:
    """The colleague takes the account over: they own it from now on, and who owned it before is told.

    Raises NotAllowed for anybody else than the person with that address, NotReady when the account is closed, and
    LostRace when the hand-over is over.
    """
    _check_is_asked(handover, by)
    person = Person.objects.get(email__iexact=handover.to_email)
    account = _account(handover)
    if account.state not in POSSIBLE:
        raise NotReady(_("The account is closed, so nobody can take it over."))
    before = account.owner
    change = Change(
        columns={"owner": person}, still=Q(owner=before), also=lambda c: _tell(c[0][1], ACCEPTED, before, now),
        data=lambda _a: {"from": str(before), "to": str(person)},
    )  # fmt: skip
    return _close(handover, account, "accept_handover", HandoverState.ACCEPTED, by, now, change)


def decline(handover: Handover, *, by: Actor, now: datetime, comment: str = "") -> Event:
    """The colleague does not want it; the owner is told and stays. Raises as ``accept`` does."""
    _check_is_asked(handover, by)
    account = _account(handover)
    change = Change(
        comment=comment, data=lambda _a: {"to": handover.to},
        also=lambda c: _tell(c[0][1], DECLINED, account.owner, now),
    )  # fmt: skip
    return _close(handover, account, "decline_handover", HandoverState.DECLINED, by, now, change)


def withdraw(handover: Handover, *, by: Actor, now: datetime, comment: str = "") -> Event:
    """The owner, or Support, takes it back. Raises NotAllowed for others, LostRace when it is over."""
    account = _account(handover)
    _check_may(account, by)
    change = Change(comment=comment, data=lambda _a: {"to": handover.to})
    return _close(handover, account, "withdraw_handover", HandoverState.WITHDRAWN, by, now, change)


def expire(*, today: date, now: datetime, by: Actor) -> dict[str, int]:
    """End the hand-overs that nobody accepted in time; the owners are told. Gives how many ``expired``."""
    late = Handover.objects.filter(state=HandoverState.ASKED.value, accept_by__lt=today).order_by("accept_by", "pk")
    done = 0
    for handover in late[:AT_ONCE]:
        account = _account(handover)
        change = Change(
            data=lambda _a, to=handover.to: {"to": to},  # type: ignore[misc]  # bound in the loop
            also=lambda c, owner=account.owner: _tell(c[0][1], DECLINED, owner, now),  # type: ignore[misc]
        )
        try:
            _close(handover, account, "expire_handover", HandoverState.EXPIRED, by, now, change)
        except LostRace:  # accepted or withdrawn at this very moment
            continue
        done += 1
    return {"expired": done}


def may_hand_over(account: Account, by: Actor) -> bool:
    """May ``by`` hand ``account`` over now?"""
    roles = account_facts(account, by).roles
    return (
        account.state in POSSIBLE and not roles.isdisjoint({Role.OWNER, Role.SUPPORT}) and not _of_another(account, by)
    )


def _check_may(account: Account, by: Actor) -> None:
    if account.state not in POSSIBLE:
        raise NotReady(_("Only an account that is active, notified or suspended can be handed over."))
    if not may_hand_over(account, by):
        raise NotAllowed(_("Only the owner of the account, or Support, can hand it over."))


def _of_another(account: Account, by: Actor) -> bool:
    """Does ``by`` come from a link that was sent to somebody else than the owner?"""
    return by.kind is ActorKind.LINK and by.email.lower() != account.owner.email.lower()


def _check_is_asked(handover: Handover, by: Actor) -> None:
    if by.kind is not ActorKind.PERSON or by.email.lower() != handover.to_email:
        raise NotAllowed(_("Only the person who was asked can answer. Sign in with the address that was asked."))


def _address(account: Account, email: str, by: Actor) -> str:
    """The colleague's address, or NotReady with what is wrong with it."""
    address = email.strip().lower()
    try:
        validate_email(address)
    except ValidationError:
        raise NotReady(_("“%(email)s” is no email address.", email=email)) from None
    if address == account.owner.email.lower():
        raise NotReady(_("%(email)s owns the account already. Name a colleague.", email=address))
    if address == by.email.lower():
        raise NotReady(_("This is your own address. Name a colleague."))
    if unreachable_among({address}):
        raise NotReady(_("Mail to %(email)s came back. Check the address, or name somebody else.", email=address))
    if Person.objects.filter(email__iexact=address, is_active=False).exists():
        raise NotReady(_("%(name)s was deactivated and cannot sign in. Name somebody else.", name=address))
    return address


def _ask(
    account: Account, notice: Notice | None, address: str, name: str, by: Actor, now: datetime, comment: str
) -> Event:
    if Handover.objects.filter(account=account, state=HandoverState.ASKED.value).exists():
        raise NotReady(_("Somebody was asked to take this account over already. Take that back first."))
    handover = Handover(
        account=account, notice=notice, owner=account.owner, to_email=address, to_name=name[:200], asked_at=now,
        asked_by=by.name, comment=comment.strip(),
        accept_by=timezone.localdate(now) + timedelta(days=current_policy().handover_days),
    )  # fmt: skip

    def insert(changes: list[tuple[Account, Event]]) -> None:
        handover.save(force_insert=True)
        outbox.post_to(changes[0][1], ASKED, _recipient(handover), now=now)

    behalf = {} if by.id == account.owner_id or by.kind is ActorKind.LINK else {ON_BEHALF_OF: str(account.owner)}
    data: dict[str, Any] = {
        "to": handover.to, "handover": str(handover.pk), "accept_by": handover.accept_by.isoformat(), **behalf,
    }  # fmt: skip
    change = Change(comment=comment, also=insert, data=lambda _a: data)
    written = engine.record([account], "hand_over", by=by, now=now, change=change)
    if not written:
        raise LostRace(who_was_first(account))
    return written[0][1]


def _close(
    handover: Handover, account: Account, verb: str, state: HandoverState, by: Actor, now: datetime, change: Change
) -> Event:
    """End the hand-over with the event that says so; whoever was first with either wins."""
    with transaction.atomic():
        rows = Handover.objects.filter(pk=handover.pk, state=HandoverState.ASKED.value)
        if not rows.update(state=state.value, closed_at=now, closed_by=by.name):
            raise LostRace(who_was_first(account))
        event = engine.note(account, verb, by=by, now=now, change=change)
    handover.refresh_from_db()
    return event


def _account(handover: Handover) -> Account:
    return Account.objects.select_related("owner", "environment", "organisation").get(pk=handover.account_id)


def _recipient(handover: Handover) -> Recipient:
    known = Person.objects.filter(email__iexact=handover.to_email).first()
    language = handover.owner.language or "en"
    return Recipient.of(known) if known else Recipient(handover.to_email, handover.to_name, language)


def _tell(event: Event, tell: Tell, to: Person, now: datetime) -> None:
    outbox.post_to(event, tell, Recipient.of(to), now=now)
