"""Each condition taken out once is noticed by the history that goes to its edge, and by no accident: whole, it passes.

With ``PROPERTY_EXAMPLES=60`` random histories must notice too; ``-s`` prints at which example they did.
"""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.property import mutations as without
from tests.property import scripts
from tests.property.machine import Histories
from tests.property.mutations import Patch
from tests.story import Story

Script = Callable[[Story], None]
Mutation = Callable[[Patch], None]
LONGER = int(os.environ.get("PROPERTY_EXAMPLES") or 0)
EDGES: list[tuple[Mutation, Script]] = [
    (without.a_day_less_than_a_year, scripts.around_the_year),
    (without.the_period_begins_without_a_delivery, scripts.never_delivered),
    (without.a_day_less_to_answer, scripts.around_the_last_day_to_answer),
    (without.an_answer_meanwhile_does_not_count, scripts.answered_meanwhile),
    (without.a_use_meanwhile_does_not_count, scripts.used_meanwhile),
    (without.a_use_meanwhile_does_not_count, scripts.used_before_the_notice),
    (without.an_answer_meanwhile_does_not_count, scripts.two_runs_at_once),
    (without.a_use_ends_no_notice, scripts.used_again),
    (without.nobody_is_reminded, scripts.reminded),
    (without.reminders_know_of_none_before, scripts.reminded),
    (without.everybody_was_asked, scripts.everybody_refuses),
    (without.holds_do_not_count, scripts.held),
    (without.a_feed_need_not_reach_the_end, scripts.feed_ends_before_the_period),
    (without.unknown_days_count_as_silent, scripts.days_missing_in_the_middle),
    (without.an_old_feed_is_good_enough, scripts.feed_stopped),
    (without.unknown_use_is_never_used, scripts.use_never_known),
    (without.a_bounce_leaves_the_period, scripts.everybody_bounces),
    (without.no_brake, scripts.too_many_at_once),
    (without.everything_is_confirmed, scripts.too_many_at_once),
    (without.nothing_is_ever_confirmed, scripts.too_many_at_once),
    (without.failed_calls_are_use, scripts.failed_calls),
    (without.the_same_file_counts_again, scripts.the_same_file),
    (without.the_policy_never_changes, scripts.another_policy),
]


def _name(value: Callable[..., None]) -> str:
    return value.__name__


@pytest.mark.parametrize("script", dict.fromkeys(script for _mutation, script in EDGES), ids=_name)
def test_the_history_is_told_alike_by_both(story: Story, script: Script) -> None:
    script(story)


@pytest.mark.parametrize(("mutation", "script"), EDGES, ids=_name)
def test_a_condition_taken_out_is_noticed(story: Story, patch: Patch, mutation: Mutation, script: Script) -> None:
    mutation(patch)
    with pytest.raises(AssertionError):
        script(story)


@pytest.mark.parametrize("mutation", [mutation for mutation, _script in EDGES if LONGER], ids=_name)
@pytest.mark.timeout(0)
def test_random_histories_notice_it_too(db: None, patch: Patch, mutation: Mutation) -> None:
    Histories.story = Story()
    begin, made = Histories.__init__, []

    def counted(self: Histories) -> None:
        made.append(self)
        begin(self)

    mutation(patch)
    patch.setattr(Histories, "__init__", counted)
    with pytest.raises(AssertionError):
        run_state_machine_as_test(
            Histories,
            settings=settings(
                max_examples=LONGER, stateful_step_count=30, derandomize=True, database=None, deadline=None,
                suppress_health_check=list(HealthCheck), phases=[Phase.generate], print_blob=False,
            ),
        )  # fmt: skip
    print(f"\n{mutation.__name__}: noticed by example {len(made)}")


@pytest.fixture
def patch(monkeypatch: pytest.MonkeyPatch) -> Patch:
    """What a mutation changes, changed back afterwards."""
    return monkeypatch
