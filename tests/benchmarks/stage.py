"""Where a measure happens: a throw-away database, and a process of its own for each step."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, LiteralString

import psycopg

from tests import servers

NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


@dataclass(frozen=True)
class Size:
    """How much is measured; ``lines`` of a usage log, ``counts`` of a merge, ``mails`` are notified accounts."""

    accounts: int
    due: int
    rounds: int
    moves: int
    orders: int
    lines: int
    counts: int
    mails: int

    @property
    def is_full(self) -> bool:
        """Is this large enough for the goals, which are set for a million accounts?"""
        return self.accounts >= 1_000_000


FULL = Size(1_000_000, 10_000, 3, 300, 1_000_000, 10_000_000, 100_000, 1_000)
QUICK = Size(50_000, 1_000, 1, 50, 20_000, 200_000, 20_000, 100)


class Stage:
    """One throw-away database, and how much is measured on it."""

    def __init__(self, database: str, url: str, size: Size) -> None:
        self.name, self.url, self.size = NAMES[database], url, size

    def step(self, name: str, *arguments: object) -> Any:
        """Run one step (worker.py) on this database; give its result."""
        started = time.monotonic()
        done = subprocess.run(self.command(name, *arguments), env=self.environment, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"{done.stderr}\n{self.name}: the step {name} failed.")
        say(f"{self.name:<11} {name:<20} {time.monotonic() - started:6.1f} s")
        return json.loads(done.stdout.splitlines()[-1])

    def command(self, name: str, *arguments: object) -> list[str]:
        """The command line of a step."""
        return [sys.executable, "-m", "tests.benchmarks.worker", name, *map(str, arguments)]

    @property
    def environment(self) -> dict[str, str]:
        """The environment of a step."""
        return {**os.environ, "TEST_DATABASE_URL": self.url}


class Place:
    """Where the databases of a run stand: the tables are made once, and each suite has a copy of them."""

    def __init__(self, database: str, root: str) -> None:
        """``root`` is a folder for SQLite, the URL of a server for PostgreSQL."""
        self._database, self._root = database, root
        self._stage("migrated", QUICK).step("worker.migrate")

    @contextmanager
    def suite(self, size: Size) -> Iterator[Stage]:
        """A new database with the portal's tables; it is removed afterwards."""
        if self._database == "postgresql":
            self._ask("CREATE DATABASE suite TEMPLATE migrated")
        else:
            shutil.copy(f"{self._root}/migrated.sqlite3", f"{self._root}/suite.sqlite3")
        yield self._stage("suite", size)
        if self._database == "postgresql":
            self._ask("DROP DATABASE suite WITH (FORCE)")
        for file in Path(self._root).glob("suite.sqlite3*"):
            file.unlink()

    def _stage(self, name: str, size: Size) -> Stage:
        if self._database == "postgresql":
            return Stage(self._database, self._root.replace("/postgres?", f"/{name}?"), size)
        return Stage(self._database, f"sqlite:///{self._root}/{name}.sqlite3", size)

    def _ask(self, statement: LiteralString) -> None:
        with psycopg.connect(self._root, autocommit=True) as server:
            server.execute(statement)


@contextmanager
def place(database: str) -> Iterator[Place]:
    """A throw-away place with the durability of production. Raises servers.NotInstalledError."""
    if database == "postgresql":
        with servers.postgres(durable=True) as url:
            with psycopg.connect(url, autocommit=True) as server:
                server.execute("CREATE DATABASE migrated")
            yield Place(database, url)
    else:
        with tempfile.TemporaryDirectory(prefix="bench") as folder:
            yield Place(database, folder)


def say(sentence: str) -> None:
    """Say to whoever watches how far the run has come."""
    print(sentence, file=sys.stderr, flush=True)
