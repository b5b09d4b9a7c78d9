"""An account that was suspended although it was in use, as its page tells it: what is known, and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from accounts.lifecycle.policy import Policy
from accounts.lifecycle.states import AccountState, OrderKind, TaskKind
from accounts.models import Account, Order
from accounts.words import feed_words


@dataclass(frozen=True)
class Mistake:
    """``feed`` (in words) reported a use on ``day``; Support still works on it.

    ``short_until`` is the last day on which an order for reactivation needs no new approval, ``order`` the reference
    of one that was sent.
    """

    day: date
    suspended_on: date
    feed: str
    short_until: date
    order: str


def mistake_of(account: Account, policy: Policy) -> Mistake | None:
    """The open mistake about a suspended account; None where there is none. At most two queries."""
    if account.state != AccountState.SUSPENDED.value:
        return None
    open_tasks = account.tasks.filter(kind=TaskKind.SUSPENDED_IN_USE.value, done_at__isnull=True)
    task = open_tasks.select_related("event").first()
    if task is None:
        return None
    said = task.event.data
    suspended_on = date.fromisoformat(said["suspended_on"])
    asking = Order.objects.asking_for(account.pk, OrderKind.REACTIVATION)
    return Mistake(
        day=date.fromisoformat(said["day"]),
        suspended_on=suspended_on,
        feed=feed_words(said["feed_kind"], said["feed"]),
        short_until=suspended_on + timedelta(days=policy.reactivation_short_days - 1),
        order=asking.values_list("reference", flat=True).first() or "",
    )
