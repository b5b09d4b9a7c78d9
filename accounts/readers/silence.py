"""Who is silent for how long: accounts by the months since their last activity (DOMAIN.md, "The inactivity rules")."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date
from uuid import UUID

from django.db.models import Count

from accounts.lifecycle.states import AccountState
from accounts.models import Account

WATCHED = (AccountState.ACTIVE.value, AccountState.NOTIFIED.value)
YEAR = 12  # months
LONGEST = 24  # months: those that are silent for longer stand together


def months_between(first: date, last: date) -> int:
    """Whole calendar months from ``first`` to ``last``; 0 where ``last`` comes first."""
    months = (last.year - first.year) * 12 + last.month - first.month
    return max(0, months - (last.day < first.day))


def by_month(
    on: date,
    *,
    gone: Mapping[date, int] | None = None,
    environment: UUID | None = None,
    organisation: UUID | None = None,
) -> list[tuple[int, int]]:
    """(months, accounts) for 0 up to [24] months of silence on ``on``, the last of them "or more". One query.

    ``gone``: by day of last activity, how many will have been suspended until then.
    """
    found = Account.objects.filter(state__in=WATCHED, last_activity_on__lte=on)
    if environment is not None:
        found = found.filter(environment=environment)
    if organisation is not None:
        found = found.filter(organisation=organisation)
    months: Counter[int] = Counter()
    for day, number in found.order_by().values_list("last_activity_on").annotate(Count("pk")):
        months[min(LONGEST, months_between(day, on))] += number - (gone or {}).get(day, 0)
    return [(month, max(0, months[month])) for month in range(LONGEST + 1)]
