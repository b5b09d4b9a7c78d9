"""Support writes down a use that no feed reported, and takes back an entry that was wrong."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction
from django.utils import timezone

from accounts.actions import engine, suspended_in_use
from accounts.actions.engine import Change
from accounts.actions.feeds import MANUAL, feed_of
from accounts.lifecycle.actor import Actor
from accounts.lifecycle.calendar import EARLIEST
from accounts.lifecycle.errors import NotAllowed, NotReady
from accounts.lifecycle.sentence import Sentence as _
from accounts.lifecycle.states import AccountState, Role
from accounts.models import Account, Environment, Event, Feed, FeedKind, Figure, LastUse

_LIVING = (AccountState.ACTIVE.value, AccountState.NOTIFIED.value, AccountState.SUSPENDED.value)


def record_use(account: Account, day: date, *, reason: str, by: Actor, now: datetime) -> Event:
    """Support knows that ``account`` was used on ``day`` (Europe/Oslo): a last use that only moves forward.

    Raises NotAllowed for anybody but Support; NotReady without a reason, for a day to come, for an account that is
    not active or is closed, or when an entry of that day or a later one stands already.
    """
    _check(account, reason, by)
    if day < EARLIEST:
        raise NotReady(_("%(day)s is too long ago. Check the year.", day=day.isoformat()))
    if day > timezone.localdate(now):
        raise NotReady(_("%(day)s lies in the future: nobody knows it yet.", day=day.isoformat()))
    with transaction.atomic():
        feed = _locked_feed(account, now)
        entry = LastUse.objects.filter(account=account, feed=feed).first()
        if entry is not None and entry.day >= day:
            said = _("An entry says already that it was used on %(day)s. Correct that one.", day=entry.day.isoformat())
            raise NotReady(said)
        known = Account.objects.values_list("last_used_on", flat=True).get(pk=account.pk)
        before = entry.before_on if entry is not None else known
        _write(account, feed, day, before, reason, by, now)
        event = _note(account, "record_use", max(day, known or day), day, reason, by, now)
        suspended_in_use.look(feed, [*suspended_in_use.before_suspension(account, day)], now=now)
        return event


def correct_use(account: Account, day: date | None, *, reason: str, by: Actor, now: datetime) -> Event:
    """Support says that its last entry was wrong: the account was used on ``day``, or with None not that we know.

    The one way in which a last use moves backwards; never behind what a feed or the import said. Raises as
    ``record_use`` does, and NotReady when there is no entry.
    """
    _check(account, reason, by)
    if day is not None and day > timezone.localdate(now):
        raise NotReady(_("%(day)s lies in the future: nobody knows it yet.", day=day.isoformat()))
    with transaction.atomic():
        feed = _locked_feed(account, now)
        entry = LastUse.objects.filter(account=account, feed=feed).first()
        if entry is None:
            raise NotReady(_("There is no entry to correct."))
        others = LastUse.objects.filter(account=account).exclude(feed=feed).values_list("day", flat=True)
        known = max((said for said in (entry.before_on, day, *others) if said is not None), default=None)
        if day is None:
            entry.delete()
        else:
            _write(account, feed, day, entry.before_on, reason, by, now)
        return _note(account, "correct_use", known, day, reason, by, now)


def _check(account: Account, reason: str, by: Actor) -> None:
    if not by.holds(Role.SUPPORT):
        raise NotAllowed(_("Only Support can write down a use."))
    if not reason.strip():
        raise NotReady(_("Write how you know. It is kept in the history."))
    if account.state not in _LIVING:
        raise NotReady(_("Only an account that is active, notified or suspended can have been used."))


def _locked_feed(account: Account, now: datetime) -> Feed:
    """The feed of manual entries; the environment's lock keeps usage that comes in meanwhile waiting."""
    environment = Environment.objects.select_for_update().get(pk=account.environment_id)
    return feed_of(environment, FeedKind.MANUAL, MANUAL, now=now)


def _write(account: Account, feed: Feed, day: date, before: date | None, reason: str, by: Actor, now: datetime) -> None:
    said = {
        "day": day, "figure": Figure.MANUAL.value, "received_at": now, "before_on": before,
        "said_by": by.name[:200], "reason": reason.strip()[:2000],
    }  # fmt: skip
    LastUse.objects.update_or_create(account=account, feed=feed, defaults=said)
    Feed.objects.filter(pk=feed.pk).update(last_received_at=now)


def _note(
    account: Account, verb: str, known: date | None, day: date | None, reason: str, by: Actor, now: datetime
) -> Event:
    kept = {"day": day.isoformat() if day else None, "last_used_on": known.isoformat() if known else None}
    change = Change(comment=reason, columns={"last_used_on": known}, data=lambda _account: kept)
    return engine.note(account, verb, by=by, now=now, change=change)
