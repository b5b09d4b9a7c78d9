"""What an action costs: seconds on the clock, and CPU seconds of this process and of the database's server process."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from django.db import connection


@dataclass(frozen=True)
class Cost:
    """Seconds. ``cpu`` counts whole ticks (10 ms) of a PostgreSQL server process: measure long enough."""

    wall: float
    cpu: float

    def per(self, number: float) -> Cost:
        """The cost of one of ``number``."""
        return Cost(self.wall / number, self.cpu / number)


def measured(action: Callable[[], object], times: int = 1) -> Cost:
    """What ``action`` costs once, from ``times`` in a row."""
    server = _server_process()
    wall, cpu = time.perf_counter(), _cpu(server)
    for _time in range(times):
        action()
    return Cost(time.perf_counter() - wall, _cpu(server) - cpu).per(times)


def least(costs: list[Cost]) -> Cost:
    """The least of several rounds: what else the machine was doing only ever adds."""
    return Cost(min(cost.wall for cost in costs), min(cost.cpu for cost in costs))


def peak_memory() -> int:
    """The most memory that this process ever held, in bytes. Since its own start, unlike ``getrusage``."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))


def _cpu(server: int | None) -> float:
    return time.process_time() + (_ticks(server) / os.sysconf("SC_CLK_TCK") if server else 0)


def _ticks(process: int) -> int:
    """User and system time of another process (proc(5), fields 14 and 15)."""
    after_the_name = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return int(after_the_name[11]) + int(after_the_name[12])


def _server_process() -> int | None:
    if connection.vendor != "postgresql":
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])
