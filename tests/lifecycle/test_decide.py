"""The one decision about inactivity: a table of cases for each action and each boundary."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

import pytest

from accounts.lifecycle.inactivity import (
    Action,
    Decision,
    HoldReason,
    InactivityFacts,
    NoticeFacts,
    answer_by,
    decide,
    feed_is_current,
    inactive_from,
    is_inactive,
)
from accounts.lifecycle.policy import Policy
from accounts.lifecycle.states import AccountState

POLICY = Policy()
LAST = date(2025, 3, 10)  # last activity: inactive from 2026-03-11
OPENED = date(2026, 3, 11)
DELIVERED = date(2026, 3, 12)
ANSWER_BY = date(2026, 4, 11)
LONG_KNOWN = date(2026, 12, 31)


def active(last: date = LAST, feed: date | None = None, known: date = LONG_KNOWN) -> InactivityFacts:
    return InactivityFacts(AccountState.ACTIVE, last, known, feed)


def notified(
    *,
    last: date = LAST,
    feed: date | None = LONG_KNOWN,
    known: date = LONG_KNOWN,
    delivered: date | None = DELIVERED,
    undeliverable: bool = False,
    reminded: date | None = None,
) -> InactivityFacts:
    until = answer_by(delivered, POLICY) if delivered else None
    notice = NoticeFacts(OPENED, delivered, until, undeliverable, reminded)
    return InactivityFacts(AccountState.NOTIFIED, last, known, feed, notice)


@dataclass(frozen=True)
class Case:
    name: str
    facts: InactivityFacts
    today: date
    action: Action
    reason: HoldReason | None = None


N, FEED = Action.NOTHING, HoldReason.FEED_NOT_CURRENT
CASES = [
    # An active account.
    Case("exactly one year", active(feed=date(2026, 3, 10)), date(2026, 3, 10), N),
    Case("one day later", active(feed=date(2026, 3, 11)), date(2026, 3, 11), Action.NOTIFY),
    Case("long silent, found late", active(feed=date(2027, 1, 1)), date(2027, 1, 1), Action.NOTIFY),
    Case("the feed is 7 days old", active(feed=date(2026, 3, 4)), date(2026, 3, 11), Action.NOTIFY),
    Case("the feed is 8 days old", active(feed=date(2026, 3, 3)), date(2026, 3, 11), Action.HOLD, FEED),
    Case("no feed was ever received", active(feed=None), date(2026, 3, 11), Action.HOLD, FEED),
    Case("not inactive and no feed", active(feed=None), date(2026, 3, 10), N),
    Case("a gap does not keep from asking", active(feed=OPENED, known=LAST), OPENED, Action.NOTIFY),
    Case("29 February, a year later", active(date(2024, 2, 29), date(2025, 2, 28)), date(2025, 2, 28), N),
    Case("29 February, the day after", active(date(2024, 2, 29), date(2025, 3, 1)), date(2025, 3, 1), Action.NOTIFY),
    # The answer period.
    Case("the day of delivery", notified(), DELIVERED, N),
    Case("15 days before", notified(), date(2026, 3, 27), N),
    Case("14 days before", notified(), date(2026, 3, 28), Action.REMIND),
    Case("14 days before, reminded today", notified(reminded=date(2026, 3, 28)), date(2026, 3, 28), N),
    Case("the day after, reminded", notified(reminded=date(2026, 3, 28)), date(2026, 3, 29), N),
    Case("the first was missed", notified(), date(2026, 4, 2), Action.REMIND),
    Case("the first went late", notified(reminded=date(2026, 4, 2)), date(2026, 4, 7), N),
    Case("3 days before", notified(reminded=date(2026, 3, 28)), date(2026, 4, 8), Action.REMIND),
    Case("3 days before, reminded today", notified(reminded=date(2026, 4, 8)), date(2026, 4, 8), N),
    Case("the second was missed", notified(reminded=date(2026, 3, 28)), ANSWER_BY, Action.REMIND),
    Case("both were missed", notified(), date(2026, 4, 10), Action.REMIND),
    Case("both were missed and went as one", notified(reminded=date(2026, 4, 10)), ANSWER_BY, N),
    Case("the last day", notified(reminded=date(2026, 4, 8)), ANSWER_BY, N),
    Case("a reminder does not wait for a feed", notified(feed=None), date(2026, 4, 8), Action.REMIND),
    Case("no reminder after the last day", notified(), date(2026, 4, 12), Action.SUSPEND),
    # The end of the answer period.
    Case("the day after", notified(reminded=date(2026, 4, 8)), date(2026, 4, 12), Action.SUSPEND),
    Case("a run that comes late", notified(), date(2026, 9, 1), Action.SUSPEND),
    Case("covered exactly through", notified(feed=ANSWER_BY, known=ANSWER_BY), date(2026, 4, 12), Action.SUSPEND),
    Case("covered to the day before", notified(feed=date(2026, 4, 10)), date(2026, 4, 12), Action.HOLD, FEED),
    Case("never covered", notified(feed=None, known=LAST), date(2026, 4, 12), Action.HOLD, FEED),
    Case("a day unknown", notified(known=date(2025, 8, 1)), date(2026, 4, 12), Action.HOLD, FEED),
    Case("the last day unknown", notified(known=date(2026, 4, 10)), date(2026, 4, 12), Action.HOLD, FEED),
    Case("an old feed that covers", notified(feed=ANSWER_BY, known=ANSWER_BY), date(2026, 6, 1), Action.SUSPEND),
    # Nobody was asked.
    Case("not delivered yet", notified(delivered=None), date(2026, 3, 20), N),
    Case("not delivered for a year", notified(delivered=None), date(2027, 3, 20), N),
    Case(
        "refused by all",
        notified(delivered=None, undeliverable=True),
        date(2026, 3, 20),
        Action.HOLD,
        HoldReason.NOTICE_NOT_DELIVERED,
    ),
    Case("one contact got it", notified(undeliverable=True), date(2026, 4, 12), Action.SUSPEND),
    # Use, whenever it is found out.
    Case("used yesterday", notified(last=date(2026, 3, 19)), date(2026, 3, 20), Action.CLEAR),
    Case("late usage", notified(last=date(2025, 4, 12)), date(2026, 4, 12), Action.CLEAR),
    Case("late usage, too old to help", notified(last=date(2025, 4, 11)), date(2026, 4, 12), Action.SUSPEND),
    Case("used, never delivered", notified(last=DELIVERED, delivered=None), date(2026, 4, 12), Action.CLEAR),
    Case("used, no feed since", notified(last=DELIVERED, feed=None), date(2026, 4, 12), Action.CLEAR),
    Case("used, undeliverable", notified(last=DELIVERED, undeliverable=True), date(2026, 4, 12), Action.CLEAR),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_decision(case: Case) -> None:
    decision = decide(case.facts, POLICY, case.today)
    assert (decision.action, decision.reason) == (case.action, case.reason)
    assert "%" not in str(decision.why), "the reason is a sentence with its values filled in"
    assert str(decision.why)


@pytest.mark.parametrize("state", ["pending", "suspended", "closed"])
def test_other_accounts_are_left_alone(state: str) -> None:
    facts = replace(active(feed=LONG_KNOWN), state=AccountState(state))
    assert decide(facts, POLICY, date(2030, 1, 1)).action is Action.NOTHING


def test_a_notified_account_without_a_notice_is_left_alone() -> None:
    facts = replace(notified(), notice=None)
    assert decide(facts, POLICY, date(2030, 1, 1)).action is Action.NOTHING


def said(decision: Decision) -> str:
    return str(decision.why)


def test_the_reason_names_the_day_that_counts() -> None:
    assert said(decide(active(), POLICY, LAST)) == "Not inactive before 2026-03-11."
    assert said(decide(active(feed=OPENED), POLICY, OPENED)) == "No activity since 2025-03-10."
    late = date(2026, 4, 12)
    assert said(decide(notified(feed=date(2026, 4, 9)), POLICY, late)) == (
        "Usage is covered through 2026-04-09, but is needed through 2026-04-11."
    )
    assert said(decide(notified(known=date(2025, 7, 31)), POLICY, late)).startswith("Usage on 2025-08-01 is unknown")
    assert said(decide(notified(), POLICY, late)) == "No answer came by 2026-04-11."
    assert said(decide(active(feed=date(2026, 3, 1)), POLICY, OPENED)).startswith("Usage is covered only through")
    assert said(decide(active(), POLICY, OPENED)).startswith("No usage was ever received")


def test_every_day_between_notice_and_suspension_with_a_run_a_day() -> None:
    """What a contact gets when the check runs daily: two reminders, then the suspension, each once."""
    facts, seen = notified(), []
    day = DELIVERED
    while day <= ANSWER_BY + timedelta(days=1):
        decision = decide(facts, POLICY, day)
        if decision.action is Action.REMIND:
            assert facts.notice is not None
            facts = replace(facts, notice=replace(facts.notice, reminded_on=day))
            assert decide(facts, POLICY, day).action is Action.NOTHING, "asked again on the same day"
        if decision.action is not Action.NOTHING:
            seen.append((decision.action.value, (ANSWER_BY - day).days))
        day += timedelta(days=1)
    assert seen == [("remind", 14), ("remind", 3), ("suspend", -1)]


def test_a_reminder_is_not_due_on_a_day_before_the_notice_was_delivered() -> None:
    """An answer period shorter than a reminder's lead leaves that reminder out, instead of doubling the notice."""
    policy = Policy(answer_days=10)
    notice = NoticeFacts(OPENED, DELIVERED, answer_by(DELIVERED, policy))
    facts = replace(notified(), notice=notice)
    days = [DELIVERED + timedelta(days=days) for days in range(11)]
    first = next(day for day in days if decide(facts, policy, day).action is Action.REMIND)
    assert first == DELIVERED + timedelta(days=7)


