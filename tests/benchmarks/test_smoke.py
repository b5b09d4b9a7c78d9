"""The benchmark itself works: it runs whole on a few hundred accounts. Nothing is timed here."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from portal.environment import BASE_DIR

MEASURES = {"SQLite": 23, "PostgreSQL": 11}
OWN_SQL = ("none-due", "due", "memory", "transition", "lists", "merge")
"""What asks PostgreSQL in its own way: the rest of the benchmark's tool is the same as on SQLite."""


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.benchmarks", *arguments]
    environment = {name: value for name, value in os.environ.items() if name != "TEST_DATABASE_URL"}
    return subprocess.run(command, cwd=BASE_DIR, env=environment, capture_output=True, text=True, timeout=500)


def rows(output: str) -> list[list[str]]:
    """The cells of the table's rows, without head and rule."""
    table = [line for line in output.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table[2:]]


@pytest.mark.processes
@pytest.mark.timeout(510)
@pytest.mark.parametrize(
    ("database", "name"),
    [
        pytest.param("sqlite", "SQLite", marks=pytest.mark.sqlite_only),
        pytest.param("postgresql", "PostgreSQL", marks=pytest.mark.postgres_only),
    ],
)
def test_a_small_run_gives_every_measure(database: str, name: str) -> None:
    size = ["--accounts", "100", "--due", "100", "--rounds", "1", "--moves", "2", "--orders", "1100"]
    size += ["--lines", "2000", "--counts", "500", "--mails", "3"]
    only = [word for name in OWN_SQL for word in ("--only", name)] if database == "postgresql" else []
    done = bench("--quick", "--database", database, *size, *only)
    assert done.returncode == 0, done.stderr
    table = rows(done.stdout)
    assert len(table) == MEASURES[name]
    assert {row[0] for row in table} <= {name, "none"}
    for _database, measure, floor, ours, _ratio, goal, reached in table:
        assert re.search(r"\d", floor), measure
        assert re.search(r"\d", ours), measure
        judged = goal in ("no count changed", "all counted")
        assert reached == ("yes" if judged else ""), "a small run says nothing about goals that are set for millions"


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--accounts", "10", "--due", "11"], "--due 11 is more than --accounts 10"),
        (["--accounts", "none"], "“none” is not a whole number of at least 1"),
        (["--rounds", "0"], "“0” is not a whole number of at least 1"),
        (["--database", "oracle"], "invalid choice: 'oracle'"),
        (["--only", "everything"], "invalid choice: 'everything'"),
    ],
)
def test_a_mistake_is_named_before_anything_is_filled(arguments: list[str], sentence: str) -> None:
    done = bench(*arguments)
    assert done.returncode != 0
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
