"""Every transition of both lifecycles is exactly one of DOMAIN.md's, and none is missing."""

from __future__ import annotations

import pytest

from accounts.lifecycle import states
from accounts.lifecycle.accounts import ACCOUNT
from accounts.lifecycle.orders import ORDER, TURN
from accounts.lifecycle.policy import Policy
from accounts.lifecycle.transition import Table
from tests.lifecycle import domain
from tests.lifecycle.domain import Line

BOTH = [pytest.param(ORDER, domain.ORDER_LINES, id="order"), pytest.param(ACCOUNT, domain.ACCOUNT_LINES, id="account")]


def lines_of(table: Table) -> set[Line]:
    """The rows as the copy of DOMAIN.md writes them."""
    return {
        Line(
            row.verb,
            str(source),
            str(row.target),
            frozenset(map(str, row.by)),
            frozenset(str(tell.to) for tell in row.tells),
        )
        for row in table
        for source in row.sources
    }


@pytest.mark.parametrize(("table", "lines"), BOTH)
def test_the_rows_are_those_of_the_domain(table: Table, lines: list[Line]) -> None:
    assert lines_of(table) == set(lines)
    assert sum(len(row.sources) for row in table) == len(lines), "a transition stands twice"


@pytest.mark.parametrize(("table", "lines"), BOTH)
def test_a_reason_is_asked_exactly_where_the_domain_asks_one(table: Table, lines: list[Line]) -> None:
    wanted = {line.verb for line in lines} & domain.NEEDS_A_REASON
    assert {row.verb for row in table if row.comment_needed} == wanted


@pytest.mark.parametrize(("table", "lines"), BOTH)
def test_what_another_verb_or_the_clock_starts_has_no_button(table: Table, lines: list[Line]) -> None:
    wanted = {line.verb for line in lines} & domain.HAS_NO_BUTTON
    assert {row.verb for row in table if row.automatic} == wanted


def test_every_end_of_an_account_owes_the_provider_a_task() -> None:
    owing = {row.verb: [str(task) for task in row.owes] for row in ACCOUNT if row.owes}
    assert owing == {verb: ["disable_client"] for verb in domain.OWES_A_DISABLING}
    assert not any(row.owes for row in ORDER), "an order owes nothing by itself"


def test_where_the_role_alone_is_not_enough() -> None:
    assert {row.verb for row in (*ORDER, *ACCOUNT) if row.duties} == set(domain.ASKS_WHO_BESIDES_THE_ROLE)


def test_the_states_and_roles_are_the_words_of_the_domain() -> None:
    assert tuple(map(str, states.OrderState)) == domain.ORDER_STATES
    assert tuple(map(str, states.AccountState)) == domain.ACCOUNT_STATES
    assert tuple(map(str, states.Role)) == domain.ROLES
    assert set(map(str, states.GRANTED_ROLES)) == {"support", "service_responsible", "cegal", "administrator"}


def test_nothing_leads_out_of_a_final_state() -> None:
    sources = {str(source) for row in (*ORDER, *ACCOUNT) for source in row.sources}
    assert not sources & domain.FINAL
    everything = set(domain.ORDER_STATES) | set(domain.ACCOUNT_STATES)
    assert everything - sources == domain.FINAL, "a state without a way out that is not final"


def test_every_state_can_be_reached() -> None:
    for table, first, known in (
        (ORDER, "draft", domain.ORDER_STATES),
        (ACCOUNT, "pending", domain.ACCOUNT_STATES),
    ):
        reached = {first}
        for _round in known:
            reached |= {str(row.target) for row in table if reached & set(map(str, row.sources))}
        assert reached == set(known)


def test_every_stage_that_waits_for_somebody_has_a_target_and_returned_has_none() -> None:
    policy = Policy()
    waiting = {str(state) for state in states.OrderState if policy.stage_target(state) is not None}
    assert waiting == set(map(str, TURN))
    assert policy.stage_target(states.OrderState.RETURNED) is None
    # Whose turn it is: somebody who may do a verb in that stage.
    for state, audience in TURN.items():
        assert any(str(audience) in map(str, row.by) for row in ORDER if state in row.sources)


def test_the_policy_has_the_numbers_of_the_domain() -> None:
    policy = Policy()
    assert policy.inactive_after_years == 1
    assert policy.answer_days == 30
    assert policy.reminder_days == (14, 3)
    assert policy.feed_max_age_days == 7
    assert (policy.mass_suspension_least, policy.mass_suspension_percent) == (10, 5)
    assert policy.secret_days == 14
    assert (policy.return_days, policy.return_warning_days) == (30, 7)


def test_one_reminder_day_given_twice_is_one_reminder() -> None:
    assert Policy(first_reminder_days=5, second_reminder_days=5).reminder_days == (5,)
    assert Policy(first_reminder_days=2, second_reminder_days=9).reminder_days == (9, 2)
