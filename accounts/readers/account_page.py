"""What the owner and the technical contact see of their accounts: last use, what comes next, calls by month."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Max, Q, QuerySet, Sum
from django.db.models.functions import TruncMonth

from accounts.lifecycle.actor import Actor
from accounts.lifecycle.explained import plain
from accounts.lifecycle.explanation import Explanation
from accounts.lifecycle.inactivity import inactive_from
from accounts.lifecycle.policy import Policy
from accounts.lifecycle.states import AccountState, NoticeOutcome
from accounts.models import Account, Coverage, Credential, DailyUsage, Hold, Notice
from accounts.models.watch import Watch, watches
from accounts.readers import paging, verdicts

BY_NAME = paging.Order("client_id")
RECENT_DAYS = 30
AT_A_GLANCE = 6  # accounts
MONTHS = 12


@dataclass(frozen=True)
class Card:
    """One account as its people see it on ``today``.

    ``notice`` is the open round of the inactivity procedure, ``to_collect`` an issued secret that waits,
    ``notice_from`` the day from which a notice may come if the account stays unused (active accounts only), ``hold``
    that by Support, through whose last day no notice comes, ``held`` why a notified account is not suspended now.
    """

    account: Account
    today: date
    notice: Notice | None = None
    to_collect: Credential | None = None
    notice_from: date | None = None
    recent_calls: int = 0
    hold: Hold | None = None
    held: Explanation | None = None

    @property
    def held_because(self) -> dict[str, Any]:
        """Why it is held, in plain words, as a template says it."""
        return plain(self.held).plain() if self.held else {}

    @property
    def never_used(self) -> bool:
        """Nobody called, and we know it: not the same as an unknown last use."""
        return self.account.last_used_on is None and not self.account.last_use_is_unknown

    @property
    def unused_days(self) -> int | None:
        """Days since the last use."""
        return (self.today - self.account.last_used_on).days if self.account.last_used_on else None

    @property
    def notice_in_days(self) -> int | None:
        """Days until a notice may come; 0 when the next check may send one."""
        return max(0, (self.notice_from - self.today).days) if self.notice_from else None

    @property
    def safe_until(self) -> date | None:
        """The last day on which no notice can come, if nobody uses the account; None where none is due."""
        return self.notice_from - timedelta(days=1) if self.notice_from else None

    @property
    def days_to_answer(self) -> int | None:
        """Days from today to the last day to answer, 0 on that day itself; None before the notice was delivered."""
        if self.notice is None or self.notice.answer_by is None:
            return None
        return max(0, (self.notice.answer_by - self.today).days)

    @property
    def answer_is_late(self) -> bool:
        """Is the last day to answer over? An answer still counts until the suspension (DOMAIN.md)."""
        return self.notice is not None and self.notice.answer_by is not None and self.notice.answer_by < self.today


@dataclass(frozen=True)
class Bar:
    """One month of the chart: x, width, top and height as SVG attributes; ``middle`` is where its label stands."""

    month: date
    calls: int
    x: str
    width: str
    middle: str
    top: int
    height: int
    labelled: bool


def mine(by: Actor) -> QuerySet[Account]:
    """The accounts whose owner or technical contact ``by`` is, whatever roles they hold besides."""
    owned = Q(owner_id=by.id)
    return Account.objects.filter(owned | Q(technical_email=by.email.lower()) if by.email else owned)


def my_accounts(
    by: Actor, asked: Mapping[str, str], policy: Policy, today: date, narrowed: Q | None = None
) -> tuple[list[Card], paging.Page[Account]]:
    """One page of the accounts of ``by``, by client id. The number of queries does not grow with the rows."""
    accounts = mine(by).filter(narrowed or Q()).select_related("environment", "organisation", "owner")
    shown = paging.page(accounts, BY_NAME, asked)
    return cards(shown.rows, policy, today), shown


def narrowed(text: str = "", state: str = "", environment: str = "") -> Q:
    """The condition of the filter: a word of the client id, the organisation or the system; "" asks for nothing."""
    wanted = Q()
    if text and "\0" not in text:
        wanted &= (
            Q(client_id__icontains=text) | Q(organisation__name__icontains=text)
            | Q(organisation__number=text.replace(" ", "")) | Q(system__icontains=text)
        )  # fmt: skip
    if state:
        wanted &= Q(state=state)
    return wanted & Q(environment__name=environment) if environment else wanted


def has_many(by: Actor) -> bool:
    """Does ``by`` have more accounts than one sees at a glance? One query."""
    return len(mine(by).values_list("pk")[: AT_A_GLANCE + 1]) > AT_A_GLANCE


def waiting_for_answer(by: Actor) -> int:
    """How many accounts of ``by`` have an open notice, on whatever page of the list they stand. One query."""
    return mine(by).filter(state=AccountState.NOTIFIED.value).count()


def cards(accounts: Sequence[Account], policy: Policy, today: date) -> list[Card]:
    """A card for each of ``accounts``, in their order."""
    notices = {n.account_id: n for n in Notice.objects.filter(account__in=accounts, outcome=NoticeOutcome.OPEN.value)}
    waiting = Credential.objects.filter(account__in=accounts, destroyed_at__isnull=True, collect_by__isnull=False)
    to_collect = {row.account_id: row for row in waiting.defer("sealed_secret")}
    calls = recent_calls(accounts, today)
    held = Hold.objects.by_account([account.pk for account in accounts], today)
    asked = [(account, notices[account.pk]) for account in accounts if account.pk in notices]
    why = verdicts.held(asked, policy, today)
    watched = watches() if any(account.last_use_is_unknown for account in accounts) else {}
    return [
        Card(
            a,
            today,
            notices.get(a.pk),
            to_collect.get(a.pk),
            _after(held.get(a.pk), notice_from(a, watched, policy)),
            calls.get(a.pk, 0),
            held.get(a.pk),
            why.get(a.pk),
        )
        for a in accounts
    ]


def _after(hold: Hold | None, day: date | None) -> date | None:
    """The first day for a notice when the account is left alone until then."""
    return max(day, hold.until + timedelta(days=1)) if hold and day else day


def card(account: Account, policy: Policy, today: date) -> Card:
    """The card of one account."""
    return cards([account], policy, today)[0]


def notice_from(account: Account, watched: Mapping[UUID, Watch], policy: Policy) -> date | None:
    """The first day on which ``account`` counts as inactive if nobody uses it; None unless it is active."""
    if account.state != AccountState.ACTIVE.value:
        return None
    facts = watched.get(account.environment_id, Watch()).facts(account, None)
    return inactive_from(facts.last_activity_on, policy)


def recent_calls(accounts: Iterable[Account], today: date) -> dict[UUID, int]:
    """Calls in the last [30] days by account; an account without any is left out."""
    since = today - timedelta(days=RECENT_DAYS - 1)
    usage = DailyUsage.objects.filter(account__in=list(accounts), day__gte=since, day__lte=today)
    return dict(usage.order_by().values_list("account").annotate(Sum("calls")))


def known_through(environments: Iterable[UUID]) -> dict[UUID, date]:
    """The last day that each environment's feed covers; an environment that never had one is left out."""
    fed = Coverage.objects.filter(environment__in=list(environments), accepted_by="").order_by()
    return dict(fed.values_list("environment").annotate(Max("last_day")))


