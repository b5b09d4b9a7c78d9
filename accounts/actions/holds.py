"""Holds: Support leaves an account alone until a day; it ends by itself, announced before (DOMAIN.md, "Hold")."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from accounts.actions import engine
from accounts.actions.engine import Change, Owed
from accounts.lifecycle.actor import Actor
from accounts.lifecycle.errors import NotReady
from accounts.lifecycle.inactivity import hold_problem
from accounts.lifecycle.states import AccountState, Audience, NoticeOutcome
from accounts.lifecycle.transition import Tell
from accounts.models import Account, Event, Hold, Notice, current_policy
from accounts.models.facts import account_facts

CHUNK = 500
_ENDS_SOON = Owed((Tell("hold_ends_soon", Audience.OWNER), Tell("hold_ends_soon_copy", Audience.SUPPORT)))


def none_on(today: date) -> Q:
    """The condition on an account's row that no hold keeps it from a notice or a suspension on ``today``."""
    return Q(~Exists(Hold.objects.running(today).filter(account=OuterRef("pk"))))


def set_hold(account: Account, *, until: date, by: Actor, now: datetime, comment: str) -> Event:
    """Leave ``account`` alone through ``until`` (a day in Europe/Oslo), with a reason.

    An open notice ends with it, so that after the hold a whole new one opens; a hold that is there already is
    replaced. Raises NotReady for a day that is not later than today, or more than [365] days ahead.
    """
    problem = hold_problem(until, current_policy(), timezone.localdate(now))
    if problem is not None:
        raise NotReady(problem)

    def write(_changes: list[tuple[Account, Event]]) -> None:
        end_with(account, by=by, now=now)
        Hold.objects.create(account=account, until=until, reason=comment.strip()[:1000], set_by=by.name, set_at=now)
        running = Notice.objects.filter(account=account, outcome=NoticeOutcome.OPEN.value)
        running.update(outcome=NoticeOutcome.HELD.value, closed_at=now, answered_by=by.name)

    change = Change(comment=comment, also=write, data=lambda _account: {"until": until.isoformat()})
    facts = account_facts(account, by, comment=comment)
    return engine.move(account, "hold", by=by, now=now, facts=facts, change=change)


def lift_hold(account: Account, *, by: Actor, now: datetime, comment: str) -> Event:
    """End the hold before its day, with a reason: from the next check on the rules apply again."""
    change = Change(comment=comment, also=lambda _changes: end_with(account, by=by, now=now))
    facts = account_facts(account, by, comment=comment)
    return engine.move(account, "lift_hold", by=by, now=now, facts=facts, change=change)


def end_holds(*, today: date, now: datetime, by: Actor) -> dict[str, int]:
    """End every hold whose last day has passed, and announce those that end within [7] days. Gives counts.

    Asked again it changes nothing more; a day that was missed is made up for by the next run, also where the daily
    check was first and notified the account meanwhile.
    """
    last_day = today + timedelta(days=current_policy().hold_warning_days)
    there = Hold.objects.filter(ended_at__isnull=True)
    soon = there.filter(until__range=(today, last_day), announced_on__isnull=True)
    soon = soon.filter(account__state=AccountState.ACTIVE.value)
    return {
        "ended": sum(_in_chunks(there.filter(until__lt=today), lambda holds: _end(holds, by, now))),
        "announced": sum(_in_chunks(soon, lambda holds: _announce(holds, today, by, now))),
    }


def end_with(account: Account, *, by: Actor, now: datetime) -> None:
    """The hold of ``account`` is over: lifted, replaced, or overtaken by its suspension or closing."""
    Hold.objects.filter(account=account, ended_at__isnull=True).update(ended_at=now, ended_by=by.name)


def _in_chunks(holds: QuerySet[Hold], work: Callable[[list[Hold]], int]) -> Iterator[int]:
    """What ``work`` did with each chunk; one that somebody changed meanwhile is left for the next run."""
    after = Q()
    while chunk := list(holds.filter(after).select_related("account__owner").order_by("pk")[:CHUNK]):
        after = Q(pk__gt=chunk[-1].pk)
        yield work(chunk)


def _end(holds: list[Hold], by: Actor, now: datetime) -> int:
    rows = {hold.account_id: hold for hold in holds}

    def stamp(changes: list[tuple[Account, Event]]) -> None:
        mine = Hold.objects.filter(pk__in=[rows[account.pk].pk for account, _event in changes])
        mine.update(ended_at=now, ended_by=by.name)

    change = Change(still=_still_there(holds), also=stamp, data=lambda account: _until(rows[account.pk]))
    return len(_ended([hold.account for hold in holds], by, now, change))


def _announce(holds: list[Hold], today: date, by: Actor, now: datetime) -> int:
    rows = {hold.account_id: hold for hold in holds}

    def stamp(changes: list[tuple[Account, Event]]) -> None:
        Hold.objects.filter(pk__in=[rows[account.pk].pk for account, _event in changes]).update(announced_on=today)

    change = Change(still=_still_there(holds), also=stamp, data=lambda account: _until(rows[account.pk]))
    accounts = [hold.account for hold in holds]
    return len(engine.record(accounts, "announce_hold_end", by=by, now=now, change=change, owed=_ENDS_SOON))


def _ended(accounts: list[Account], by: Actor, now: datetime, change: Change) -> list[tuple[Account, Event]]:
    active = [account for account in accounts if account.state == AccountState.ACTIVE.value]
    moved: list[tuple[Account, Event]] = []
    if active:
        facts = account_facts(active[0], by)
        moved = engine.move_many(active, "end_hold", by=by, now=now, facts=facts, change=change)
    # the rules apply to the others already: that their hold is over must not make a notified one active
    others = [account for account in accounts if account.state != AccountState.ACTIVE.value]
    return moved + engine.record(others, "end_hold", by=by, now=now, change=change)


def _still_there(holds: list[Hold]) -> Q:
    """The condition on an account's row that its hold is still one of these: nobody lifted or replaced it meanwhile."""
    there = Hold.objects.filter(pk__in=[hold.pk for hold in holds], ended_at__isnull=True, account=OuterRef("pk"))
    return Q(Exists(there))


def _until(hold: Hold) -> dict[str, Any]:
    return {"until": hold.until.isoformat(), "set_by": hold.set_by}
