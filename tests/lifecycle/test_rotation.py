"""Secret rotation, the rules alone: when the old secret may go, how long both stay, when a new one is proposed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from itertools import product

import pytest

from accounts.lifecycle import rotation
from accounts.lifecycle.policy import Policy, problems
from accounts.lifecycle.rotation import SecondSecret
from accounts.lifecycle.states import AccountState

GOOD = SecondSecret(AccountState.ACTIVE, verified=True, collected=True)
DAY = date(2026, 11, 23)


def test_the_old_secret_may_go_when_the_new_one_works_and_its_owner_has_it() -> None:
    assert rotation.removal_refusal(GOOD) is None
    assert rotation.removal_refusal(replace(GOOD, account=AccountState.NOTIFIED)) is None


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"collected": False}, "not collected yet"),
        ({"verified": False}, "Nobody has seen the new secret work"),
        ({"expired": True}, "does not work any more"),
        ({"removed": True}, "does not work any more"),
        ({"other_under_way": True}, "Another new secret is under way"),
        *(({"account": state}, "not active") for state in AccountState if state not in rotation.IN_USE),
    ],
)
def test_otherwise_it_stays_and_the_sentence_says_why(changed: dict[str, object], said: str) -> None:
    assert said in str(rotation.removal_refusal(replace(GOOD, **changed)))  # type: ignore[arg-type]


def test_never_zero_whatever_the_facts() -> None:
    """Of all combinations, none lets the old secret go where the new one is not verified, collected and working."""
    for account, *bits in product(AccountState, *[(True, False)] * 6):
        verified, collected, expired, removed, confirmed, other = bits
        new = SecondSecret(account, verified, collected, expired, removed, confirmed, other)
        if rotation.removal_refusal(new) is None:
            assert verified
            assert collected
            assert not expired
            assert not removed


def test_a_word_of_the_owner_outweighs_another_secret_under_way_and_nothing_else() -> None:
    assert rotation.removal_refusal(replace(GOOD, other_under_way=True, confirmed=True)) is None
    assert rotation.removal_refusal(replace(GOOD, verified=False, confirmed=True)) is not None
    assert rotation.removal_refusal(replace(GOOD, collected=False, confirmed=True)) is not None


def test_it_is_never_removed_by_itself_without_a_warning_that_had_its_time() -> None:
    policy, until = Policy(), DAY
    assert not rotation.overlap_over(until, None, policy, until + timedelta(days=300))
    early = until - timedelta(days=3)
    assert not rotation.overlap_over(until, early, policy, until)
    assert rotation.overlap_over(until, early, policy, until + timedelta(days=1))
    late = until + timedelta(days=20)
    assert rotation.last_day(until, late, policy) == until + timedelta(days=23)
    assert not rotation.overlap_over(until, late, policy, until + timedelta(days=23))
    assert rotation.overlap_over(until, late, policy, until + timedelta(days=24))


def test_both_may_be_kept_until_a_day_that_is_not_too_far() -> None:
    policy = Policy()
    assert rotation.keep_problem(DAY + timedelta(days=60), DAY, policy, DAY) is None
    assert "2027-01-22 is the latest" in str(rotation.keep_problem(DAY + timedelta(days=61), DAY, policy, DAY))
    assert "later than today" in str(rotation.keep_problem(DAY, DAY, policy, DAY))
    assert "longest time" in str(rotation.keep_problem(DAY + timedelta(days=99), DAY, policy, DAY + timedelta(days=60)))


@pytest.mark.parametrize(
    ("left", "told", "due"),
    [
        (61, None, None), (60, None, 60), (59, None, 60), (59, 60, None), (31, 60, None), (30, 60, 30), (14, 30, 14),
        (10, 60, 14), (7, 14, 7), (1, 7, 1), (1, 1, None), (0, 1, 0), (-400, None, 0), (0, 0, None), (-5, 0, None),
    ],
)  # fmt: skip
def test_each_step_is_told_once_and_missed_ones_as_one(left: int, told: int | None, due: int | None) -> None:
    assert rotation.proposal_due(DAY + timedelta(days=left), told, DAY) == due


def test_the_numbers_of_a_rotation_fit_together() -> None:
    assert problems(Policy()) == {}
    assert set(problems(Policy(rotation_overlap_days=3))) == {"rotation_warning_days"}
    assert set(problems(Policy(rotation_longest_days=10))) == {"rotation_longest_days"}
