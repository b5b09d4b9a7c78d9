"""Where the parts of a drawn chart stand: numbers in, SVG attributes out (design: x in per cent, y in pixels).

Positions are text, so that no language writes them with a comma. Colours are classes: the style sheet knows the
light and the dark one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

SPARK_WIDTH, SPARK_HEIGHT = 120, 28  # units of the drawing that is then fitted into its place
LEAST = 3  # pixels: what is not nothing is seen


@dataclass(frozen=True)
class Box:
    """One bar: the SVG attributes of its rectangle; ``color`` is a class."""

    x: str
    y: str
    width: str
    height: str
    color: str = "c-accent"


def spark(values: Sequence[tuple[str, float]]) -> list[Box]:
    """The bars of a sparkline, one a value, the oldest first; nothing is a flat quiet mark on the ground."""
    if not values:
        return []
    most = max(number for _label, number in values)
    slot = SPARK_WIDTH / len(values)
    boxes = []
    for place, (_label, number) in enumerate(values):
        tall = max(LEAST, SPARK_HEIGHT * number / most) if number > 0 else 1
        boxes.append(
            Box(_n(place * slot + slot * 0.12), _n(SPARK_HEIGHT - tall), _n(slot * 0.76), _n(tall),
                "c-accent" if number > 0 else "c-quiet")
        )  # fmt: skip
    return boxes


def said(values: Sequence[tuple[str, float]]) -> str:
    """The values in words, for whoever does not see the drawing: "Jan 3, Feb 0"."""
    return ", ".join(f"{label} {number:g}" for label, number in values)


def _n(number: float) -> str:
    """A number as an SVG attribute, without needless zeros."""
    return f"{number:.2f}".rstrip("0").rstrip(".")
