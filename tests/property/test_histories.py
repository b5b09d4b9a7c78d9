"""No account is ever suspended unless everything that DOMAIN.md asks for is so, and then it is: random histories.

Longer: ``PROPERTY_EXAMPLES=2000 pytest tests/property`` (other histories each time, where a number is given).
"""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.property.machine import Histories
from tests.servers import ON_POSTGRES
from tests.story import Story

LONGER = int(os.environ.get("PROPERTY_EXAMPLES") or 0)
STEPS = 30
EXAMPLES = 15 if ON_POSTGRES else 40


@pytest.mark.timeout(0 if LONGER else 600)
def test_no_history_suspends_anybody_wrongly_or_leaves_anybody_out(db: None) -> None:
    Histories.story = Story()
    Histories.ended.clear()
    run_state_machine_as_test(
        Histories,
        settings=settings(
            max_examples=LONGER or EXAMPLES, stateful_step_count=STEPS, derandomize=not LONGER, database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck), phases=[Phase.generate, Phase.shrink], report_multiple_bugs=False,
        ),
    )  # fmt: skip
    print(f"\n{sum(Histories.ended.values())} accounts ended as {dict(Histories.ended)}")
    assert min(Histories.ended[state] for state in ("active", "notified", "suspended")) >= EXAMPLES // 4
