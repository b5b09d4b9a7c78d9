"""What the addresses of a list have in common: tabs, filters and pages keep one another."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest

from accounts.readers.paging import Page


def here_with(request: HttpRequest, **changes: str) -> str:
    """The address of this list with ``changes`` ("" takes a parameter away), from its first page."""
    asked = request.GET.copy()
    for name in ("after", "before", *changes):
        asked.pop(name, None)
    for name, value in changes.items():
        if value:
            asked[name] = value
    query = asked.urlencode()
    return f"{request.path}?{query}" if query else request.path


def neighbours(request: HttpRequest, page: Page[Any]) -> dict[str, str]:
    """The addresses of the previous and the next page, "" where there is none."""
    return {
        "previous_url": here_with(request, before=page.before) if page.before else "",
        "next_url": here_with(request, after=page.after) if page.after else "",
    }


def tabs(request: HttpRequest, current: str, found: Iterable[tuple[str, str, int | None]]) -> list[dict[str, Any]]:
    """The tabs of a list out of (state, label, count or None); without a label the template says the state's word."""
    return [
        {
            "state": state,
            "label": label,
            "url": here_with(request, state=state),
            "current": state == current,
            "count": count,
        }
        for state, label, count in found
    ]


def events_before(request: HttpRequest) -> int | None:
    """The number that ``?before=`` names: the older entries of a history begin below it."""
    asked = request.GET.get("before", "")
    return int(asked) if asked.isdecimal() and len(asked) < 10 else None
