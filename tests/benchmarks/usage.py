"""Taking in a gateway's log by the command that operators use, beside bare loops that only read its JSON."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
from django.core.management import CommandError, call_command
from django.db.models import Sum

from accounts.actions.lines import BadFile
from accounts.models import DailyUsage
from tests.benchmarks.meter import Cost, measured, peak_memory

LOADS: dict[str, Callable[[bytes], object]] = {"json": json.loads, "orjson": orjson.loads}
COVERS = ("--environment", "PRODUCTION", "--covers-through", "2025-11-01")


def loop(name: str, file: str) -> Cost:
    """Parse every line and keep nothing."""
    loads = LOADS[name]

    def parse() -> None:
        with Path(file).open("rb") as lines:
            for line in lines:
                loads(line)

    return measured(parse)


def take_in(file: str) -> dict[str, Any]:
    """``import_usage`` of ``file``: its cost, how many bytes the process's peak grew, how long it took to start, and
    the calls that are counted then."""
    started, before = _seconds_since_start(), peak_memory()
    cost = measured(lambda: _import(file))
    return {"cost": cost, "grown": peak_memory() - before, "started": started, "total": total()}


def refused(file: str) -> dict[str, Any]:
    """``import_usage`` of a file with bad lines: how many it names and counts, and what that cost."""
    bad: list[int] = []

    def refuse() -> None:
        try:
            _import(file)
        except CommandError as error:
            bad.append(error.__cause__.total if isinstance(error.__cause__, BadFile) else 0)

    cost = measured(refuse)
    return {"cost": cost, "bad": sum(bad), "total": total()}


def total() -> int:
    """All calls of all accounts on all days."""
    return int(DailyUsage.objects.aggregate(total=Sum("calls"))["total"] or 0)


def _import(file: str) -> None:
    with Path(os.devnull).open("w") as nowhere:
        call_command("import_usage", file, *COVERS, stdout=nowhere, stderr=nowhere)


def _seconds_since_start() -> float:
    """The age of this process (proc(5), field 22)."""
    after_the_name = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
    return time.clock_gettime(time.CLOCK_BOOTTIME) - int(after_the_name[19]) / os.sysconf("SC_CLK_TCK")
