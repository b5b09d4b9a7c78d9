"""Numbers over time and by kind, counted by the database: orders by month, returns, what is open, accounts by state."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.db.models import Case, Count, F, IntegerField, Q, Value, When

from accounts.lifecycle.accounts import ACCOUNT
from accounts.lifecycle.calendar import add_years
from accounts.lifecycle.policy import Policy
from accounts.lifecycle.states import AccountState, OrderState
from accounts.models import Account, Event, Order, ReturnReason
from accounts.models.period import Period, begins
from accounts.readers.order_times import STAGES, returned_fields
from accounts.readers.waiting import late_before

FLOWS = {
    "submit": "sent",
    "issue_credentials": "issued",
    "reject": "rejected",
    "withdraw": "withdrawn",
    "expire": "withdrawn",
}
"""Which events count as what."""

AGES = (2, 4, 8, 15, 31)
"""The classes of age end before so many calendar days."""

SHOWN_STATES = (AccountState.ACTIVE, AccountState.NOTIFIED, AccountState.SUSPENDED)
MOVES = ("create", "import", *sorted({row.verb for row in ACCOUNT}))
"""What begins an account or changes its state: the index of the history knows verbs."""

WHOLE = "order"
"""A return that says what is missing about the order as a whole."""


def orders_by_month(period: Period) -> list[tuple[date, Counter[str]]]:
    """How many orders were sent, issued, rejected and withdrawn in each month of ``period``. One query."""
    months = period.months()
    found = Event.objects.filter(subject_type=Order.subject_type(), verb__in=FLOWS, **period.bounds())
    found = period.of_orders(found.exclude(verb="withdraw", source=OrderState.DRAFT.value))
    by_month: list[Counter[str]] = [Counter() for _month in months]
    for place, verb, number in _by_place(found, [last for _first, last in months], "verb"):
        by_month[place][FLOWS[verb]] += number
    return [(first, counts) for (first, _last), counts in zip(months, by_month, strict=True)]


@dataclass
class Returns:
    """Why orders were returned: how often, about which field, and with which reason ("" for own words)."""

    number: int = 0
    fields: Counter[str] = field(default_factory=Counter)
    reasons: Counter[tuple[str, str]] = field(default_factory=Counter)


def returns(period: Period) -> Returns:
    """The returns in ``period``, by field and by reason of the catalogue (its id). A stream and one query more."""
    catalogue = list(ReturnReason.objects.all())
    found = Returns()
    for kept in returned_fields(period):
        found.number += 1
        said = [(one["field"], one["text"]) for one in kept.get("comments", [])]
        if kept["comment"]:
            said.append((WHOLE, kept["comment"]))
        found.fields.update({name for name, _text in said})
        found.reasons.update({(name, _reason(text, catalogue)) for name, text in said})
    return found


def _reason(text: str, catalogue: Sequence[ReturnReason]) -> str:
    """The reason of the catalogue whose words stand in ``text``, in either language."""
    return next((str(one.pk) for one in catalogue if one.text_en in text or one.text_nb in text), "")


@dataclass
class Open:
    """The open orders of one stage: by class of age (calendar days in it), and how many are past its target."""

    ages: list[int] = field(default_factory=lambda: [0] * (len(AGES) + 1))
    late: int = 0

    @property
    def number(self) -> int:
        return sum(self.ages)


def open_orders(period: Period, policy: Policy, today: date) -> dict[OrderState, Open]:
    """The orders that are open now, by stage. One query over the index of the worklist."""
    late = Q(pk__in=[])
    for state, entered in late_before(policy, today).items():
        late |= Q(state=state.value, state_since__lt=entered)
    whens = [When(state_since__gte=begins(today - timedelta(days=n - 1)), then=Value(i)) for i, n in enumerate(AGES)]
    age = Case(*whens, default=Value(len(AGES)), output_field=IntegerField())
    rows = Order.objects.filter(state__in=[stage.value for stage in STAGES])
    if period.environment:
        rows = rows.filter(environments__name=period.environment)
    counted = rows.annotate(age=age).order_by().values_list("state", "age")
    found = {stage: Open() for stage in STAGES}
    for state, place, number, too_long in counted.annotate(number=Count("pk"), late=Count("pk", filter=late)):
        found[OrderState(state)].ages[place] += number
        found[OrderState(state)].late += too_long
    return found


@dataclass
class Accounts:
    """Accounts by state at the end of each day named, and how many active ones are silent now."""

    days: list[tuple[date, Counter[str]]] = field(default_factory=list)
    silent: int = 0


def accounts_over_time(period: Period, policy: Policy, today: date) -> Accounts:
    """How many accounts were in which state when each month of ``period`` ended, told back from now. Three queries.

    Silent now: active, and without activity for longer than the policy's [1] year.
    """
    rows = Account.objects.all()
    if period.environment:
        rows = rows.filter(environment__name=period.environment)
    now = Counter(dict(rows.order_by().values_list("state").annotate(Count("pk"))))
    silent = rows.active_past(add_years(today, -policy.inactive_after_years)).count()
    return Accounts(_told_back(period, now, today), silent)


def _told_back(period: Period, now: Counter[str], today: date) -> list[tuple[date, Counter[str]]]:
    """From the newest month to the oldest, take back what happened after its end."""
    ends = [last for _first, last in period.months() if last <= today]
    moves = Event.objects.filter(subject_type=Account.subject_type(), verb__in=MOVES).exclude(source=F("target"))
    after = period.of_accounts(moves)
    if not ends:
        return []
    moved = after.filter(at__gte=begins(ends[0] + timedelta(days=1)))
    changes = [Counter[str]() for _end in [*ends, None]]
    for place, source, target, number in _by_place(moved, ends, "source", "target"):
        changes[place][target] += number
        changes[place][source] -= number
    found, counts = [], Counter(now)
    for place in range(len(ends) - 1, -1, -1):
        counts.subtract(changes[place + 1])
        found.append((ends[place], Counter(counts)))
    return found[::-1]


def _by_place(events: Any, ends: Sequence[date], *columns: str) -> Any:
    """How many events fall before the end of each of ``ends`` (and after the one before), by ``columns``.

    The places are numbered from 0; what comes after the last end has the number after its.
    """
    whens = [When(at__lt=begins(last + timedelta(days=1)), then=Value(place)) for place, last in enumerate(ends)]
    place = Case(*whens, default=Value(len(ends)), output_field=IntegerField())
    return events.order_by().annotate(place=place).values_list("place", *columns).annotate(number=Count("pk"))
