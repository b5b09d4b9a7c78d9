"""The table: measure, floor, ours, ratio, goal."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tests.benchmarks.meter import Cost

HEAD = ("database", "measure", "floor", "ours", "ratio", "goal", "reached")
SCALES = ((1.0, "s"), (1e-3, "ms"), (1e-6, "us"), (1e-9, "ns"))


@dataclass(frozen=True)
class Line:
    """One measure on one database. ``reached`` is None where no goal is set or this run is too small to tell."""

    database: str
    measure: str
    floor: str
    ours: str
    ratio: str = ""
    goal: str = ""
    reached: bool | None = None

    def cells(self) -> tuple[str, ...]:
        said = {True: "yes", False: "NO", None: ""}[self.reached]
        return self.database, self.measure, self.floor, self.ours, self.ratio, self.goal, said


def compared(
    database: str, measure: str, floor: Cost, ours: Cost, *, most: float | None = None, judged: bool = False
) -> Line:
    """A measure whose goal is a ratio: the portal's work costs at most ``most`` times the floor, in CPU seconds."""
    ratio = f"{ours.cpu / floor.cpu:.1f}x ({ours.wall / floor.wall:.1f}x)" if floor.cpu else ""
    goal = f"<= {most:g}x" if most else ""
    reached = ours.cpu <= most * floor.cpu if most and judged else None
    return Line(database, measure, cost(floor), cost(ours), ratio, goal, reached)


def cost(value: Cost) -> str:
    """CPU time, and in brackets the time on the clock."""
    return f"{seconds(value.cpu)} ({seconds(value.wall)})"


def seconds(value: float) -> str:
    """A time with the unit that fits it."""
    scale, unit = next((pair for pair in SCALES if value >= pair[0]), SCALES[-1])
    return f"{value / scale:.3g} {unit}" if value < 100 * scale else f"{value / scale:.0f} {unit}"


def rate(each: Cost) -> str:
    """How many fit into a CPU second."""
    return f"{1 / each.cpu / 1e6:.2f} M a CPU second"


def pair_of(pair: dict[str, dict[str, float]]) -> tuple[Cost, Cost]:
    """Floor and ours out of what a step gave."""
    return Cost(**pair["floor"]), Cost(**pair["ours"])


def text(lines: Iterable[Line]) -> str:
    """The table for a terminal, which is a Markdown table at the same time."""
    rows = [HEAD, *(line.cells() for line in lines)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(HEAD))]
    rows.insert(1, tuple("-" * width for width in widths))
    padded = ([cell.ljust(width) for cell, width in zip(row, widths, strict=True)] for row in rows)
    return "\n".join(f"| {' | '.join(row)} |" for row in padded)
