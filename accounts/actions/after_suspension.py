"""Calls of a client that was disabled: they raise a task for Support, and never bring an account back (DOMAIN.md)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from uuid import UUID

from django.utils import timezone

from accounts.actions import engine
from accounts.actions.engine import Change, Owed
from accounts.lifecycle.actor import SYSTEM
from accounts.lifecycle.states import Audience, TaskKind
from accounts.lifecycle.transition import Tell
from accounts.models import Account, Environment, Task, effective_at
from accounts.models.among import among

CHUNK = 500
_OWED = Owed((Tell("calls_after_suspension", Audience.SUPPORT),), (TaskKind.CALLS_AFTER_SUSPENSION,))


def look(environment: Environment, used: Sequence[tuple[str, date]], *, now: datetime) -> int:
    """Open Support's task for each account whose client called on a day after its suspension was effective.

    ``used`` names client ids of suspended or closed accounts of ``environment``, each with the latest day that a
    delivery named. A feed counts days, so only those after the effective day tell. A task that is open, or that was
    done on that day or later, is not opened again. Gives the number. Call it in the delivery's transaction.
    """
    return sum(_look(environment, dict(used[start : start + CHUNK]), now) for start in range(0, len(used), CHUNK))


def _look(environment: Environment, days: dict[str, date], now: datetime) -> int:
    accounts = list(Account.objects.filter(environment=environment, client_id__in=list(days)))
    told = _told_through([account.pk for account in accounts])
    since = effective_at(account.pk for account in accounts)
    found = 0
    for account in accounts:
        effective, day = since.get(account.pk), days[account.client_id]
        if effective is not None and day > max(timezone.localdate(effective), told.get(account.pk, date.min)):
            _raise(account, day, effective, now)
            found += 1
    return found


def _raise(account: Account, day: date, effective: datetime, now: datetime) -> None:
    said = {"day": day.isoformat(), "effective_at": timezone.localtime(effective).isoformat(timespec="minutes")}
    change = Change(data=lambda _account: said)
    engine.note(account, "calls_after_suspension", by=SYSTEM, now=now, change=change, owed=_OWED)


def _told_through(accounts: Collection[UUID]) -> dict[UUID, date]:
    """By account, the last day whose calls Support knows of: that on which a task was done; any while one is open."""
    tasks = Task.objects.filter(among("account_id", accounts), kind=TaskKind.CALLS_AFTER_SUSPENSION.value)
    found: dict[UUID, date] = {}
    for account, done_at in tasks.order_by("opened_at").values_list("account_id", "done_at"):
        day = timezone.localdate(done_at) if done_at else date.max
        found[account] = max(day, found.get(account, date.min))
    return found