def known_through_of(account: Account) -> date | None:
    """The last day that the feed of the account's environment covers; None when there never was one."""
    return known_through([account.environment_id]).get(account.environment_id)


def months(account: Account, today: date) -> list[tuple[date, int]]:
    """Calls of ``account`` by month: the [12] months up to that of ``today``, the oldest first. One query."""
    first = _months_back(today, MONTHS - 1)
    usage = DailyUsage.objects.filter(account=account, day__gte=first, day__lte=today).order_by()
    found = dict(usage.annotate(month=TruncMonth("day")).values_list("month").annotate(Sum("calls")))
    wanted = [_months_back(today, back) for back in range(MONTHS - 1, -1, -1)]
    return [(month, found.get(month, 0)) for month in wanted]


def bars(of: Sequence[tuple[date, int]], height: int) -> list[Bar]:
    """The bars of a chart ``height`` pixels high; a month with calls is at least 3 pixels high."""
    most = max((calls for _month, calls in of), default=0) or 1
    slot = 100 / len(of)
    drawn = []
    for place, (month, calls) in enumerate(of):
        tall = max(3, round(height * calls / most)) if calls else 0
        drawn.append(
            Bar(
                month, calls, f"{place * slot + slot * 0.14:.2f}%", f"{slot * 0.72:.2f}%",
                f"{(place + 0.5) * slot:.2f}%", height - tall, tall, labelled=(len(of) - 1 - place) % 2 == 0,
            )
        )  # fmt: skip
    return drawn


def _months_back(day: date, months: int) -> date:
    """The first day of the month ``months`` before that of ``day``."""
    count = day.year * 12 + day.month - 1 - months
    return date(count // 12, count % 12 + 1, 1)
