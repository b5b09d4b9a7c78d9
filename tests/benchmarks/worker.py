"""One step of the benchmark in a process of its own: `python -m tests.benchmarks.worker STEP NUMBER...`

The database is that of TEST_DATABASE_URL. The last line of the output is the step's result as JSON.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from dataclasses import asdict
from typing import Any


def migrate() -> None:
    """Make the tables."""
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


def fill(accounts: int) -> None:
    """See population.fill."""
    from tests.benchmarks import population

    population.fill(accounts)


def prepare(due: int) -> None:
    """Bring everything back to the start, then make ``due`` accounts due."""
    from tests.benchmarks import population

    population.settle()
    population.make_due(due)


def none_due(rounds: int) -> Any:
    """See measures.none_due."""
    from tests.benchmarks import measures

    return asdict(measures.none_due(rounds))


def due(number: int, rounds: int) -> Any:
    """See measures.due."""
    from tests.benchmarks import measures

    return [asdict(pair) for pair in measures.due(number, rounds)]


def memory(number: int) -> int:
    """See measures.memory."""
    from tests.benchmarks import measures

    return measures.memory(number)


def transitions(number: int, rounds: int) -> Any:
    """See measures.transitions."""
    from tests.benchmarks import measures

    return asdict(measures.transitions(number, rounds))


def fill_orders(number: int, first: int) -> None:
    """See orders.fill."""
    from tests.benchmarks import orders

    orders.fill(number, first)


def pages(rounds: int) -> Any:
    """See lists.pages."""
    from tests.benchmarks import lists

    return lists.pages(rounds)


def search(number: int) -> Any:
    """See lists.search."""
    from tests.benchmarks import lists

    return lists.search(number)


STEPS: dict[str, Callable[..., Any]] = {
    step.__name__: step
    for step in (migrate, fill, prepare, none_due, due, memory, transitions, fill_orders, pages, search)
}


def main(arguments: list[str]) -> None:
    """Run one step."""
    import django

    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.benchmarks.settings"
    django.setup()
    step, *numbers = arguments
    print(json.dumps(STEPS[step](*map(int, numbers))))


if __name__ == "__main__":
    main(sys.argv[1:])
