"""Lists by key: a page is the rows after (or before) the key of a row, never an offset and never a full count.

The key of a row stands in the URL as ``<sort value>~<id>``; one that cannot be read shows the first page.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar, cast

from django.core.exceptions import ValidationError
from django.db.models import Field, Model, Q, QuerySet

M = TypeVar("M", bound=Model)

PAGE = 25  # rows
LONGEST_KEY = 300  # characters


@dataclass(frozen=True)
class Order:
    """By which column a list is sorted, ``id`` second; ``falling`` begins with the greatest.

    Rows that are alike in the column stand by rising ``id``; with ``ties_fall`` the greatest ``id`` comes first.
    """

    column: str
    falling: bool = False
    ties_fall: bool = False


@dataclass(frozen=True)
class Page(Generic[M]):
    """The rows of one page, and the keys to its neighbours ("" where there is none)."""

    rows: list[M]
    before: str = ""
    after: str = ""


def page(rows: QuerySet[M], order: Order, asked: Mapping[str, str], size: int = PAGE) -> Page[M]:
    """The page of ``rows`` that ``asked`` names: ``after`` or ``before`` a key, else the first. One query.

    ``order.column`` must not be null in ``rows``. A page before the first row is the first page.
    """
    back = _key(rows.model, order, asked.get("before", ""))
    if back is not None:
        found = _take(rows, order, back, size, backwards=True)
        if found:
            more, shown = len(found) > size, found[:size][::-1]
            return Page(shown, before=key_of(shown[0], order) if more else "", after=key_of(shown[-1], order))
    start = _key(rows.model, order, asked.get("after", "")) if back is None else None
    found = _take(rows, order, start, size, backwards=False)
    shown, more = found[:size], len(found) > size
    return Page(
        shown,
        before=key_of(shown[0], order) if shown and start is not None else "",
        after=key_of(shown[-1], order) if more else "",
    )


def beside(rows: QuerySet[M], order: Order, row: M) -> tuple[M | None, M | None]:
    """The rows that stand before and after ``row``, or where it would stand if it is not among them. Two queries."""
    key = (getattr(row, order.column), row.pk)
    before, after = (_take(rows, order, key, 0, backwards=backwards) for backwards in (True, False))
    return before[0] if before else None, after[0] if after else None


def key_of(row: Model, order: Order) -> str:
    """The key of ``row``, as it stands in a URL."""
    value = getattr(row, order.column)
    text = value.isoformat() if hasattr(value, "isoformat") else str(value)
    return f"{text}~{row.pk}"


def is_key(model: type[Model], order: Order, text: str) -> bool:
    """Is ``text`` a key of a list of ``model`` in this order? Where a wrong one should not show the first page."""
    return _key(model, order, text) is not None


def _take(rows: QuerySet[M], order: Order, key: tuple[object, object] | None, size: int, *, backwards: bool) -> list[M]:
    """One row more than ``size``, so that it is known whether there is a next page."""
    falling, ties_fall = order.falling is not backwards, order.ties_fall is not backwards
    if key is not None:
        value, pk = key
        beyond = "lt" if falling else "gt"
        further = Q(pk__lt=pk) if ties_fall else Q(pk__gt=pk)
        at_or_beyond = Q(**{f"{order.column}__{beyond}e": value})  # alone it would do for the index
        rows = rows.filter(at_or_beyond & (Q(**{f"{order.column}__{beyond}": value}) | further))
    column = f"-{order.column}" if falling else order.column
    return list(rows.order_by(column, "-pk" if ties_fall else "pk")[: size + 1])


def _key(model: type[Model], order: Order, text: str) -> tuple[object, object] | None:
    """The key that ``text`` says, or None when it is not one."""
    value, found, pk = text.rpartition("~")
    if not found or len(text) > LONGEST_KEY or "\0" in text:
        return None
    try:
        said = cast("Field[Any, Any]", model._meta.get_field(order.column)).to_python(value)
        if isinstance(said, datetime):
            said = said.replace(tzinfo=said.tzinfo or UTC).astimezone(UTC)
        return said, model._meta.pk.to_python(pk)
    except (ValidationError, ValueError, OverflowError):
        return None
