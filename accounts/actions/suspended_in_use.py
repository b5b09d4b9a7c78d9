"""Use that comes in too late: an account that was suspended for inactivity had been in use (DOMAIN.md).

It raises a task for Support at once, and never brings the account back by itself.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db.models import F, Q
from django.utils import timezone

from accounts.actions import engine
from accounts.actions.engine import Change, Owed
from accounts.lifecycle.actor import SYSTEM
from accounts.lifecycle.inactivity import is_inactive
from accounts.lifecycle.states import AccountState, Audience, TaskKind
from accounts.lifecycle.transition import Tell
from accounts.models import Account, Feed, Task, current_policy
from accounts.models.among import among
from accounts.models.facts import suspended_by_the_rules

CHUNK = 500
_OWED = Owed((Tell("suspended_in_use", Audience.SUPPORT),), (TaskKind.SUSPENDED_IN_USE,))


@dataclass(frozen=True)
class UsedBefore:
    """A suspended account by its client id: its latest day of use that a delivery named up to its suspension."""

    client_id: str
    day: date
    suspended_on: date


def look(feed: Feed, used: Sequence[UsedBefore], *, now: datetime) -> int:
    """Open Support's task for each account that ``feed`` shows not to have been inactive when it was suspended for it.

    The day of the suspension itself counts. Once for each suspension, and never beside a task that is still open.
    Gives the number. Call it in the delivery's transaction, with the environment's row locked.
    """
    policy = current_policy()
    wrong = [
        one for one in used
        if one.day <= one.suspended_on and not is_inactive(one.day, policy, one.suspended_on)
    ]  # fmt: skip
    return sum(_look(feed, wrong[start : start + CHUNK], now) for start in range(0, len(wrong), CHUNK))


def before_suspension(account: Account, day: date) -> Iterator[UsedBefore]:
    """What ``look`` asks about one account that was used on ``day``; nothing when it is not suspended."""
    if account.state == AccountState.SUSPENDED.value:
        yield UsedBefore(account.client_id, day, timezone.localdate(account.state_since))


def _look(feed: Feed, wrong: Sequence[UsedBefore], now: datetime) -> int:
    days = {one.client_id: one for one in wrong}
    suspended = Account.objects.filter(
        environment=feed.environment_id, client_id__in=list(days), state=AccountState.SUSPENDED.value
    )
    accounts = {account.pk: account for account in suspended.order_by("client_id")}
    left = suspended_by_the_rules(accounts) - _told(accounts)
    for pk, account in accounts.items():
        if pk in left:
            _raise(account, days[account.client_id], feed, now)
    return len(left)


def _raise(account: Account, found: UsedBefore, feed: Feed, now: datetime) -> None:
    said = {
        "day": found.day.isoformat(), "suspended_on": found.suspended_on.isoformat(),
        "feed": feed.name, "feed_kind": feed.kind,
    }  # fmt: skip
    change = Change(data=lambda _account: said)
    engine.note(account, "suspended_in_use", by=SYSTEM, now=now, change=change, owed=_OWED)


def _told(accounts: Collection[UUID]) -> set[UUID]:
    """Those whose task is open, or was opened since they were suspended: Support knows, or has decided."""
    tasks = Task.objects.filter(among("account_id", accounts), kind=TaskKind.SUSPENDED_IN_USE.value)
    known = tasks.filter(Q(done_at__isnull=True) | Q(opened_at__gte=F("account__state_since")))
    return set(known.values_list("account_id", flat=True))
