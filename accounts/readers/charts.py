"""Where the parts of a drawn chart stand: numbers in, SVG attributes out (design: x in per cent, y in pixels).

Positions are text, so that no language writes them with a comma. Colours are classes: the style sheet knows the
light and the dark one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

from django.utils.formats import number_format

HEIGHT = 160  # pixels between the highest value and the ground
HEAD = 18  # pixels above, for the highest number
FOOT = 26  # pixels below the ground, for the labels
ROOM = 262  # pixels for the labels on a phone, beside the gutter of the numbers
LETTER, BETWEEN = 7, 9  # pixels
WIDEST = 24  # per cent for the bars over one label
MOST_NUMBERS = 12  # so many bars leave room for a number on each
ROW = 64  # pixels for one row of a chart of ranges
LEFT, RIGHT = 2.0, 96.0  # per cent between which a chart of ranges is drawn
STEPS = (1, 2, 2.5, 5, 10)
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


@dataclass(frozen=True)
class Text:
    """A word in the drawing."""

    x: str
    y: str
    text: str
    anchor: str = "middle"


@dataclass(frozen=True)
class Series:
    """One row of numbers with its name; ``color`` is a class (c-accent, c-soft, c-warn, c-bad, c-quiet)."""

    name: str
    color: str
    values: Sequence[float]


@dataclass(frozen=True)
class Line:
    """A line over time: the points inside a box of 100 by 100, and where it ends."""

    name: str
    color: str
    points: str
    dots: list[tuple[str, str]]


@dataclass(frozen=True)
class Drawing:
    """Bars or lines over a ground, with lines of a grid and their numbers, and the labels below."""

    height: int
    base: int
    head: int
    plot: int
    grid: list[Text]
    ticks: list[Text]
    boxes: list[Box]
    numbers: list[Text]
    lines: list[Line]


@dataclass(frozen=True)
class Range:
    """What is drawn as one row of a chart of ranges; ``low`` is None where there is nothing to draw."""

    label: str
    text: str
    low: float | None = None
    high: float | None = None
    mark: float | None = None


@dataclass(frozen=True)
class RangeRow:
    """One row: the label's and the line's height, and how far the ends and the mark stand from the left."""

    label: str
    text: str
    y: int
    at: int
    low: str = ""
    high: str = ""
    mark: str = ""


@dataclass(frozen=True)
class Ranges:
    height: int
    plot: int
    ticks: list[Text]
    rows: list[RangeRow]


def bars(labels: Sequence[str], series: Sequence[Series]) -> Drawing:
    """Bars side by side over each label. Numbers stand on them while one series with few bars leaves the room."""
    top, steps = _scale(max((number for one in series for number in one.values), default=0))
    slot = 100 / max(1, len(labels))
    boxes, numbers = [], []
    for place in range(len(labels)):
        for row, one in enumerate(series):
            wide = min(slot * 0.8, WIDEST) / len(series)
            left, number = (place + 0.5) * slot + (row - len(series) / 2) * wide, one.values[place]
            tall = max(LEAST, HEIGHT * number / top) if number > 0 else 0
            y = HEAD + HEIGHT - tall
            if tall:
                boxes.append(Box(f"{_n(left)}%", _n(y), f"{_n(wide * 0.92)}%", _n(tall), one.color))
            if len(series) == 1 and len(labels) <= MOST_NUMBERS and tall:
                numbers.append(Text(f"{_n((place + 0.5) * slot)}%", _n(y - 5), figure(number)))
    return Drawing(
        HEAD + HEIGHT + FOOT, HEAD + HEIGHT, HEAD, HEIGHT, _grid(top, steps), _ticks(labels), boxes, numbers, []
    )


def lines(labels: Sequence[str], series: Sequence[Series]) -> Drawing:
    """Lines from label to label; a single value is a dot."""
    top, steps = _scale(max((number for one in series for number in one.values), default=0))
    slot = 100 / max(1, len(labels))
    drawn = []
    for one in series:
        at = [((place + 0.5) * slot, 100 - 100 * number / top) for place, number in enumerate(one.values)]
        points = " ".join(f"{_n(x)},{_n(y)}" for x, y in at)
        dots = [(f"{_n(x)}%", _n(HEAD + HEIGHT * y / 100)) for x, y in at[-1:]]
        drawn.append(Line(one.name, one.color, points, dots))
    return Drawing(HEAD + HEIGHT + FOOT, HEAD + HEIGHT, HEAD, HEIGHT, _grid(top, steps), _ticks(labels), [], [], drawn)


def ranges(rows: Sequence[Range], unit: str = "") -> Ranges:
    """Rows with a low and a high end, and a mark to hold them against; the axis below is told in ``unit``."""
    ends = [end for row in rows for end in (row.high, row.mark) if end is not None]
    top, steps = _scale(max(ends, default=0), whole=False)

    def at(value: float | None) -> str:
        return "" if value is None else f"{_n(LEFT + (RIGHT - LEFT) * value / top)}%"

    plot = ROW * len(rows) + 4
    ticks = [Text(at(step), str(plot + 16), f"{figure(step, 2)} {unit}".strip()) for step in steps]
    drawn = [
        RangeRow(row.label, row.text, place * ROW + 16, place * ROW + 42, at(row.low), at(row.high), at(row.mark))
        for place, row in enumerate(rows)
    ]
    return Ranges(plot + 22, plot, ticks, drawn)


def figure(number: float, digits: int = 1) -> str:
    """A number in the language of the page, with at most ``digits`` decimals and none that are needless."""
    rounded = round(number, digits)
    whole = rounded == int(rounded)
    return str(number_format(int(rounded) if whole else rounded, use_l10n=True, force_grouping=True))


def _scale(most: float, *, whole: bool = True) -> tuple[float, list[float]]:
    """A round number at or above ``most``, and the one to five round steps to it from 0; ``whole``: no halves."""
    if most <= 0:
        return 1, [0, 1]
    size = 10.0 ** floor(log10(most / 4))
    steps = [size * one for one in STEPS]
    if whole:
        steps = [step for step in (*steps, 1.0) if step == int(step)]
    step = next(step for step in steps if step * 4 >= most * 0.999999)
    number = ceil(most / step * 0.999999)
    return step * number, [step * place for place in range(number + 1)]


def _grid(top: float, steps: Sequence[float]) -> list[Text]:
    return [Text("0", _n(HEAD + HEIGHT - HEIGHT * step / top), figure(step)) for step in steps[1:]]


def _ticks(labels: Sequence[str]) -> list[Text]:
    """Every label, or every second, third, ... so that they do not run into each other; the last one always.

    The outermost ones begin or end with the drawing where the middle of their bar is too near to its edge.
    """
    if not labels:
        return []
    wide, slot = LETTER * max(map(len, labels)) + BETWEEN, 100 / len(labels)
    moved = max(0.0, (wide - ROOM * slot / 100) / 2)  # by so much the outermost ones come nearer to their neighbours
    each = max(1, ceil((wide + (moved if len(labels) * wide > ROOM else 0)) / (ROOM * slot / 100)))
    shown = [place for place in range(len(labels)) if (len(labels) - 1 - place) % each == 0]
    return [_tick((place + 0.5) * slot, labels[place], 50 * wide / ROOM) for place in shown]


def _tick(middle: float, label: str, half: float) -> Text:
    y = str(HEAD + HEIGHT + 18)
    if middle < half:
        return Text("0%", y, label, "start")
    if middle > 100 - half:
        return Text("100%", y, label, "end")
    return Text(f"{_n(middle)}%", y, label)


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
