"""Charts draw what they are given: none, one, few and many values, in words as well."""

from __future__ import annotations

import re

import pytest
from django.template.loader import render_to_string
from django.utils import translation


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
