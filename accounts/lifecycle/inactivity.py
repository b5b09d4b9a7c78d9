"""The one decision about an account's inactivity: a pure function over facts, policy and day (DOMAIN.md).

The daily check, its preview, and the guarded update that notifies or suspends all ask ``decide``.
Every date is a day in the portal's time zone (Europe/Oslo by default).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from accounts.lifecycle.calendar import add_years
from accounts.lifecycle.policy import Policy
from accounts.lifecycle.sentence import Sentence
from accounts.lifecycle.sentence import Sentence as _
from accounts.lifecycle.states import AccountState


class Action(StrEnum):
    NOTHING = "nothing"
    NOTIFY = "notify"
    REMIND = "remind"
    CLEAR = "clear"
    SUSPEND = "suspend"
    HOLD = "hold"


class HoldReason(StrEnum):
    FEED_NOT_CURRENT = "feed_not_current"
    NOTICE_NOT_DELIVERED = "notice_not_delivered"
    MASS_SUSPENSION = "mass_suspension"
    HOLD_BY_SUPPORT = "hold_by_support"


@dataclass(frozen=True)
class NoticeFacts:
    """An open notice. ``delivered_on``: day of the first delivery that succeeded; ``undeliverable``: all failed."""

    opened_on: date
    delivered_on: date | None = None
    answer_by: date | None = None
    undeliverable: bool = False
    reminded_on: date | None = None


@dataclass(frozen=True)
class InactivityFacts:
    """What is known of one account.

    ``last_activity_on``: the latest of activated, last used, kept and reactivated, and for an unknown last use
    the day on which we began to watch. ``known_through``: the last day up to which every day after
    ``last_activity_on`` is known, by a feed, an import's statement or an accepted gap. ``feed_through``: the
    last day that the environment's feed covers, None when nothing was ever received. ``held_until``: the last day
    on which Support leaves the account alone, None without a hold.
    """

    state: AccountState
    last_activity_on: date
    known_through: date
    feed_through: date | None
    notice: NoticeFacts | None = None
    held_until: date | None = None


@dataclass(frozen=True)
class Decision:
    """What to do now and, in words, why. ``reason`` is set when the action is HOLD."""

    action: Action
    why: Sentence
    reason: HoldReason | None = None


def inactive_from(last_activity_on: date, policy: Policy) -> date:
    """The first day on which an account counts as inactive: the day after last activity + 1 calendar year."""
    return add_years(last_activity_on, policy.inactive_after_years) + timedelta(days=1)


def is_inactive(last_activity_on: date, policy: Policy, today: date) -> bool:
    """Is ``today`` later than last activity + 1 calendar year? (DOMAIN.md, "Inactive")"""
    return today >= inactive_from(last_activity_on, policy)


def cutoff(policy: Policy, today: date) -> date:
    """The first day of last activity that is not inactive on ``today``: earlier ones are (29 February included)."""
    day = add_years(today, -policy.inactive_after_years)
    while is_inactive(day, policy, today):
        day += timedelta(days=1)
    return day


def answer_by(delivered_on: date, policy: Policy) -> date:
    """The last day of the answer period, which starts on the day of delivery, not when the notice was queued."""
    return delivered_on + timedelta(days=policy.answer_days)


def feed_is_current(feed_through: date | None, policy: Policy, today: date) -> bool:
    """Was a feed received, and is it at most [7] days old?"""
    return feed_through is not None and (today - feed_through).days <= policy.feed_max_age_days


def is_held(held_until: date | None, today: date) -> bool:
    """Does Support leave the account alone today? The last day of a hold is part of it."""
    return held_until is not None and today <= held_until


def hold_problem(until: date, policy: Policy, today: date) -> Sentence | None:
    """Why a hold cannot last through ``until``; None when it can: later than today, at most [365] days ahead."""
    latest = today + timedelta(days=policy.hold_max_days)
    if until <= today:
        return _("The last day must be later than today.")
    if until > latest:
        return _(
            "%(day)s is the latest: an account is left alone for at most %(most)s days.",
            day=latest.isoformat(),
            most=policy.hold_max_days,
        )
    return None


def reminder_due(notice: NoticeFacts, policy: Policy, today: date) -> bool:
    """Is a reminder due today? A missed one goes out with the next run up to ``answer by``, two as one.

    One that would lie before the delivery, in a short answer period, is left out.
    """
    if notice.delivered_on is None or notice.answer_by is None or today > notice.answer_by:
        return False
    due_days = [notice.answer_by - timedelta(days=days) for days in policy.reminder_days]
    passed = [day for day in due_days if notice.delivered_on < day <= today]
    return bool(passed) and (notice.reminded_on is None or notice.reminded_on < max(passed))


def decide(facts: InactivityFacts, policy: Policy, today: date) -> Decision:
    """What the daily check does with one account on ``today``. Asking again after acting gives NOTHING."""
    if facts.state is AccountState.ACTIVE:
        return _decide_active(facts, policy, today)
    if facts.state is AccountState.NOTIFIED and facts.notice is not None:
        return _decide_notified(facts, facts.notice, policy, today)
    return Decision(Action.NOTHING, _("Only active and notified accounts are checked."))


def _decide_active(facts: InactivityFacts, policy: Policy, today: date) -> Decision:
    if not is_inactive(facts.last_activity_on, policy, today):
        due = inactive_from(facts.last_activity_on, policy)
        return Decision(Action.NOTHING, _("Not inactive before %(day)s.", day=due.isoformat()))
    if is_held(facts.held_until, today):
        return _left_alone(facts.held_until)
    if not feed_is_current(facts.feed_through, policy, today):
        return Decision(Action.HOLD, _stale_feed(facts.feed_through), HoldReason.FEED_NOT_CURRENT)
    return Decision(Action.NOTIFY, _("No activity since %(day)s.", day=facts.last_activity_on.isoformat()))


def _decide_notified(facts: InactivityFacts, notice: NoticeFacts, policy: Policy, today: date) -> Decision:
    if not is_inactive(facts.last_activity_on, policy, today):
        return Decision(Action.CLEAR, _("Active since %(day)s.", day=facts.last_activity_on.isoformat()))
    if is_held(facts.held_until, today):
        return _left_alone(facts.held_until)
    if notice.delivered_on is None or notice.answer_by is None:
        return _undelivered(notice)
    if today <= notice.answer_by:
        if reminder_due(notice, policy, today):
            return Decision(Action.REMIND, _("An answer is wanted by %(day)s.", day=notice.answer_by.isoformat()))
        return Decision(Action.NOTHING, _("The answer period runs to %(day)s.", day=notice.answer_by.isoformat()))
    if facts.feed_through is None or facts.feed_through < notice.answer_by:
        return Decision(Action.HOLD, _not_covered(facts.feed_through, notice.answer_by), HoldReason.FEED_NOT_CURRENT)
    if facts.known_through < notice.answer_by:
        return Decision(Action.HOLD, _unknown_day(facts.known_through), HoldReason.FEED_NOT_CURRENT)
    return Decision(Action.SUSPEND, _("No answer came by %(day)s.", day=notice.answer_by.isoformat()))


def _left_alone(until: date | None) -> Decision:
    said = _("Support leaves the account alone until %(day)s.", day=str(until))
    return Decision(Action.HOLD, said, HoldReason.HOLD_BY_SUPPORT)


def _undelivered(notice: NoticeFacts) -> Decision:
    if notice.undeliverable:
        said = _("The notice could not be delivered to anybody: nobody was asked. Find a contact.")
        return Decision(Action.HOLD, said, HoldReason.NOTICE_NOT_DELIVERED)
    return Decision(Action.NOTHING, _("The notice is waiting to be delivered; the answer period has not begun."))


def _stale_feed(feed_through: date | None) -> Sentence:
    if feed_through is None:
        return _("No usage was ever received for this environment: nobody can be called inactive.")
    return _(
        "Usage is covered only through %(day)s: it is too old to call anybody inactive.",
        day=feed_through.isoformat(),
    )


def _not_covered(feed_through: date | None, needed: date) -> Sentence:
    if feed_through is None:
        return _stale_feed(None)
    return _(
        "Usage is covered through %(through)s, but is needed through %(needed)s.",
        through=feed_through.isoformat(),
        needed=needed.isoformat(),
    )


def _unknown_day(known_through: date) -> Sentence:
    return _(
        "Usage on %(day)s is unknown: the account may have been used on a day that nobody has reported.",
        day=(known_through + timedelta(days=1)).isoformat(),
    )
