"""An account explains itself by the decision alone: whatever is known of it, both say the same, also of the days to
come."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.lifecycle.explained import next_reminder, plain, points, verdict
from accounts.lifecycle.explanation import Brake, Explanation, Known, LastUse, Mail, Origin, explain
from accounts.lifecycle.forecast import FactsOf, Life
from accounts.lifecycle.inactivity import Action, HoldReason, InactivityFacts, NoticeFacts, answer_by, decide
from accounts.lifecycle.policy import Policy
from accounts.lifecycle.states import AccountState

TODAY = date(2026, 11, 23)
ONE_DAY = timedelta(days=1)
LONG_AGO = date(2025, 3, 10)


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


def reported(base: InactivityFacts) -> FactsOf:
    """Today as ``base`` says; later each day was reported. A day that is missing before today stays unknown."""
    whole = base.known_through >= (base.feed_through or TODAY - ONE_DAY)

    def facts(life: Life, day: date) -> InactivityFacts:
        now = replace(base, state=life.stands, notice=life.notice)
        if day <= TODAY:
            return now
        through = max(day - ONE_DAY, base.feed_through or date.min)
        known = max(base.known_through, through) if whole else base.known_through
        return replace(now, feed_through=through, known_through=known)

    return facts


def told(base: InactivityFacts, policy: Policy | None = None, known: Known | None = None) -> Explanation:
    life = Life(uuid4(), uuid4(), base.state, base.notice)
    return explain(reported(base), known or Known(), life=life, policy=policy or Policy(), today=TODAY)


def asked_daily(base: InactivityFacts, policy: Policy) -> dict[Action, date]:
    """The first day of each action, by asking ``decide`` on every day for years, and doing what it says."""
    facts, life = reported(base), Life(uuid4(), uuid4(), base.state, base.notice)
    first: dict[Action, date] = {}
    day = TODAY
    while Action.SUSPEND not in first and day < TODAY + timedelta(days=1300):
        decision = decide(facts(life, day), policy, day)
        first.setdefault(decision.action, day)
        if decision.action is Action.CLEAR:
            life.stands, life.notice = AccountState.ACTIVE, None
            continue
        if decision.action is Action.NOTIFY:
            life.stands, life.notice = AccountState.NOTIFIED, NoticeFacts(day, day, answer_by(day, policy))
        elif decision.action is Action.REMIND and life.notice:
            life.notice = replace(life.notice, reminded_on=day)
        elif decision.action is Action.NOTHING and life.notice and life.notice.delivered_on is None:
            life.notice = replace(life.notice, delivered_on=day, answer_by=answer_by(day, policy))
        day += ONE_DAY
    return first


POLICIES = st.builds(
    Policy, inactive_after_years=st.integers(1, 2), answer_days=st.sampled_from([7, 30, 45]),
    first_reminder_days=st.sampled_from([6, 14]), second_reminder_days=st.integers(1, 3),
    feed_max_age_days=st.sampled_from([1, 7, 30]),
)  # fmt: skip
DAYS = st.sampled_from([*range(12), 20, 29, 30, 31, 32, 60, 200, *range(360, 370), 400, 731, 732, 800])


@st.composite
def notices(draw: st.DrawFn) -> NoticeFacts:
    opened = draw(st.integers(0, 50))
    if draw(st.booleans()):
        return NoticeFacts(ago(opened), undeliverable=draw(st.booleans()))
    delivered = draw(st.integers(0, opened))
    by = ago(delivered) + timedelta(days=draw(st.sampled_from([7, 30, 45])))
    reminded = draw(st.none() | st.integers(0, delivered).map(ago))
    return NoticeFacts(ago(opened), ago(delivered), by, reminded_on=reminded)


@st.composite
def any_facts(draw: st.DrawFn) -> InactivityFacts:
    state = draw(st.sampled_from([AccountState.ACTIVE, AccountState.NOTIFIED] * 3 + [*AccountState]))
    last = ago(draw(DAYS))
    feed = draw(st.none() | DAYS.map(ago))
    known = max(last, draw(st.just(feed or last) | DAYS.map(ago)))
    notice = draw(notices()) if state is AccountState.NOTIFIED else None
    held = draw(st.none() | st.none() | st.integers(-2, 60).map(lambda days: TODAY + timedelta(days=days)))
    return InactivityFacts(state, last, known, feed, notice, held)


@settings(max_examples=150, deadline=None)
@given(facts=any_facts(), policy=POLICIES, listed=st.booleans())
def test_the_verdict_is_the_decision_and_the_days_are_those_on_which_it_is_first_made(
    facts: InactivityFacts, policy: Policy, listed: bool
) -> None:
    brake = Brake(ago(1), 12, 10, has_it=listed) if facts.notice else Brake()
    found = told(facts, policy, Known(brake=brake))
    assert found.decision == decide(facts, policy, TODAY)
    if found.decision.action is Action.SUSPEND and listed:
        assert found.verdict.reason is HoldReason.MASS_SUSPENSION
        assert not found.coming, "nobody knows when the list is confirmed"
        return
    assert found.verdict == found.decision
    daily = asked_daily(facts, policy)
    for action in (Action.NOTIFY, Action.SUSPEND):
        assert found.first(action) == daily.get(action), action
    reminded = daily.get(Action.REMIND)
    if facts.notice and facts.notice.answer_by and reminded and reminded <= facts.notice.answer_by:
        assert next_reminder(found) == reminded or found.facts.held_until or found.first(Action.CLEAR)


@settings(max_examples=80, deadline=None)
@given(facts=any_facts(), policy=POLICIES, brake=st.booleans())
def test_whatever_is_known_every_sentence_can_be_said(facts: InactivityFacts, policy: Policy, brake: bool) -> None:
    found = told(facts, policy, Known(brake=Brake(ago(1), 12, 10) if brake else Brake()))
    for for_staff in (True, False):
        for point in points(found, for_staff=for_staff):
            assert point.said
            assert all("%(" not in str(sentence) for sentence in (point.term, *point.said))
    assert "%(" not in str(verdict(found)) + str(plain(found))


def active(**changed: object) -> InactivityFacts:
    base = InactivityFacts(AccountState.ACTIVE, LONG_AGO, TODAY - ONE_DAY, TODAY - ONE_DAY)
    return replace(base, **changed)  # type: ignore[arg-type]


def notified(**changed: object) -> InactivityFacts:
    notice = NoticeFacts(ago(10), ago(10), answer_by(ago(10), Policy()))
    return active(state=AccountState.NOTIFIED, **{"notice": notice, **changed})


def said(found: Explanation, name: str, *, for_staff: bool = True) -> list[str]:
    point = next(point for point in points(found, for_staff=for_staff) if point.name == name)
    return [str(sentence) for sentence in point.said]


def test_not_notified_because() -> None:
    quiet = told(active(last_activity_on=ago(100)), known=Known(days={Origin.KEPT: ago(100)}))
    assert str(verdict(quiet)) == "Not notified. Not inactive before 2027-08-16."
    assert said(quiet, "last_activity") == ["2026-08-15: somebody answered that it is still needed."]
    assert (
        said(quiet, "coming")[0]
        == "2027-08-16: a notice asks whether it is still needed. No activity since 2026-08-15."
    )
    assert said(quiet, "coming")[-1].startswith("2027-09-16: suspended, at the earliest. No answer came by 2027-09-15.")
    stale = told(active(feed_through=ago(20), known_through=ago(20)))
    assert str(verdict(stale)).startswith("Not notified. Usage is covered only through 2026-11-03")
    assert stale.first(Action.NOTIFY) == TODAY + ONE_DAY, "as soon as the feed is there again"
    assert said(stale, "feed") == ["Covered only through 2026-11-03 (days since: 20); a notice allows at most 7."]


@pytest.mark.parametrize("state", ["pending", "suspended", "closed"])
def test_an_account_that_no_rule_looks_at_says_so(state: str) -> None:
    found = told(active(state=AccountState(state)))
    assert str(verdict(found)).startswith(f"The account is {'not active yet' if state == 'pending' else state}")
    assert [point.name for point in points(found, for_staff=True)] == ["last_use"]
    assert not found.coming


def test_a_gap_sets_no_day_for_a_suspension() -> None:
    gap = (ago(300), ago(290))
    found = told(notified(known_through=ago(301)), known=Known(gaps=(gap,)))
    assert said(found, "unknown_days")[0] == "2026-01-27 to 2026-02-06."
    assert found.first(Action.SUSPEND) is None
    assert said(found, "coming")[-1] == "No day is set for a suspension while that is unknown."


def test_people_of_the_account_are_not_told_what_is_staffs() -> None:
    known = Known(
        held_by="Marte Lunde", held_because="A secret reason.", mails=(Mail("a@b.example", "delivered", TODAY),)
    )
    found = told(notified(held_until=TODAY), known=known)
    theirs = str([said(found, point.name, for_staff=False) for point in points(found, for_staff=False)])
    ours = str([said(found, point.name) for point in points(found, for_staff=True)])
    for word in ("Marte Lunde", "A secret reason.", "a@b.example"):
        assert word in ours
        assert word not in theirs
    assert "brake" not in {point.name for point in points(found, for_staff=False)}


def test_a_last_use_names_its_feed_and_an_unknown_one_is_not_never() -> None:
    use = LastUse(ago(3), "Gateway", "calls", ago(2))
    assert said(told(active(), known=Known(last_use=use)), "last_use") == [
        "2026-11-20, read from successful calls, by the feed “Gateway”, received on 2026-11-21."
    ]
    assert said(told(active(), known=Known(last_use=LastUse(ago(3)))), "last_use")[0].endswith(
        "as the import of the account said."
    )
    assert said(told(active(), known=Known(use_is_unknown=True)), "last_use")[0].startswith("Unknown")
    assert said(told(active()), "last_use") == ["Never: nobody has reported a successful call."]


def test_a_mail_that_came_back_is_told_and_what_the_owner_reads_fits_the_verdict() -> None:
    mails = (Mail("old@b.example", "bounced", ago(9)), Mail("new@b.example", "delivered", ago(8)),
             Mail("new@b.example", "queued", None, is_reminder=True))  # fmt: skip
    found = told(notified(), known=Known(mails=mails))
    assert said(found, "notice")[2:] == [
        "Notice came back from old@b.example on 2026-11-14.",
        "Notice delivered to new@b.example on 2026-11-15.",
        "Reminder on its way to new@b.example.",
    ]
    assert str(plain(found)).startswith("You are asked whether you still need it.")
    late = NoticeFacts(ago(40), ago(40), ago(10))
    assert "next daily check suspends it" in str(plain(told(notified(notice=late))))
    braked = told(notified(notice=late), known=Known(brake=Brake(ago(1), 12, 10, has_it=True)))
    assert str(plain(braked)).endswith("You can still answer.")
    assert str(verdict(braked)).startswith("Not suspended. No answer came by")
