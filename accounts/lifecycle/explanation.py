"""Why the daily check does, or does not do, something with one account: every figure of the decision (DOMAIN.md).

Pure, and no second opinion: the verdict is what ``decide`` gives, and what comes next is found by asking it for the
days to come (``simulate``). Days are those of the portal's time zone (Europe/Oslo by default).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from enum import StrEnum

from accounts.lifecycle.forecast import ONE_DAY, FactsOf, Life, Step, simulate
from accounts.lifecycle.inactivity import (
    Action,
    Decision,
    HoldReason,
    InactivityFacts,
    decide,
    feed_is_current,
    inactive_from,
)
from accounts.lifecycle.policy import Policy
from accounts.lifecycle.sentence import Sentence as _
from accounts.lifecycle.states import AccountState

CHECKED = (AccountState.ACTIVE, AccountState.NOTIFIED)


class Origin(StrEnum):
    """Which of its days the last activity of an account is (DOMAIN.md, "Last activity")."""

    LAST_USED = "last_used"
    KEPT = "kept"
    REACTIVATED = "reactivated"
    ACTIVATED = "activated"
    WATCHED_FROM = "watched_from"


@dataclass(frozen=True)
class LastUse:
    """A last use and who told of it: the feed, what it read, when it was received. Without ``feed``: the import."""

    day: date
    feed: str = ""
    figure: str = ""
    received_on: date | None = None


@dataclass(frozen=True)
class Mail:
    """One mail of the open notice: to whom; ``state`` is queued, delivered, given_up or bounced; on which day."""

    to: str
    state: str
    on: date | None = None
    is_reminder: bool = False


@dataclass(frozen=True)
class Brake:
    """The list of this environment that waits for a person: of which run, how many, is this account on it?

    ``confirmed_on``: the day of the run whose list, with this account on it, a person confirmed in this round.
    """

    run_on: date | None = None
    listed: int = 0
    allowed: int = 0
    has_it: bool = False
    confirmed_on: date | None = None

    @property
    def holds(self) -> bool:
        """Does this account wait until a person confirms the list?"""
        return self.has_it and self.confirmed_on is None


@dataclass(frozen=True)
class Known:
    """What is known beside the facts of the decision: where its figures come from, and what was done about them.

    ``days``: the days that may be the last activity. ``gaps``: the days of the silent period that nobody has reported,
    both ends included. ``received_on``: the day on which the environment's usage was last received.
    ``last_notice``: when the newest round that is over was opened, and who answered it.
    """

    days: Mapping[Origin, date] = field(default_factory=dict)
    last_use: LastUse | None = None
    use_is_unknown: bool = False
    received_on: date | None = None
    gaps: tuple[tuple[date, date], ...] = ()
    held_by: str = ""
    held_because: str = ""
    mails: tuple[Mail, ...] = ()
    last_notice: tuple[date, str] | None = None
    brake: Brake = Brake()


@dataclass(frozen=True)
class Explanation:
    """The decision of ``today`` with its figures. ``decision`` is that of ``decide``, as it is.

    ``coming``: what the checks do from today on if nobody uses or answers, each mail arrives, and usage goes on to be
    reported; it ends with the suspension, or with a hold that no day ends.
    """

    today: date
    policy: Policy
    facts: InactivityFacts
    known: Known
    decision: Decision
    coming: tuple[Step, ...] = ()

    @property
    def is_checked(self) -> bool:
        """Do the rules of inactivity apply to an account in this state?"""
        return self.facts.state in CHECKED

    @property
    def is_braked(self) -> bool:
        """Would it be suspended now, but a person must confirm the list first?"""
        return self.decision.action is Action.SUSPEND and self.known.brake.holds

    @property
    def verdict(self) -> Decision:
        """What the next check does now: the decision, or the brake's hold in place of a suspension."""
        if not self.is_braked:
            return self.decision
        brake = self.known.brake
        why = _(
            "%(why)s But the run of %(day)s would have suspended %(due)s at once, and %(allowed)s go without asking: "
            "a person must confirm the list first.",
            why=self.decision.why,
            day=str(brake.run_on),
            due=brake.listed,
            allowed=brake.allowed,
        )
        return Decision(Action.HOLD, why, HoldReason.MASS_SUSPENSION)

    @property
    def origin(self) -> Origin:
        """Which of the days the last activity is."""
        last = self.facts.last_activity_on
        return next((one for one in Origin if self.known.days.get(one) == last), Origin.WATCHED_FROM)

    @property
    def inactive_from(self) -> date:
        """The first day on which it counts as inactive."""
        return inactive_from(self.facts.last_activity_on, self.policy)

    @property
    def feed_age(self) -> int | None:
        """How many days ago the last day lies that the feed covers; None when nothing was ever received."""
        return (self.today - self.facts.feed_through).days if self.facts.feed_through else None

    @property
    def feed_is_current(self) -> bool:
        """Is the feed young enough to call anybody inactive?"""
        return feed_is_current(self.facts.feed_through, self.policy, self.today)

    def first(self, action: Action) -> date | None:
        """The first day on which a check does ``action``; None when none will."""
        return next((step.day for step in self.coming if step.action is action), None)


def explain(facts: FactsOf, known: Known, *, life: Life, policy: Policy, today: date) -> Explanation:
    """The decision of ``today`` about one account, ``life`` as it stands, with every figure of it.

    ``facts`` gives the account as the check of a day sees it: of ``today`` what is known now, of later days what will
    be known if each day of use is reported and none is this account's.
    """
    now = facts(life, today)
    found = Explanation(today, policy, now, known, decide(now, policy, today))
    if not found.is_checked or found.is_braked:
        return found
    return replace(found, coming=tuple(_coming(found, facts, replace(life))))


def _coming(found: Explanation, facts: FactsOf, life: Life) -> Iterator[Step]:
    """The steps up to the suspension. A feed that is late may be there tomorrow: then the days are asked from then."""
    late = found.decision.reason is HoldReason.FEED_NOT_CURRENT
    first = found.today + ONE_DAY if late else found.today
    last = _horizon(found, facts(life, found.today + ONE_DAY).last_activity_on)
    steps = simulate([life], facts, policy=found.policy, first=first, last=last, living={})
    for step in steps:
        yield step
        if step.action is Action.SUSPEND:
            return


def _horizon(found: Explanation, last_activity_on: date) -> date:
    """A day by which everything is over that can happen while nothing happens.

    ``last_activity_on``: as tomorrow sees it, when a first report may have begun the watch of an unknown use.
    """
    last = max(found.facts.last_activity_on, last_activity_on)
    by = found.facts.notice.answer_by if found.facts.notice else None
    ends = [found.today, inactive_from(last, found.policy), found.facts.held_until, by]
    return max(end for end in ends if end) + timedelta(days=found.policy.answer_days + 3)
