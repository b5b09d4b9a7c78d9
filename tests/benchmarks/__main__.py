"""`python -m tests.benchmarks` fills a throw-away SQLite file and PostgreSQL, measures, and prints the table."""

from __future__ import annotations

import argparse
import sys
from dataclasses import fields, replace

from tests import servers
from tests.benchmarks.stage import FULL, NAMES, QUICK, Size, Stage, place, say
from tests.benchmarks.suites import MEASURES, SUITES, Measure
from tests.benchmarks.table import Line, text

_SAID = {
    "accounts": "how many accounts to fill the database with [1,000,000]",
    "due": "how many of them are due [10,000]",
    "rounds": "how often to measure; the least counts [3]",
    "moves": "how many single transitions in a round [300]",
    "orders": "how many orders the worklist is opened over [1,000,000]",
    "lines": "how many lines the usage log has [10,000,000]",
    "counts": "how many (client, day) counts are merged [100,000]",
    "mails": "how many accounts are notified and their mails sent [1,000]",
}


def main(arguments: list[str]) -> int:
    """Measure and print; 0 also when a goal is missed: a number is not a failure."""
    asked = _parser().parse_args(arguments)
    given = {each.name: getattr(asked, each.name) for each in fields(Size) if getattr(asked, each.name) is not None}
    size = replace(QUICK if asked.quick else FULL, **given)
    if size.due > size.accounts:
        sys.exit(f"--due {size.due} is more than --accounts {size.accounts}: give at most as many.")
    lines: list[Line] = []
    for database in asked.database or NAMES:
        try:
            lines += _measure(database, size, asked.only or MEASURES)
        except servers.NotInstalledError as reason:
            say(f"LEFT OUT: {reason}")
    print(_heading(size))
    print(text(lines))
    return 0


def _measure(database: str, size: Size, wanted: list[str] | tuple[str, ...]) -> list[Line]:
    """The wanted measures on one kind of database, each suite on one of its own."""
    lines: list[Line] = []
    with place(database) as here:
        for suite in SUITES:
            measures = [measure for name, measure in suite.measures.items() if name in wanted]
            if measures:
                with here.suite(size) as stage:
                    suite.fill(stage)
                    lines += _measured(stage, measures)
    return lines


def _measured(stage: Stage, measures: list[Measure]) -> list[Line]:
    lines: list[Line] = []
    for measure in measures:
        found = measure(stage)
        lines += found
        say("\n".join(" | ".join(filter(None, line.cells())) for line in found))  # a stopped run lost nothing
    return lines


def _heading(size: Size) -> str:
    return (
        f"\n{size.accounts:,} accounts, {size.due:,} due, the least of {size.rounds} rounds. CPU time of this process "
        "and of PostgreSQL's,\nin brackets the time on the clock; a ratio is ours / floor. Commits are durable.\n"
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    for name, said in _SAID.items():
        parser.add_argument(f"--{name}", type=_count, help=said)
    parser.add_argument("--quick", action="store_true", help="everything small, one round: about a minute a database")
    parser.add_argument("--database", action="append", choices=list(NAMES), help="only this one (may be repeated)")
    parser.add_argument("--only", action="append", choices=MEASURES, help="only this measure (may be repeated)")
    return parser


def _count(text: str) -> int:
    if not text.replace("_", "").isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"“{text}” is not a whole number of at least 1")
    return int(text)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
