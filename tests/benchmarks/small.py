"""The measures that need few accounts: usage, mail, single transitions at once, the gateway; with their goals."""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.benchmarks import logs
from tests.benchmarks.meter import Cost
from tests.benchmarks.stage import Stage
from tests.benchmarks.table import Line, compared, cost, pair_of, rate, seconds

MEGABYTE = 1_000_000
ACCOUNTS = 3_000
CLIENTS = 1_000
GOAL_LINES = 0.5  # times the CPU of the json.loads loop
GOAL_USAGE_MEMORY = 64 * MEGABYTE
GOAL_MERGE = 1.3  # times COPY + ON CONFLICT
GOAL_RELAY = 1.15  # times send_messages over one connection
GOAL_ACCOUNT = 1.2e-3  # CPU seconds a notified account
GOAL_ARRIVED = 0.25  # seconds
GOAL_WRITERS = 0.05  # seconds
GOAL_TOKEN = 1.5  # times the reused client
WRITERS = 4
KILLED_AT = (0.2, 0.5, 0.8, 0.95)  # of the time that the whole takes


def fill(stage: Stage) -> None:
    stage.step("population.fill", max(ACCOUNTS, 3 * stage.size.mails))


def usage(stage: Stage) -> list[Line]:
    """A gateway's log, all of it and a tenth of it; then the same file again, and one that is killed in the middle."""
    lines, judged = stage.size.lines, stage.size.lines >= 10_000_000
    with tempfile.TemporaryDirectory(prefix="bench") as folder:
        few, many = (Path(folder) / f"{name}.ndjson" for name in ("few", "many"))
        logs.write(few, lines // 10, CLIENTS, month=9)
        logs.write(many, lines, CLIENTS, month=10)
        floors = {name: _cost(stage.step("usage.loop", name, many)).per(lines) for name in ("json", "orjson")}
        small_run, large_run = (stage.step("usage.take_in", file) for file in (few, many))
        ours = _cost(large_run["cost"]).per(lines)
        found = [
            compared(stage.name, f"usage log, {floor}.loads loop, {lines:,} lines, {rate(ours)}", floors[floor], ours,
                     most=GOAL_LINES if floor == "json" else None, judged=judged)
            for floor in floors
        ]  # fmt: skip
        sizes = [run["grown"] / MEGABYTE for run in (small_run, large_run)]
        reached = large_run["grown"] <= GOAL_USAGE_MEMORY if judged else None
        told = f"+{sizes[0]:.1f} MB at {lines // 10:,}", f"+{sizes[1]:.1f} MB at {lines:,}"
        found.append(Line(stage.name, "usage log, memory", *told, "", "<= +64 MB, flat", reached))
        found.append(_again(stage, many, large_run))
        found.append(_bad_lines(stage, folder, large_run["total"]))
        few.unlink()
        many.unlink()
        found.append(_killed(stage, Path(folder) / "killed.ndjson", small_run, large_run["total"]))
    return found


def _again(stage: Stage, file: Path, first: dict[str, Any]) -> Line:
    """The same file again must change no count."""
    again = stage.step("usage.take_in", file)
    _same(again["total"], first["total"])
    floor, ours = (_cost(run["cost"]) for run in (first, again))
    return Line(stage.name, "usage log, the same file again", cost(floor), cost(ours), "", "no count changed", True)


def _bad_lines(stage: Stage, folder: str, before: int) -> Line:
    """Every 100th line is bad: each must be counted, and nothing taken in."""
    lines = stage.size.lines // 10
    file = Path(folder) / "bad.ndjson"
    logs.write(file, lines, CLIENTS, month=8, bad_every=100)
    found = stage.step("usage.refused", file)
    _same(found["bad"], lines // 100)
    _same(found["total"], before)
    file.unlink()
    each = _cost(found["cost"]).per(lines)
    told = f"{lines // 100:,} bad of {lines:,}", f"{found['bad']:,} counted, {rate(each)}"
    return Line(stage.name, "usage log, bad lines", *told, "", "all counted", True)


def _killed(stage: Stage, file: Path, timed: dict[str, Any], before: int) -> Line:
    """Killed with SIGKILL again and again, then run to its end: exactly its calls are counted."""
    calls = logs.write(file, stage.size.lines // 10, CLIENTS, month=7)
    parts = KILLED_AT if stage.size.is_full else KILLED_AT[-1:]
    for part in parts:
        command = stage.command("usage.take_in", file)
        process = subprocess.Popen(command, env=stage.environment, stdout=subprocess.DEVNULL)
        time.sleep(timed["started"] + part * timed["cost"]["wall"])
        process.send_signal(signal.SIGKILL)
        process.wait()
        kept = stage.step("usage.total") - before
        if kept not in (0, calls):
            sys.exit(f"{stage.name}: killed at {part:.0%}, and {kept:,} of {calls:,} calls are counted.")
    _same(stage.step("usage.take_in", file)["total"], before + calls)
    told = f"{calls:,} calls", f"{calls:,} counted after {len(parts)} kills"
    return Line(stage.name, "usage log, killed and run again", *told, "", "no count changed", True)


def merge(stage: Stage) -> list[Line]:
    floor, ours = pair_of(stage.step("merging.merge", stage.size.counts, stage.size.rounds))
    judged, measure = stage.size.counts >= 100_000, "usage, merging a count"
    return [compared(stage.name, measure, floor, ours, most=GOAL_MERGE, judged=judged)]


def mail(stage: Stage) -> list[Line]:
    found = {name: _cost(one) for name, one in stage.step("mail.costs", stage.size.mails, stage.size.rounds).items()}
    judged = stage.size.mails >= 1_000
    two_mails, account = found["floor"].per(0.5), found["account"]
    reached = account.cpu <= GOAL_ACCOUNT if judged else None
    return [
        compared(stage.name, "mail, relayed over one connection", found["floor"], found["relay"], most=GOAL_RELAY,
                 judged=judged),
        compared(stage.name, "mail, claimed, rendered, sent, stamped", found["floor"], found["room"]),
        Line(stage.name, "decide, render, send, a notified account (2 mails)", cost(two_mails), cost(account),
             f"{account.cpu / two_mails.cpu:.1f}x", "<= 1.2 ms", reached),
    ]  # fmt: skip


def wake(stage: Stage) -> list[Line]:
    """From the commit to the mail server, with an idle worker on Redis."""
    number = 20 if stage.size.moves < 300 else 60
    found = stage.step("wake.arrivals", min(number, stage.size.moves))
    reached = found["p95"] <= GOAL_ARRIVED if stage.size.is_full else None
    said = f"p95 {seconds(found['p95'])}, p50 {seconds(found['p50'])}"
    measure = "mail at the server after the commit, on the clock"
    return [Line(stage.name, measure, "60 s (next tick)", said, "", "p95 <= 250 ms", reached)]


def writers(stage: Stage) -> list[Line]:
    """One transition while three other processes write as well, on the clock; beside one writer alone."""
    alone, four = (stage.step("writers.seconds_of", many, stage.size.moves) for many in (1, WRITERS))
    goal = GOAL_WRITERS if stage.name == "SQLite" else None
    reached = four["p99"] <= GOAL_WRITERS if goal and stage.size.is_full else None
    of_one, of_four = (f"p99 {seconds(one['p99'])}, p50 {seconds(one['p50'])}" for one in (alone, four))
    ratio = f"{four['p99'] / alone['p99']:.1f}x"
    measure = f"one transition, {WRITERS} writers beside 1, on the clock"
    return [Line(stage.name, measure, of_one, of_four, ratio, "p99 <= 50 ms" if goal else "", reached)]


def token(stage: Stage) -> list[Line]:
    """The gateway asks no database: measured once."""
    if stage.name != "SQLite":
        return []
    floor, ours = pair_of(stage.step("tokens.check", max(20, stage.size.moves), stage.size.rounds))
    judged = stage.size.is_full
    return [compared("none", "token check through the gateway", floor, ours, most=GOAL_TOKEN, judged=judged)]


def _same(found: int, wanted: int) -> None:
    if found != wanted:
        sys.exit(f"{found:,} instead of {wanted:,}: the benchmark stops here.")


def _cost(said: dict[str, float]) -> Cost:
    return Cost(**said)
