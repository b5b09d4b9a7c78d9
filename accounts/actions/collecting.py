"""Who may collect a client secret: the account's owner, and the technical contact where the owner lets them.

The permission names one address. It ends when the owner takes it back, and counts no more once either of the two is
somebody else: a new owner decides for themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from accounts.actions import engine
from accounts.actions.engine import Change, Owed
from accounts.lifecycle.actor import Actor
from accounts.lifecycle.errors import LostRace, NotAllowed, NotReady
from accounts.lifecycle.sentence import Sentence as _
from accounts.lifecycle.states import AccountState, Audience
from accounts.lifecycle.transition import Tell
from accounts.models import Account, Event
from accounts.models.facts import who_was_first

_GIVEN = (
    Tell("collect_permission_given", Audience.OWNER),
    Tell("collect_permission_given", Audience.TECHNICAL_CONTACT),
)
_TAKEN = (
    Tell("collect_permission_taken", Audience.OWNER),
    Tell("collect_permission_taken", Audience.TECHNICAL_CONTACT),
)


def may_collect(account: Account, by: Actor) -> bool:
    """Is ``by`` the owner of ``account`` (read a moment ago), or the technical contact whom the owner lets collect?"""
    if by.id is None:
        return False
    named = account.technical_may_collect and by.email.lower() == account.collector_email
    return account.owner_id == by.id or named


def may_let(account: Account) -> bool:
    """Is there somebody else whom the owner can let collect?"""
    contact = account.technical_email
    return account.state != AccountState.CLOSED.value and contact not in ("", account.owner.email.lower())


def let_collect(account: Account, *, by: Actor, now: datetime) -> Event:
    """The owner lets the technical contact collect the account's secrets; both are told.

    Raises NotAllowed for anybody but the owner, NotReady when there is nobody to let or they may already, LostRace
    when somebody changed the account since it was read.
    """
    _must_be_owner(account, by)
    if not may_let(account):
        raise NotReady(_("This account has no technical contact besides its owner."))
    if account.technical_may_collect:
        raise NotReady(_("The technical contact may collect client secrets already."))
    named = {"collector_email": account.technical_email, "collector_named_by_id": account.owner_id}
    return _record(account, "let_collect", _GIVEN, named, by, now)


def stop_letting_collect(account: Account, *, by: Actor, now: datetime) -> Event:
    """The owner takes the permission back; both are told. Raises as ``let_collect``."""
    _must_be_owner(account, by)
    if not account.technical_may_collect:
        raise NotReady(_("The technical contact may not collect client secrets."))
    nobody = {"collector_email": "", "collector_named_by_id": None}
    return _record(account, "stop_letting_collect", _TAKEN, nobody, by, now)


def _must_be_owner(account: Account, by: Actor) -> None:
    if by.id is None or account.owner_id != by.id:
        raise NotAllowed(_("Only the account’s owner can say who collects its client secrets."))


def _record(
    account: Account, verb: str, tells: Sequence[Tell], columns: dict[str, Any], by: Actor, now: datetime
) -> Event:
    to = account.technical_name or account.technical_email
    change = Change(columns=columns, data=lambda _account: {"to": to})
    written = engine.record([account], verb, by=by, now=now, change=change, owed=Owed(tells))
    if not written:
        raise LostRace(who_was_first(account))
    return written[0][1]
