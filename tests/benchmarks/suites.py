"""The measures by name, each with its goals (docs/benchmarks.md): a stage in, lines of the table out.

A suite is a group of measures that share one database; ``fill`` makes it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from tests.benchmarks import small
from tests.benchmarks.meter import Cost
from tests.benchmarks.stage import Stage
from tests.benchmarks.table import Line, compared, cost, pair_of, seconds

MEGABYTE = 1_000_000
GOAL_NONE_DUE = 10e-9  # CPU seconds an account, at a million
GOAL_DUE = 3.0  # times the floor
GOAL_MEMORY = 8 * MEGABYTE  # more at a hundred thousand due than at none
GOAL_PAGE = 2.5  # times an empty page for somebody who signed in
GOAL_DEEP = 1.1  # times the first page of the same list
GOAL_SEARCH = 0.025  # seconds
FEW_ORDERS = 10_000
SEARCHES = 200
GOAL_MOVE = {"PostgreSQL": 2.5}  # times the floor: thrice the rate of the usual packages beside that of one statement

Measure = Callable[[Stage], list[Line]]


@dataclass(frozen=True)
class Suite:
    """Measures that share a database; ``goals_at`` says how large it must be for the goals to count."""

    fill: Callable[[Stage], None]
    measures: dict[str, Measure] = field(default_factory=dict)


def fill_accounts(stage: Stage) -> None:
    stage.step("population.fill", stage.size.accounts)


def none_due(stage: Stage) -> list[Line]:
    floor, ours = pair_of(stage.step("measures.none_due", stage.size.rounds))
    each = ours.per(stage.size.accounts)
    reached = each.cpu <= GOAL_NONE_DUE if stage.size.is_full else None
    measure = "check, none due, an account"
    return [Line(stage.name, measure, cost(floor.per(stage.size.accounts)), cost(each), "", "<= 10 ns", reached)]


def due(stage: Stage) -> list[Line]:
    number, judged = stage.size.due, stage.size.is_full
    first, again = (pair_of(pair) for pair in stage.step("measures.due", number, stage.size.rounds))
    of_first, of_again = ([each.per(number) for each in pair] for pair in (first, again))
    return [
        compared(stage.name, "check, a due account", *of_first, most=GOAL_DUE, judged=judged),
        compared(stage.name, "same day again, a notified account", *of_again),
    ]


def memory(stage: Stage) -> list[Line]:
    """Each number in a process of its own: peak memory never goes down again."""
    numbers = [0, *sorted({stage.size.due, min(10 * stage.size.due, stage.size.accounts)})]
    peaks, times = [], []
    for number in numbers:
        stage.step("measures.prepare", number)
        peak, clock = stage.step("measures.memory", number)
        peaks.append(int(peak))
        times.append(float(clock))
    lines = []
    for number, peak, clock in zip(numbers[1:], peaks[1:], times[1:], strict=True):
        grown, floor = f"+{(peak - peaks[0]) / MEGABYTE:.1f} MB", f"{peaks[0] / MEGABYTE:.0f} MB in all"
        reached = peak - peaks[0] <= GOAL_MEMORY if stage.size.is_full else None
        measure = f"memory, {number:,} due, all in {seconds(clock)}"
        lines.append(Line(stage.name, measure, floor, grown, "", "<= +8 MB", reached))
    return lines


def moves(stage: Stage) -> list[Line]:
    floor, ours = pair_of(stage.step("measures.transitions", stage.size.moves, stage.size.rounds))
    most, judged = GOAL_MOVE.get(stage.name), stage.size.is_full
    return [compared(stage.name, "one transition (approve)", floor, ours, most=most, judged=judged)]


def lists(stage: Stage) -> list[Line]:
    """The worklist over few and over many orders: fill, measure, fill up, measure again."""
    lines, there = [], 0
    for orders in sorted({min(FEW_ORDERS, stage.size.orders), stage.size.orders}):
        stage.step("orders.fill", orders, there)
        lines += [*_pages(stage, orders), _search(stage, orders)]
        there = orders
    return lines


def _pages(stage: Stage, orders: int) -> list[Line]:
    found = stage.step("lists.pages", stage.size.rounds)
    queries = found.pop("queries")
    costs = {name: Cost(**cost) for name, cost in found.items()}
    name, judged, many = stage.name, stage.size.orders >= 1_000_000, f"{orders:,} orders"
    return [
        compared(name, f"worklist beside an empty page, {many}, {queries['open']} queries", costs["empty"],
                 costs["open"], most=GOAL_PAGE, judged=judged),
        compared(name, f"worklist from row 1,000 beside row 1, {many}", costs["all"], costs["deep"],
                 most=GOAL_DEEP, judged=judged),
        compared(name, f"worklist beside the stock admin, one state, {many}", costs["admin_state"], costs["open"]),
        compared(name, f"worklist beside the stock admin, all, {many}", costs["admin"], costs["all"]),
    ]  # fmt: skip


def _search(stage: Stage, orders: int) -> Line:
    """The floor is the stock admin's search, on the clock."""
    judged = stage.size.orders >= 1_000_000
    found = stage.step("lists.search", SEARCHES if judged else 20)
    reached = found["p95"] <= GOAL_SEARCH if judged else None
    said = f"p95 {seconds(found['p95'])}, p50 {seconds(found['p50'])}, a word of all {seconds(found['common'])}"
    ratio = f"{found['p95'] / found['admin']:.2g}x"
    measure = f"search, {orders:,} orders"
    return Line(stage.name, measure, seconds(found["admin"]), said, ratio, "p95 <= 25 ms", reached)


SUITES = (
    Suite(fill_accounts, {"none-due": none_due, "due": due, "memory": memory, "transition": moves}),
    Suite(lambda _stage: None, {"lists": lists}),
    Suite(
        small.fill,
        {"usage": small.usage, "merge": small.merge, "mail": small.mail, "wake": small.wake,
         "writers": small.writers, "token": small.token},
    ),
)  # fmt: skip
MEASURES = tuple(name for suite in SUITES for name in suite.measures)
