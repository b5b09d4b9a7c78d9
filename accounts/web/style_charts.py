"""The charts of the style page: each with none, one, few and many values."""

from __future__ import annotations

import datetime as dt
from typing import Any

from accounts.readers.charts import Range, Series

NUMBERS = {"none": 0, "one": 1, "few": 4, "many": 36}


def chart_examples(today: dt.date) -> list[dict[str, Any]]:
    """What the charts are filled with, by how much there is; ``today`` is where time ends."""
    return [_example(name, number, today) for name, number in NUMBERS.items()]


def _example(name: str, number: int, today: dt.date) -> dict[str, Any]:
    labels = [f"{today - dt.timedelta(days=30 * back):%b %Y}" for back in range(number - 1, -1, -1)]
    sent = [float((place * 7 + 3) % 11) for place in range(number)]
    issued = [float((place * 5 + 1) % 8) for place in range(number)]
    series = [Series("Sent", "c-soft", sent), Series("Issued", "c-accent", issued)]
    states = [
        Series("Active", "c-accent", [200.0 + 9 * place for place in range(number)]),
        Series("Notified", "c-warn", [place * 13 % 40 for place in range(number)]),
        Series("Suspended", "c-bad", [4.0 * place for place in range(number)]),
    ]
    rows = [[label, f"{first:g}", f"{second:g}"] for label, first, second in zip(labels, sent, issued, strict=True)]
    return {
        "name": name,
        "labels": labels,
        "series": series,
        "one": series[1:],
        "states": states,
        "ranges": _ranges(number),
        "rows": [(label, int(value)) for label, value in zip(labels, sent, strict=True)][:6],
        "spark": list(zip(labels, issued, strict=True)),
        "head": ["Month", "Sent", "Issued"],
        "table": rows,
    }


def _ranges(number: int) -> list[Range]:
    made = [
        Range(f"Stage {place + 1}", f"p50 {0.4 * place + 0.3:.1f} d, p90 {place + 1.2:.1f} d", 0.4 * place + 0.3,
              place + 1.2, 2 if place % 2 == 0 else None)
        for place in range(min(number, 6))
    ]  # fmt: skip
    return made or [Range("Stage 1", "no order")]
