"""The report on one period: read once, kept for some minutes, since many events stand behind a few numbers."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.core.cache import cache
from django.utils import timezone

from accounts.lifecycle.policy import Policy
from accounts.lifecycle.states import OrderState
from accounts.models.period import Period
from accounts.readers import order_times, trends

KEPT_FOR = timedelta(minutes=10)
VERSION = 1
"""Of what is kept: another number forgets what an older version of the portal kept."""


@dataclass(frozen=True)
class Report:
    """The figures of one period, as they were at ``at``."""

    at: datetime
    period: Period
    times: order_times.Times
    by_month: list[tuple[date, Counter[str]]]
    returns: trends.Returns
    open: dict[OrderState, trends.Open]
    accounts: trends.Accounts


def report(period: Period, policy: Policy, now: datetime) -> Report:
    """The report on ``period``: the one kept where it is younger than ten minutes, else read anew in seven queries."""
    key = f"report:{VERSION}:{period.first}:{period.last}:{_plain(period.environment)}:{hash(policy)}"
    kept: Report | None = cache.get(key)
    if kept is not None and now - KEPT_FOR <= kept.at <= now:
        return kept
    made = read(period, policy, now)
    cache.set(key, made, int(KEPT_FOR.total_seconds()))
    return made


def read(period: Period, policy: Policy, now: datetime) -> Report:
    """The report on ``period``, read now."""
    today = timezone.localdate(now)
    return Report(
        at=now,
        period=period,
        times=order_times.order_times(period, policy),
        by_month=trends.orders_by_month(period),
        returns=trends.returns(period),
        open=trends.open_orders(period, policy, today),
        accounts=trends.accounts_over_time(period, policy, today),
    )


def _plain(name: str) -> str:
    """A name as it may stand in a key of the cache."""
    return name.encode().hex()
