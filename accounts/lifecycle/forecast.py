"""What the daily checks of the days to come will do if nothing happens but the checks: a simulation of ``decide``.

Pure: accounts go in as plain lives, steps come out day by day. It assumes that nobody uses or answers, that each
notice is delivered on the day on which it opens, and that nobody confirms a braked list. Days are Europe/Oslo.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from uuid import UUID

from accounts.lifecycle import brake
from accounts.lifecycle.inactivity import (
    Action,
    Decision,
    HoldReason,
    InactivityFacts,
    NoticeFacts,
    answer_by,
    decide,
    inactive_from,
)
from accounts.lifecycle.policy import Policy
from accounts.lifecycle.sentence import Sentence
from accounts.lifecycle.sentence import Sentence as _
from accounts.lifecycle.states import AccountState

ONE_DAY = timedelta(days=1)


@dataclass(slots=True)
class Life:
    """One account on its way through the days: where it ``stands`` and its notice move on; ``held`` is why it is
    left alone now.

    ``confirmed_on``: the day of the newest run whose list, with this account on it, a person confirmed.
    """

    key: UUID
    environment: UUID
    stands: AccountState
    notice: NoticeFacts | None = None
    confirmed_on: date | None = None
    held: HoldReason | None = None

    @property
    def is_confirmed(self) -> bool:
        """Did a person confirm a list with this account on it since its answer period ended?"""
        by = self.notice.answer_by if self.notice else None
        return self.confirmed_on is not None and by is not None and self.confirmed_on > by


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that the check of ``day`` does with one account. HOLD stands once, on the day on which it begins;

    NOTHING ends a hold after which nothing else is due.
    """

    day: date
    life: Life
    action: Action
    why: Sentence
    reason: HoldReason | None = None


FactsOf = Callable[[Life, date], InactivityFacts]
"""An account, as the check of a day will see it."""


@dataclass
class _Days:
    """What is due when, and what the brake holds, while the days pass."""

    policy: Policy
    facts: FactsOf
    living: dict[UUID, int]
    agenda: dict[date, list[Life]] = field(default_factory=lambda: defaultdict(list))
    braked: dict[UUID, dict[UUID, Life]] = field(default_factory=lambda: defaultdict(dict))

    def check(self, day: date) -> Iterator[Step]:
        """The check of one day."""
        due: dict[UUID, list[tuple[Life, Decision]]] = defaultdict(list)
        for life in self.agenda.pop(day, ()):
            yield from self._look(life, day, due)
        for environment in sorted({*due, *(one for one, held in self.braked.items() if held)}):
            yield from self._suspend(environment, due.get(environment, []), day)

    def _look(self, life: Life, day: date, due: dict[UUID, list[tuple[Life, Decision]]]) -> Iterator[Step]:
        facts = self.facts(life, day)
        decision = decide(facts, self.policy, day)
        match decision.action:
            case Action.SUSPEND:
                due[life.environment].append((life, decision))
                return
            case Action.CLEAR:
                life.stands, life.notice, life.held = AccountState.ACTIVE, None, None
                yield Step(day, life, Action.CLEAR, decision.why)
                yield from self._look(life, day, due)
                return
            case Action.HOLD:
                yield from self._hold(life, decision, day)
            case Action.NOTHING:
                if life.held is not None:
                    life.held = None
                    yield Step(day, life, Action.NOTHING, decision.why)
            case action:
                life.held = None
                yield Step(day, life, action, decision.why)
        _move_on(life, decision, self.policy, day)
        later = next_look(decision, facts, life.notice, self.policy, day)
        if later is not None:
            self.agenda[later].append(life)

    def _hold(self, life: Life, decision: Decision, day: date) -> Iterator[Step]:
        if life.held is not decision.reason:
            life.held = decision.reason
            yield Step(day, life, Action.HOLD, decision.why, decision.reason)

    def _suspend(self, environment: UUID, due: list[tuple[Life, Decision]], day: date) -> Iterator[Step]:
        """Suspend what is due in one environment, or hold those that nobody confirmed where they are too many."""
        waiting, living = self.braked[environment], self.living.get(environment, 0)
        number = len(due) + len(waiting)
        asked = bool(waiting) or not all(life.is_confirmed for life, _decision in due)
        held = asked and brake.is_on(number, living, self.policy)
        for life, decision in due:
            if held and not life.is_confirmed:
                waiting[life.key] = life
                why = too_many(number, brake.allowed(living, self.policy))
                yield from self._hold(life, Decision(Action.HOLD, why, HoldReason.MASS_SUSPENSION), day)
            else:
                yield self._suspended(life, decision.why, day)
        if not held:
            for life in waiting.values():
                yield self._suspended(life, no_answer(life), day)
            waiting.clear()

    def _suspended(self, life: Life, why: Sentence, day: date) -> Step:
        life.stands, life.held = AccountState.SUSPENDED, None
        self.living[life.environment] = self.living.get(life.environment, 0) - 1
        return Step(day, life, Action.SUSPEND, why)


