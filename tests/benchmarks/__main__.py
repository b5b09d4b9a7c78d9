"""`python -m tests.benchmarks` fills a throw-away SQLite file and PostgreSQL, measures, and prints the table."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests import servers
from tests.benchmarks.meter import Cost
from tests.benchmarks.table import Line, compared, cost, seconds, text

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
NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


@dataclass(frozen=True)
class Size:
    """How much is measured."""

    accounts: int
    due: int
    rounds: int
    moves: int
    orders: int

    @property
    def is_full(self) -> bool:
        """Is this large enough for the goals, which are set for a million accounts?"""
        return self.accounts >= 1_000_000


def main(arguments: list[str]) -> int:
    """Measure and print; 0 also when a goal is missed: a number is not a failure."""
    asked = _parser().parse_args(arguments)
    quick = Size(50_000, 1_000, 1, 50, 20_000)
    size = quick if asked.quick else Size(1_000_000, 10_000, 3, 300, 1_000_000)
    size = Size(*(given if given is not None else usual for given, usual in (
        (asked.accounts, size.accounts), (asked.due, size.due), (asked.rounds, size.rounds), (asked.moves, size.moves),
        (asked.orders, size.orders),
    )))  # fmt: skip
    if size.due > size.accounts:
        sys.exit(f"--due {size.due} is more than --accounts {size.accounts}: give at most as many.")
    lines: list[Line] = []
    for database in asked.database or NAMES:
        try:
            with _place(database) as url:
                lines += Bench(database, url, size).lines()
            with _place(database) as url:
                lines += Lists(Bench(database, url, size)).lines()
        except servers.NotInstalledError as reason:
            _say(f"LEFT OUT: {reason}")
    print(_heading(size))
    print(text(lines))
    return 0


class Bench:
    """The measures on one database."""

    def __init__(self, database: str, url: str, size: Size) -> None:
        self.name, self.url, self.size = NAMES[database], url, size

    def lines(self) -> list[Line]:
        """Fill, then measure everything."""
        self.step("migrate")
        self.step("fill", self.size.accounts)
        return [self.none_due(), *self.due(), *self.memory(), self.moves()]

    def none_due(self) -> Line:
        floor, ours = _costs(self.step("none_due", self.size.rounds))
        each = ours.per(self.size.accounts)
        reached = each.cpu <= GOAL_NONE_DUE if self.size.is_full else None
        measure = "check, none due, an account"
        return Line(self.name, measure, cost(floor.per(self.size.accounts)), cost(each), "", "<= 10 ns", reached)

    def due(self) -> list[Line]:
        number, judged = self.size.due, self.size.is_full
        first, again = (_costs(pair) for pair in self.step("due", number, self.size.rounds))
        of_first, of_again = ([each.per(number) for each in pair] for pair in (first, again))
        return [
            compared(self.name, "check, a due account", *of_first, most=GOAL_DUE, judged=judged),
            compared(self.name, "same day again, a notified account", *of_again),
        ]

    def memory(self) -> list[Line]:
        """Each number in a process of its own: peak memory never goes down again."""
        numbers = [0, self.size.due, min(10 * self.size.due, self.size.accounts)]
        peaks = []
        for number in numbers:
            self.step("prepare", number)
            peaks.append(int(self.step("memory", number)))
        lines = []
        for number, peak in zip(numbers[1:], peaks[1:], strict=True):
            grown, floor = f"+{(peak - peaks[0]) / MEGABYTE:.1f} MB", f"{peaks[0] / MEGABYTE:.0f} MB in all"
            reached = peak - peaks[0] <= GOAL_MEMORY if self.size.is_full else None
            lines.append(Line(self.name, f"memory, {number:,} due", floor, grown, "", "<= +8 MB", reached))
        return lines

    def moves(self) -> Line:
        floor, ours = _costs(self.step("transitions", self.size.moves, self.size.rounds))
        most, judged = GOAL_MOVE.get(self.name), self.size.is_full
        return compared(self.name, "one transition (approve)", floor, ours, most=most, judged=judged)

    def step(self, name: str, *numbers: int) -> Any:
        """Run one step of the worker on this database; give its result."""
        started = time.monotonic()
        command = [sys.executable, "-m", "tests.benchmarks.worker", name, *map(str, numbers)]
        environment = {**os.environ, "TEST_DATABASE_URL": self.url}
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"{done.stderr}\n{self.name}: the step {name} failed.")
        _say(f"{self.name:<11} {name:<12} {time.monotonic() - started:6.1f} s")
        return json.loads(done.stdout.splitlines()[-1])


class Lists:
    """The worklist over few and over many orders, on a database of its own."""

    def __init__(self, bench: Bench) -> None:
        self.bench, self.orders = bench, bench.size.orders
        self.judged = self.orders >= 1_000_000

    def lines(self) -> list[Line]:
        """Fill, measure, fill up, measure again."""
        self.bench.step("migrate")
        lines, there = [], 0
        for orders in sorted({min(FEW_ORDERS, self.orders), self.orders}):
            self.bench.step("fill_orders", orders, there)
            lines += [*self.pages(orders), self.search(orders)]
            there = orders
        return lines

    def pages(self, orders: int) -> list[Line]:
        found = self.bench.step("pages", self.bench.size.rounds)
        queries = found.pop("queries")
        costs = {name: Cost(**cost) for name, cost in found.items()}
        name, judged, many = self.bench.name, self.judged, f"{orders:,} orders"
        return [
            compared(name, f"worklist beside an empty page, {many}, {queries['open']} queries", costs["empty"],
                     costs["open"], most=GOAL_PAGE, judged=judged),
            compared(name, f"worklist from row 1,000 beside row 1, {many}", costs["all"], costs["deep"],
                     most=GOAL_DEEP, judged=judged),
            compared(name, f"worklist beside the stock admin, one state, {many}", costs["admin_state"], costs["open"]),
            compared(name, f"worklist beside the stock admin, all, {many}", costs["admin"], costs["all"]),
        ]  # fmt: skip

    def search(self, orders: int) -> Line:
        """The floor is the stock admin's search, on the clock."""
        found = self.bench.step("search", SEARCHES if self.judged else 20)
        reached = found["p95"] <= GOAL_SEARCH if self.judged else None
        said = f"p95 {seconds(found['p95'])}, p50 {seconds(found['p50'])}, a word of all {seconds(found['common'])}"
        ratio = f"{found['p95'] / found['admin']:.2g}x"
        measure = f"search, {orders:,} orders"
        return Line(self.bench.name, measure, seconds(found["admin"]), said, ratio, "p95 <= 25 ms", reached)


