"""A year of use in 52 small boxes, one a week: how much was called, and where nobody reported anything."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from django.db.models import Sum
from django.db.models.functions import TruncWeek

from accounts.models import Account, Coverage, DailyUsage

WEEKS = 52
UNKNOWN = "hx"
STEPS = ((10_000, "h4"), (1_000, "h3"), (100, "h2"), (1, "h1"), (0, "h0"))
"""From how many calls a week is drawn in which colour; a class of the style sheet."""

Days = tuple[date, date]


@dataclass(frozen=True)
class Week:
    """One box: the Monday, the calls, its place as an SVG attribute and its colour; ``month`` is labelled below."""

    monday: date
    calls: int
    x: str
    color: str
    month: bool = False


@dataclass(frozen=True)
class Strip:
    """The weeks of one account, the oldest first. ``known`` of them were reported, in ``used`` somebody called."""

    weeks: list[Week]
    used: int
    known: int


def strips(accounts: Sequence[Account], today: date) -> dict[UUID, Strip]:
    """The strip of each account: the [52] weeks up to that of ``today``. Two queries, however many accounts.

    A week without a call counts as silent only where the environment's feed covers a day of it: what nobody
    reported is unknown, not silent (DOMAIN.md, "Known use").
    """
    first = _mondays(today)[0]
    calls = _calls(accounts, first, today)
    covered = _covered({account.environment_id for account in accounts}, first)
    return {a.pk: strip(calls.get(a.pk, {}), _watched(a, covered), today) for a in accounts}


def strip(calls: Mapping[date, int], covered: Sequence[Days], today: date) -> Strip:
    """The strip up to the week of ``today``, from calls by Monday and the days (first, last) that were reported."""
    mondays = _mondays(today)
    slot = 100 / len(mondays)
    weeks = [
        Week(
            monday,
            calls.get(monday, 0),
            f"{place * slot:.2f}%",
            _color(calls.get(monday, 0), known=_touches(monday, covered)),
            month=place % 9 == 0 and place < len(mondays) - 4,
        )
        for place, monday in enumerate(mondays)
    ]
    return Strip(weeks, sum(w.calls > 0 for w in weeks), sum(w.color != UNKNOWN for w in weeks))


def _calls(accounts: Sequence[Account], first: date, today: date) -> dict[UUID, dict[date, int]]:
    usage = DailyUsage.objects.filter(account__in=list(accounts), day__gte=first, day__lte=today).order_by()
    found: dict[UUID, dict[date, int]] = {}
    for account, monday, calls in (
        usage.annotate(week=TruncWeek("day")).values_list("account", "week").annotate(Sum("calls"))
    ):
        found.setdefault(account, {})[monday] = calls
    return found


def _covered(environments: Iterable[UUID], first: date) -> dict[UUID, list[Days]]:
    """The days that each environment's feeds said everything about; a gap that Support accepted is none of them."""
    said = Coverage.objects.filter(environment__in=list(environments), last_day__gte=first, accepted_by="")
    found: dict[UUID, list[Days]] = {}
    for environment, start, end in said.values_list("environment", "first_day", "last_day"):
        found.setdefault(environment, []).append((start, end))
    return found


def _watched(account: Account, covered: Mapping[UUID, Sequence[Days]]) -> list[Days]:
    """The days on which a call of this account would have been reported: not before it was watched, or active."""
    began = account.watched_from or account.activated_on or date.min
    return [(max(start, began), end) for start, end in covered.get(account.environment_id, []) if end >= began]


def _color(calls: int, *, known: bool) -> str:
    return next(color for least, color in STEPS if calls >= least) if calls or known else UNKNOWN


def _touches(monday: date, covered: Sequence[Days]) -> bool:
    """Does a feed cover a day of the week that begins on ``monday``?"""
    return any(start <= monday + timedelta(days=6) and end >= monday for start, end in covered)


def _mondays(today: date) -> list[date]:
    """The Mondays of the [52] weeks up to that of ``today``, the oldest first."""
    last = today - timedelta(days=today.weekday())
    return [last - timedelta(weeks=back) for back in range(WEEKS - 1, -1, -1)]
