"""Who is left alone, and why: holds by Support, and the three that the rules set by themselves (DOMAIN.md, "Held")."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from accounts.lifecycle.inactivity import cutoff
from accounts.lifecycle.policy import Policy
from accounts.lifecycle.states import AccountState, NoticeOutcome
from accounts.models import Account, Environment, Hold, Notice
from accounts.readers import inactivity, paging
from accounts.readers.finding import contains

OPEN, ENDED = "open", "ended"
NEXT_TO_END = paging.Order("until")
NEWEST_FIRST = paging.Order("set_at", falling=True)


@dataclass(frozen=True)
class Stale:
    """An environment whose usage holds accounts: so many are not notified, so many not suspended, until it is known."""

    environment: Environment
    through: date | None
    not_notified: int
    not_suspended: int


def by_support(asked: Mapping[str, str], *, today: date, ended: bool, text: str, environment: str) -> paging.Page[Hold]:
    """One page of holds: those that run, the next to end first; or those that are over, the newest first. One query."""
    over = Q(ended_at__isnull=False) | Q(until__lt=today)
    found = Hold.objects.filter(over) if ended else Hold.objects.running(today)
    if environment:
        found = found.filter(account__environment__name=environment)
    if text:
        found = found.filter(_says(text))
    found = found.select_related("account__environment", "account__organisation", "account__owner")
    return paging.page(found, NEWEST_FIRST if ended else NEXT_TO_END, asked)


def running(today: date) -> int:
    """How many holds by Support keep an account off notices and suspension on ``today``. One query."""
    return Hold.objects.running(today).count()


def stale(policy: Policy, today: date) -> list[Stale]:
    """The environments whose usage keeps somebody from a notice or a suspension. Four queries.

    A day that is unknown in the middle of the known ones is told on the account's own page.
    """
    feeds = inactivity.feeds(policy, today)
    waiting = _by_environment(Account.objects.active_past(cutoff(policy, today)), "environment")
    overdue = Notice.objects.filter(outcome=NoticeOutcome.OPEN.value, answer_by__lt=today)
    overdue = overdue.filter(account__state=AccountState.NOTIFIED.value)
    uncovered = Q(pk__in=[])
    for feed in feeds:
        beyond = Q(answer_by__gt=feed.through) if feed.through else Q()
        uncovered |= beyond & Q(account__environment=feed.environment)
    late = _by_environment(overdue.filter(uncovered), "account__environment")
    found = [
        Stale(f.environment, f.through, 0 if f.is_current else waiting.get(f.environment.pk, 0),
              late.get(f.environment.pk, 0))
        for f in feeds
    ]  # fmt: skip
    return [row for row in found if row.not_notified or row.not_suspended]


def undelivered() -> int:
    """How many open notices reached nobody. One query."""
    return Notice.objects.filter(outcome=NoticeOutcome.OPEN.value, undeliverable_at__isnull=False).count()


def _by_environment(rows: QuerySet[Any], column: str) -> dict[UUID, int]:
    return dict(rows.order_by().values_list(column).annotate(Count("pk")))


def _says(text: str) -> Q:
    return Q(account__client_id__istartswith=text) | contains(text, "account__organisation__name", "set_by")
