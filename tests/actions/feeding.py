"""Feeding usage files in tests: lines in, what was counted and covered out."""

from __future__ import annotations

import io
import json
from datetime import date
from typing import Any

import pytest

from accounts.actions.lines import BadFile
from accounts.actions.usage import Taken, take_in
from accounts.lifecycle.actor import SYSTEM
from accounts.models import Coverage, DailyUsage, UsageFile
from tests.rows import NOW, environment

YESTERDAY = date(2026, 11, 22)
UUID = "5b6d7c1e-0f5f-4c5e-9a53-0f1d2c3b4a59"


def call(client: str | None = "alpha", at: str = "2026-11-20T10:00:00Z", **more: Any) -> str:
    return json.dumps({"timestamp": at, "client_id": client, "status": 200, **more})


def take(*lines: str, through: date = YESTERDAY, **options: Any) -> Taken:
    text = "".join(line + "\n" for line in lines)
    options = {"environment": environment(), "by": SYSTEM, "now": NOW, **options}
    return take_in(io.BytesIO(text.encode()), covers_through=through, **options)


def usage(client: str = "alpha") -> dict[str, int]:
    rows = DailyUsage.objects.filter(account__client_id=client)
    return {day.isoformat(): calls for day, calls in rows.values_list("day", "calls")}


def covered() -> list[tuple[str, str]]:
    rows = Coverage.objects.order_by("first_day").values_list("first_day", "last_day")
    return [(first.isoformat(), last.isoformat()) for first, last in rows]


def bad_lines(*lines: str, **options: Any) -> list[str]:
    with pytest.raises(BadFile) as refused:
        take(*lines, **options)
    assert not UsageFile.objects.exists()
    assert not Coverage.objects.exists()
    assert not DailyUsage.objects.exists()
    return [str(bad) for bad in refused.value.bad_lines]
