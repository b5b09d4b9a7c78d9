"""The inactivity procedure on a day to come: the same rules, run ahead over the facts that are known now.

``simulate`` does what the daily checks will do; here are its facts, and what a page shows of it. It writes nothing.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import groupby
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q

from accounts.lifecycle.forecast import ONE_DAY, Life, Step, simulate
from accounts.lifecycle.inactivity import Action, InactivityFacts, NoticeFacts, cutoff
from accounts.lifecycle.policy import Policy
from accounts.lifecycle.states import AccountState, NoticeOutcome
from accounts.models import Account, Hold, Message, MessageState, Notice, SuspensionList
from accounts.models.watch import Watch, fed, watches

AHEAD = 90  # days
PAGE = 25  # rows
LIVING = (AccountState.ACTIVE.value, AccountState.NOTIFIED.value)
NOTICE_MAIL = "inactivity_notice"
KINDS = {
    Action.SUSPEND: "suspended",
    Action.NOTIFY: "notified",
    Action.REMIND: "reminded",
    Action.CLEAR: "cleared",
    Action.HOLD: "held",
}
"""What the steps are called, in the order in which a page lists those of one day."""

Place = tuple[date, int, UUID]
_RANK = {action: rank for rank, action in enumerate(KINDS)}


@dataclass(frozen=True)
class Question:
    """Which forecast: from ``today`` (Europe/Oslo) on, under ``policy``, looked at on the day ``on``, [90] days ahead.

    ``feeds_stop``: no usage is received any more; otherwise each feed covers the day before each check.
    ``environment`` and ``organisation`` narrow what is shown, by id; the brake still counts everybody.
    """

    policy: Policy
    today: date
    on: date
    feeds_stop: bool = False
    environment: UUID | None = None
    organisation: UUID | None = None
    kind: str = ""

    @property
    def last(self) -> date:
        """The last day that is shown."""
        return self.on + timedelta(days=AHEAD - 1)


@dataclass(slots=True)
class Row:
    """The columns of an account that the rules look at, as they are today."""

    pk: UUID
    environment_id: UUID
    organisation_id: UUID
    state: str
    last_activity_on: date
    last_used_on: date | None
    watched_from: date | None
    kept_on: date | None
    reactivated_on: date | None
    stated_through: date | None

    @property
    def last_use_is_unknown(self) -> bool:
        return self.last_used_on is None and self.watched_from is not None


@dataclass
class Outlook:
    """What a forecast comes to: how many of each kind by day from ``on`` on, and one page of the steps.

    ``gone`` are the days of last activity of those suspended before ``on``; ``states`` how the numbers of accounts
    in a state have moved by then; ``held`` why those are left alone that are at the end of the days.
    """

    by_day: Counter[tuple[date, str]] = field(default_factory=Counter)
    rows: list[Step] = field(default_factory=list)
    before: str = ""
    after: str = ""
    gone: Counter[date] = field(default_factory=Counter)
    states: Counter[str] = field(default_factory=Counter)
    held: Counter[str] = field(default_factory=Counter)

    def number(self, kind: str) -> int:
        """How many steps of a kind there are in the days shown."""
        return sum(number for (_day, of_kind), number in self.by_day.items() if of_kind == kind)


class Forecast:
    """The facts of one question, read once, and the steps that follow from them. Seven queries in all."""

    def __init__(self, question: Question) -> None:
        self.question = question
        self._watches = _Watches(watches(), question)
        self.rows: dict[UUID, Row] = {}
        for row in _candidates(question):
            self.rows[row.pk] = row
        notices = open_notices()
        confirmed = _confirmed()
        self._held_until = dict(Hold.objects.running(question.today).values_list("account_id", "until"))
        self._lives = [
            Life(row.pk, row.environment_id, AccountState(row.state), notices.get(row.pk), confirmed.get(row.pk))
            for row in self.rows.values()
        ]

    def steps(self) -> Iterator[Step]:
        """Every step from today through the last day, by day; of one day in the order of the page. Call it once."""
        asked = self.question
        found = simulate(
            self._lives, self._facts, policy=asked.policy, first=asked.today, last=asked.last, living=_living(asked)
        )
        for _day, steps in groupby(found, key=lambda step: step.day):
            yield from sorted(steps, key=_place)

    def shows(self, step: Step) -> bool:
        """Is this step one of those that are asked for?"""
        asked = self.question
        if asked.kind and KINDS.get(step.action) != asked.kind:
            return False
        return asked.organisation is None or self.rows[step.life.key].organisation_id == asked.organisation

    def _facts(self, life: Life, day: date) -> InactivityFacts:
        row = self.rows[life.key]
        held_until = self._held_until.get(life.key)
        facts = self._watches.at(life.environment, day).facts(row, life.notice, held_until)
        return facts if facts.state is life.stands else replace(facts, state=life.stands)


def look_ahead(forecast: Forecast, asked: Mapping[str, str]) -> Outlook:
    """Run the forecast: numbers by day, and the page of steps that ``asked`` names (after, before a key)."""
    outlook, pages = Outlook(), _Pages(asked)
    on = forecast.question.on
    for step in forecast.steps():
        _count(outlook, step, forecast, on)
        if step.day >= on and step.action in KINDS and forecast.shows(step):
            pages.take(step)
    outlook.rows, outlook.before, outlook.after = pages.shown()
    return outlook


def _count(outlook: Outlook, step: Step, forecast: Forecast, on: date) -> None:
    asked = forecast.question
    if asked.organisation is not None and forecast.rows[step.life.key].organisation_id != asked.organisation:
        return
    if step.day >= on:
        if step.action in KINDS:
            outlook.by_day[step.day, KINDS[step.action]] += 1
        return
    if step.action is Action.NOTIFY:
        outlook.states.update({"notified": 1, "active": -1})
    elif step.action is Action.CLEAR:
        outlook.states.update({"notified": -1, "active": 1})
    elif step.action is Action.SUSPEND:
        outlook.states.update({"notified": -1, "suspended": 1})
        outlook.gone[forecast.rows[step.life.key].last_activity_on] += 1


class _Pages:
    """Keeps one page of a stream of steps: those after a key, or the last ones before it."""

    def __init__(self, asked: Mapping[str, str]) -> None:
        self._before = _read(asked.get("before", ""))
        self._after = None if self._before else _read(asked.get("after", ""))
        self._rows: deque[Step] = deque(maxlen=PAGE + 1 if self._before else None)
        self._later = False

    def take(self, step: Step) -> None:
        if self._before is not None:
            if _place(step) < self._before:
                self._rows.append(step)
            else:
                self._later = True
        elif len(self._rows) <= PAGE and (self._after is None or _place(step) > self._after):
            self._rows.append(step)

    def shown(self) -> tuple[list[Step], str, str]:
        """The rows, and the keys of the pages before and after them ("" where there is none)."""
        rows = list(self._rows)
        if self._before:
            more, rows = len(rows) > PAGE, rows[-PAGE:]
            return rows, key_of(rows[0]) if more else "", key_of(rows[-1]) if rows and self._later else ""
        more, rows = len(rows) > PAGE, rows[:PAGE]
        return rows, key_of(rows[0]) if rows and self._after else "", key_of(rows[-1]) if more else ""


def key_of(step: Step) -> str:
    """The place of a step in the list, as it stands in a URL."""
    day, rank, key = _place(step)
    return f"{day.isoformat()}~{rank}~{key}"


def _read(text: str) -> Place | None:
    """The place that ``text`` says; None when it is not one."""
    try:
        day, rank, key = text.split("~")
        return date.fromisoformat(day), int(rank), UUID(key)
    except ValueError:
        return None


def _place(step: Step) -> Place:
    return step.day, _RANK.get(step.action, len(_RANK)), step.life.key


class _Watches:
    """What is known of each environment's use on a day to come."""

    def __init__(self, known: Mapping[UUID, Watch], question: Question) -> None:
        self._known, self._question = known, question
        self._day = date.min
        self._of_day: dict[UUID, Watch] = {}

    def at(self, environment: UUID, day: date) -> Watch:
        """The watch as the check of ``day`` will see it."""
        if day != self._day:
            self._day, self._of_day = day, {}
        if environment not in self._of_day:
            self._of_day[environment] = self._on(environment, day)
        return self._of_day[environment]

    def _on(self, environment: UUID, day: date) -> Watch:
        now = self._known.get(environment, Watch())
        if self._question.feeds_stop:
            return now
        first = now.feed_through + ONE_DAY if now.feed_through else self._question.today
        return fed(now, first, day - ONE_DAY)