@contextmanager
def _place(database: str) -> Iterator[str]:
    """A throw-away database with the durability of production; gives its URL."""
    if database == "postgresql":
        with servers.postgres(durable=True) as url:
            yield url
    else:
        with tempfile.TemporaryDirectory(prefix="bench") as folder:
            yield f"sqlite:///{folder}/bench.sqlite3"


def _costs(pair: dict[str, dict[str, float]]) -> tuple[Cost, Cost]:
    return Cost(**pair["floor"]), Cost(**pair["ours"])


def _heading(size: Size) -> str:
    return (
        f"\n{size.accounts:,} accounts, {size.due:,} due, the least of {size.rounds} rounds. CPU time of this process "
        "and of PostgreSQL's,\nin brackets the time on the clock; a ratio is ours / floor. Commits are durable.\n"
    )


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--accounts", type=_count, help="how many accounts to fill the database with [1,000,000]")
    parser.add_argument("--due", type=_count, help="how many of them are due [10,000]")
    parser.add_argument("--rounds", type=_count, help="how often to measure; the least counts [3]")
    parser.add_argument("--moves", type=_count, help="how many single transitions in a round [300]")
    parser.add_argument("--orders", type=_count, help="how many orders the worklist is opened over [1,000,000]")
    parser.add_argument("--quick", action="store_true", help="50,000 accounts, 1,000 due, 20,000 orders, one round")
    parser.add_argument("--database", action="append", choices=list(NAMES), help="only this one (may be repeated)")
    return parser


def _count(text: str) -> int:
    if not text.replace("_", "").isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"“{text}” is not a whole number of at least 1")
    return int(text)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