def simulate(
    lives: Iterable[Life], facts: FactsOf, *, policy: Policy, first: date, last: date, living: Mapping[UUID, int]
) -> Iterator[Step]:
    """The steps of the checks from ``first`` to ``last``, day by day; the lives move along with them.

    ``living``: how many active and notified accounts each environment has on ``first``, for the brake. An account is
    looked at only on days on which something can change: the time goes with what happens, not with the days.
    """
    days = _Days(policy, facts, dict(living))
    for life in lives:
        days.agenda[_first_look(life, facts, policy, first)].append(life)
    day = first
    while day <= last:
        yield from days.check(day)
        day += ONE_DAY


def _first_look(life: Life, facts: FactsOf, policy: Policy, first: date) -> date:
    if life.stands is not AccountState.ACTIVE:
        return first
    return max(first, inactive_from(facts(life, first).last_activity_on, policy))


def _move_on(life: Life, decision: Decision, policy: Policy, day: date) -> None:
    """What the check and the post room of that day make of the account: notified, reminded, delivered."""
    if decision.action is Action.NOTIFY:
        life.stands = AccountState.NOTIFIED
        life.notice = NoticeFacts(day, day, answer_by(day, policy))
    elif decision.action is Action.REMIND and life.notice is not None:
        life.notice = replace(life.notice, reminded_on=day)
    elif decision.action is Action.NOTHING and life.notice is not None and life.notice.delivered_on is None:
        life.notice = replace(life.notice, delivered_on=day, answer_by=answer_by(day, policy))


def next_look(
    decision: Decision, facts: InactivityFacts, notice: NoticeFacts | None, policy: Policy, day: date
) -> date | None:
    """The next day on which another decision is possible though nothing happens; None: never.

    ``notice`` is the notice after the check of ``day``.
    """
    if decision.reason is HoldReason.FEED_NOT_CURRENT:
        # a feed that begins now is there tomorrow; a day that was missed stays unknown
        return day + ONE_DAY if facts.feed_through is None else None
    if decision.reason is HoldReason.HOLD_BY_SUPPORT and facts.held_until is not None:
        return facts.held_until + ONE_DAY
    if decision.reason is not None:
        return None
    if notice is None:
        return max(day + ONE_DAY, inactive_from(facts.last_activity_on, policy))
    if notice.answer_by is None:
        return None
    reminders = (notice.answer_by - timedelta(days=number) for number in policy.reminder_days)
    return min((one for one in reminders if one > day), default=max(day, notice.answer_by) + ONE_DAY)


def no_answer(life: Life) -> Sentence:
    """Why a suspension that the brake held is carried out."""
    by = life.notice.answer_by if life.notice else None
    return _("No answer came by %(day)s.", day=by.isoformat() if by else "")


def too_many(due: int, allowed: int) -> Sentence:
    """Why the brake holds an account."""
    return _("%(due)s suspensions at once; %(allowed)s go without asking.", due=due, allowed=allowed)