def open_notices() -> dict[UUID, NoticeFacts]:
    """The open notice of each account that has one, as the check sees it. One query."""
    mails = Message.objects.filter(notice=OuterRef("pk"), kind=NOTICE_MAIL)
    waiting = Exists(mails.exclude(state=MessageState.GIVEN_UP.value))
    found = Notice.objects.filter(outcome=NoticeOutcome.OPEN.value).annotate(waiting=waiting)
    return {notice.account_id: notice.facts(undeliverable=not notice.waiting) for notice in found.iterator()}


def _candidates(question: Question) -> Iterator[Row]:
    """The accounts that can be due by the last day: every notified one, and the active ones silent for long enough."""
    silent = Q(state=AccountState.ACTIVE.value, last_activity_on__lt=cutoff(question.policy, question.last))
    found = Account.objects.filter(Q(state=AccountState.NOTIFIED.value) | silent)
    if question.environment is not None:
        found = found.filter(environment=question.environment)
    return (Row(*values) for values in found.values_list(*Row.__slots__).iterator())


def _confirmed() -> dict[UUID, date]:
    """Notified accounts on lists that a person confirmed, each with the day of the newest such list's run."""
    rows = SuspensionList.accounts.through.objects.filter(
        suspensionlist__confirmed_at__isnull=False, account__state=AccountState.NOTIFIED.value
    )
    return dict(rows.order_by("suspensionlist__run_on").values_list("account_id", "suspensionlist__run_on"))


def _living(question: Question) -> dict[UUID, int]:
    living = Account.objects.filter(state__in=LIVING)
    if question.environment is not None:
        living = living.filter(environment=question.environment)
    return dict(living.order_by().values_list("environment").annotate(Count("pk")))
