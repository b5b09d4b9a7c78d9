"""Charts in templates: each tag works out where the parts of one drawing stand; the partials draw them."""

from __future__ import annotations

from collections.abc import Sequence

from django import template

from accounts.readers import charts

register = template.Library()


@register.simple_tag
def spark(values: Sequence[tuple[str, float]]) -> list[charts.Box]:
    """The bars of a sparkline over (label, number), the oldest first."""
    return charts.spark(values)


@register.simple_tag
def bars(labels: Sequence[str], series: Sequence[charts.Series]) -> charts.Drawing:
    """Bars side by side over each label."""
    return charts.bars(labels, series)


@register.simple_tag
def lines(labels: Sequence[str], series: Sequence[charts.Series]) -> charts.Drawing:
    """Lines from label to label."""
    return charts.lines(labels, series)


@register.simple_tag
def ranges(rows: Sequence[charts.Range], unit: str = "") -> charts.Ranges:
    """Rows with a low and a high end, told in ``unit``."""
    return charts.ranges(rows, unit)


@register.filter
def in_words(values: Sequence[tuple[str, float]]) -> str:
    """(label, number) as one line of text: "Jan 3, Feb 0"."""
    return charts.said(values)
