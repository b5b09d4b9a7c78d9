"""Charts draw what they are given: none, one, few and many values, in words as well."""

from __future__ import annotations

import re

import pytest
from django.template.loader import render_to_string
from django.utils import translation

from accounts.readers import charts
from accounts.readers.charts import Range, Series


def draw(name: str, /, **variables: object) -> str:
    """One partial, as a page includes it."""
    return re.sub(r">\s+<", "><", render_to_string(f"components/_{name}.html", variables)).strip()


def heights(drawn: str) -> list[float]:
    """How tall the bars of a drawing are."""
    return [float(found) for found in re.findall(r'<rect [^>]*height="([\d.]+)"', drawn)]


def test_a_sparkline_without_values_is_a_flat_line() -> None:
    drawn = draw("spark", values=[], label="Calls by month")
    assert heights(drawn) == [1]
    assert 'aria-label="Calls by month"' in drawn


def test_a_sparkline_shows_what_is_little_and_what_is_nothing() -> None:
    drawn = draw("spark", values=[("Jan", 1000), ("Feb", 1), ("Mar", 0)], label="Calls by month")
    assert heights(drawn) == [28, 3, 1]
    assert drawn.count("c-quiet") == 1
    assert 'aria-label="Calls by month: Jan 1000, Feb 1, Mar 0"' in drawn


@pytest.mark.parametrize("number", [1, 12, 365])
def test_a_sparkline_stays_in_its_box(number: int) -> None:
    with translation.override("nb"):  # where a decimal is written with a comma
        drawn = draw("spark", values=[(str(n), n) for n in range(number)], label="Calls")
    bars = re.findall(r'x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)"', drawn)
    assert len(bars) == number
    assert all(float(x) + float(w) <= 120 and float(y) + float(h) <= 28.01 for x, y, w, h in bars)


def series(*values: float, color: str = "c-accent") -> Series:
    return Series("Sent", color, values)


def labels(number: int) -> list[str]:
    return [f"Nov {2000 + place}" for place in range(number)]


@pytest.mark.parametrize("number", [0, 1, 2, 4, 13, 60])
@pytest.mark.parametrize("name", ["chart_bars", "chart_line"])
def test_a_chart_stays_in_its_box_with_any_number_of_values(name: str, number: int) -> None:
    values = [float(place % 7) for place in range(number)]
    with translation.override("nb"):
        drawn = draw(name, labels=labels(number), series=[series(*values), series(*values)], label="Orders")
    assert 'role="img" aria-label="Orders"' in drawn
    assert "style=" not in drawn
    places = [float(x) for x in re.findall(r' (?:x|x1|x2|cx)="([\d.]+)%"', drawn)]
    assert all(0 <= place <= 100 for place in places)
    edges = [float(x) + float(w) for x, w in re.findall(r' x="([\d.]+)%" y="[\d.]+" width="([\d.]+)%"', drawn)]
    assert all(edge <= 100 for edge in edges)


def test_bars_are_as_tall_as_their_numbers() -> None:
    drawn = charts.bars(labels(3), [series(10, 5, 0)])
    assert [float(box.height) for box in drawn.boxes] == [charts.HEIGHT, charts.HEIGHT / 2]
    assert [number.text for number in drawn.numbers] == ["10", "5"]


def test_a_single_value_is_a_slim_bar_and_a_dot() -> None:
    (box,) = charts.bars(["Nov"], [series(3)]).boxes
    assert (box.x, box.width) == ("38%", "22.08%")
    (line,) = charts.lines(["Nov"], [series(3)]).lines
    assert line.dots == [("50%", str(charts.HEAD))]


@pytest.mark.parametrize("number", range(1, 61))
def test_labels_never_run_into_each_other_on_a_phone(number: int) -> None:
    """Each takes its letters' width; those at the edges are pushed inwards."""
    ticks = charts.bars(labels(number), [series(*[1.0] * number)]).ticks
    wide, ends = charts.LETTER * len(labels(1)[0]), 0.0
    for tick in ticks:
        at = float(tick.x.rstrip("%")) * charts.ROOM / 100
        begins = {"start": at, "middle": at - wide / 2, "end": at - wide}[tick.anchor]
        assert begins >= ends
        ends = begins + wide
    assert ticks[-1].text == labels(number)[-1]


@pytest.mark.parametrize(
    ("most", "whole", "steps"),
    [
        (0, True, [0, 1]),
        (1, True, [0, 1]),
        (3, True, [0, 1, 2, 3]),
        (7, True, [0, 2, 4, 6, 8]),
        (61, True, [0, 20, 40, 60, 80]),
        (0.3, False, [0, 0.1, 0.2, 0.3]),
        (5, False, [0, 2, 4, 6]),
    ],
)
def test_the_steps_of_a_scale_are_round(most: float, whole: bool, steps: list[float]) -> None:
    top, found = charts._scale(most, whole=whole)
    assert found == pytest.approx(steps)
    assert top == pytest.approx(steps[-1])


def test_ranges_show_what_there_is_and_leave_out_what_is_not() -> None:
    rows = [Range("Support", "0.5–2 d", 0.5, 2.0, 2), Range("Approval", "no order", mark=None)]
    drawn = draw("chart_ranges", rows=rows, unit="d", label="Days in each stage")
    assert drawn.count("<circle") == 2
    assert drawn.count('class="mark"') == 1
    assert "no order" in drawn
    assert charts.ranges(rows, "d").rows[0].high == charts.ranges(rows, "d").rows[0].mark


@pytest.mark.parametrize(("language", "written"), [("en", "1,234.5"), ("nb", "1\xa0234,5")])
def test_numbers_are_written_in_the_language_of_the_page(language: str, written: str) -> None:
    with translation.override(language):
        assert charts.figure(1234.54) == written
        assert charts.figure(12.0) == "12"


def test_the_table_beside_a_chart_says_the_same_in_words() -> None:
    drawn = draw(
        "chart_table", title="Orders", head=["Month", "Sent"], rows=[["Nov", "3"]], csv_url="/x.csv", query="a=1"
    )
    assert '<th scope="row">Nov</th><td class="end lp-num">3</td>' in drawn
    assert 'href="/x.csv?a=1"' in drawn
