"""Mails that came back: the address is marked, and an open inactivity notice goes to its next contact.

The post room writes down what was refused at once; delivery reports (RFC 3464) come in through ``take_in``. What
follows is one transaction for each bounce, and doing it twice changes nothing more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from typing import TypeVar
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q

from accounts.actions import contacts, engine
from accounts.actions.engine import Change, Owed
from accounts.gateways.reports import Report
from accounts.lifecycle.actor import SYSTEM, Actor
from accounts.lifecycle.errors import LostRace, NotAllowed
from accounts.lifecycle.sentence import Sentence as _
from accounts.lifecycle.states import AccountState, NoticeOutcome, Role, TaskKind
from accounts.models import (
    OF_THE_ADDRESS,
    Account,
    Bounce,
    BounceKind,
    Event,
    Message,
    MessageState,
    UnreachableAddress,
)
from accounts.models.facts import who_was_first

T = TypeVar("T")
ATTEMPTS = 10
AT_ONCE = 1000
"""So many bounces one run handles; the next one goes on."""


class Taken(StrEnum):
    """What became of a delivery report."""

    RECORDED = "recorded"
    KNOWN = "known"
    UNKNOWN = "unknown"


def take_in(report: Report, *, now: datetime) -> Taken:
    """Record that the mail that ``report`` is about bounced, and do what follows from it.

    UNKNOWN for a report that fits no message of the portal, KNOWN for one that was taken in before; both change
    nothing.
    """
    message = _message_of(report)
    return Taken.UNKNOWN if message is None else _again_if_lost(lambda: _record(message, report, now))


def follow(*, now: datetime) -> dict[str, int]:
    """Do what follows from the bounces that the post room wrote down, and from mail that arrives again.

    Gives how many were ``bounced`` and how many addresses are used again (``works_again``).
    """
    counts: Counter[str] = Counter()
    waiting = Bounce.objects.filter(handled_at__isnull=True).order_by("at", "pk")
    for pk in list(waiting.values_list("pk", flat=True)[:AT_ONCE]):
        counts["bounced"] += _again_if_lost(lambda pk=pk: _handle(pk, now))  # type: ignore[misc]  # bound in the loop
    for address in UnreachableAddress.objects.filter(arrived_at__isnull=False, since__isnull=False)[:AT_ONCE]:
        counts["works_again"] += _clear(address, by=SYSTEM, now=now, comment="") is not None
    return dict(counts)


def clear(address: UnreachableAddress, *, by: Actor, now: datetime, comment: str = "") -> Event:
    """Support says that mail arrives at ``address`` again, so that people there are asked again.

    Raises NotAllowed for others, LostRace when it is not marked any more.
    """
    if not by.holds(Role.SUPPORT):
        raise NotAllowed(_("Only Support can say that an address works again."))
    event = _clear(address, by=by, now=now, comment=comment)
    if event is None:
        raise LostRace(_("Mail to this address is not stopped any more."))
    return event


def arrives_at(email: str, *, by: Actor, now: datetime) -> None:
    """Somebody used what a mail to ``email`` brought them: mail arrives there. Nothing happens if that was known."""
    address = UnreachableAddress.objects.filter(email=email.lower(), since__isnull=False).first()
    if address is not None:
        _clear(address, by=by, now=now, comment="")


def _clear(address: UnreachableAddress, *, by: Actor, now: datetime, comment: str) -> Event | None:
    change = Change(comment=comment, columns={"since": None, "arrived_at": None}, still=Q(since__isnull=False))
    written = engine.record([address], "mail_arrives", by=by, now=now, change=change)
    return written[0][1] if written else None


def _message_of(report: Report) -> Message | None:
    """The message that the report is about: named by its Message-ID, and sent to the recipient that it names."""
    message = Message.objects.select_related("event").filter(pk=report.message_id).first()
    if message is None or message.to_email.lower() not in report.recipients:
        return None
    return message


def _record(message: Message, report: Report, now: datetime) -> Taken:
    said = {"kind": BounceKind.BOUNCED.value, "at": now, "permanent": report.is_permanent, "status": report.status}
    with transaction.atomic():
        bounce, new = Bounce.objects.get_or_create(message=message, defaults={**said, "diagnostic": report.diagnostic})
        if not new:
            return Taken.KNOWN
        came_back(message, f"{report.status} {report.diagnostic}".strip())
        _handle(bounce.pk, now)
    return Taken.RECORDED


def came_back(message: Message, error: str) -> None:
    """The message counts as not delivered from now on; Support sees it among those given up."""
    Message.objects.filter(pk=message.pk).update(
        state=MessageState.GIVEN_UP.value, delivered_at=None, claim=None, claimed_until=None, last_error=error[:500]
    )


def _handle(pk: UUID, now: datetime) -> bool:
    """Do what follows from one bounce; False when somebody did it already."""
    with transaction.atomic():
        if not Bounce.objects.filter(pk=pk, handled_at__isnull=True).update(handled_at=now):
            return False
        bounce = Bounce.objects.select_related("message__notice").get(pk=pk)
        _mark(bounce, now)
        _go_on(bounce, now)
    return True


def _mark(bounce: Bounce, now: datetime) -> None:
    """Mark the address, unless the server spoke of something else than the address, or it is marked already."""
    kind = BounceKind(bounce.kind)
    if kind not in OF_THE_ADDRESS or not _speaks_of_the_address(bounce):
        return
    email = bounce.message.to_email.lower()
    said = {"since": bounce.at, "arrived_at": None, "kind": kind.value, "status": bounce.status,
            "diagnostic": bounce.diagnostic}  # fmt: skip
    change = Change(columns=said, data=lambda _address: {"status": bounce.status} if bounce.status else {})
    known = UnreachableAddress.objects.filter(email=email).first()
    if known is None:
        engine.begin([UnreachableAddress(email=email, **said)], "mail_came_back", by=SYSTEM, now=now, change=change)
    elif known.since is None and not engine.record([known], "mail_came_back", by=SYSTEM, now=now, change=change):
        raise LostRace(who_was_first(known))


def _speaks_of_the_address(bounce: Bounce) -> bool:
    """A passing trouble that lasted too long (4.x.x) and a refusal for what we are (5.7.x) are none of the address."""
    return bounce.permanent and not bounce.status.startswith("5.7.")


def _go_on(bounce: Bounce, now: datetime) -> None:
    """An open notice whose mail this was goes on to its next contact."""
    message = bounce.message
    if message.kind != contacts.NOTICE_MAIL or message.notice is None:
        return
    accounts = Account.objects.select_related("owner", "organisation", "environment")
    account = accounts.get(pk=message.notice.account_id)
    message.notice.refresh_from_db()
    if account.state != AccountState.NOTIFIED.value or message.notice.outcome != NoticeOutcome.OPEN.value:
        return
    data = {"to": message.to_email, **({"status": bounce.status} if bounce.status else {})}
    owed = Owed(owes=(TaskKind.FIND_CONTACT,))
    contacts.not_asked(account, message.notice, "notice_bounced", by=SYSTEM, now=now, owed=owed, data=data)


def _again_if_lost(work: Callable[[], T]) -> T:
    """Somebody else was first: look at everything anew. What an attempt wrote is taken back."""
    for left in range(ATTEMPTS, 0, -1):
        try:
            with transaction.atomic():
                return work()
        except (LostRace, IntegrityError):
            if left == 1:
                raise
    raise AssertionError("unreachable")