def test_the_policys_numbers_are_the_ones_used() -> None:
    policy = Policy(inactive_after_years=2, answer_days=5, feed_max_age_days=1, first_reminder_days=4)
    assert inactive_from(LAST, policy) == date(2027, 3, 11)
    assert answer_by(DELIVERED, policy) == date(2026, 3, 17)
    assert feed_is_current(date(2026, 3, 10), policy, date(2026, 3, 11))
    assert not feed_is_current(date(2026, 3, 9), policy, date(2026, 3, 11))


def test_a_feed_of_today_and_one_ahead_are_current() -> None:
    assert feed_is_current(OPENED, POLICY, OPENED)
    assert feed_is_current(LONG_KNOWN, POLICY, OPENED)


@pytest.mark.parametrize(
    ("last", "last_quiet_day"),
    [
        (date(2023, 2, 28), date(2024, 2, 28)),
        (date(2024, 2, 28), date(2025, 2, 28)),
        (date(2024, 2, 29), date(2025, 2, 28)),
        (date(2024, 3, 1), date(2025, 3, 1)),
        (date(2025, 3, 29), date(2026, 3, 29)),  # the clocks go forward
        (date(2025, 10, 26), date(2026, 10, 26)),  # the clocks go back
        (date(2025, 12, 31), date(2026, 12, 31)),
    ],
)
def test_inactive_begins_the_day_after_one_calendar_year(last: date, last_quiet_day: date) -> None:
    assert not is_inactive(last, POLICY, last_quiet_day)
    assert is_inactive(last, POLICY, last_quiet_day + timedelta(days=1))
    assert inactive_from(last, POLICY) == last_quiet_day + timedelta(days=1)


def test_a_last_activity_that_lies_ahead_is_not_inactive() -> None:
    assert decide(active(date(2026, 5, 1), OPENED), POLICY, OPENED).action is Action.NOTHING
