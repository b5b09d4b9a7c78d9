"""The audit trail stays quick however long it gets: both databases find a page by an index, without sorting."""

from __future__ import annotations

import json
import uuid
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from accounts.models import Event, Person
from accounts.readers import audit, paging
from tests.story import NOW, Story

MANY = 15_000
WHO = "marte@support.example"
ASKED = {
    "all": audit.Asked(),
    "verb": audit.Asked(verb="import"),
    "rare verb": audit.Asked(verb="reject"),
    "person": audit.Asked(who=WHO),
    "person and verb": audit.Asked(who=WHO, verb="return"),
    "people": audit.Asked(kind=audit.PEOPLE),
    "portal": audit.Asked(kind=audit.PORTAL),
    "links": audit.Asked(kind=audit.LINKS),
    "days": audit.Asked(first=date(2026, 11, 1), last=date(2026, 11, 2)),
    "verb on days": audit.Asked(verb="import", first=date(2026, 11, 1), last=date(2026, 11, 2)),
}

FEW = {"person and verb"}
"""Two indexes together leave a handful of rows: PostgreSQL may sort these."""


@pytest.fixture
def long_history(story: Story) -> None:
    """Mostly what the portal did by itself, now and then a person, hardly ever a link."""
    marte = Person.objects.get(email=WHO)
    rows = []
    for number in range(MANY):
        verb, kind = ("return", "person") if number % 50 == 0 else ("import", "system")
        verb, kind = ("reject", "person") if number % 4000 == 0 else (verb, kind)
        verb, kind = ("keep", "link") if number % 1999 == 0 else (verb, kind)
        rows.append(
            Event(
                subject_type="account", subject_id=uuid.uuid4(), seq=1, at=NOW - timedelta(minutes=number * 5),
                verb=verb, actor_kind=kind, actor_id=marte.pk if kind == "person" else None, actor_name="A", hash="",
            )
        )  # fmt: skip
    Event.objects.bulk_create(rows, batch_size=2000)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE accounts_event" if connection.vendor == "postgresql" else "SELECT 1")


def statement(asked: audit.Asked, at: dict[str, str]) -> tuple[str, tuple[Any, ...]]:
    """The very statement that reads a page, caught on its way to the database."""
    caught: list[tuple[str, tuple[Any, ...]]] = []

    def keep(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        caught.append((sql, params))
        return execute(sql, params, many, context)

    rows = audit.matching(asked)
    with connection.execute_wrapper(keep):
        paging.page(rows, audit.NEWEST_FIRST, at)
    assert len(caught) == 1
    return caught[0]


def plan(sql: str, params: tuple[Any, ...]) -> str:
    """What the database would do, in its own words."""
    how = "EXPLAIN (FORMAT JSON)" if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN"
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"{how} {sql}", params)
        return json.dumps([[str(cell) for cell in row] for row in cursor.fetchall()])


@pytest.mark.usefixtures("long_history")
def test_a_page_is_found_by_an_index() -> None:
    for name, asked in ASKED.items():
        for at in ({}, {"after": f"{(NOW - timedelta(days=20)).isoformat()}~0"}):
            wrong = what_is_slow(plan(*statement(asked, at)), may_sort=name in FEW)
            assert not wrong, f"{name}, {at or 'first page'}: {wrong}"


def what_is_slow(said: str, *, may_sort: bool) -> str:
    """The plan itself where it reads or sorts the whole table, else nothing."""
    if connection.vendor == "postgresql":
        slow = "Seq Scan" in said or ("'Sort'" in said and not may_sort)
    else:
        slow = "USING INDEX event_by_" not in said or "TEMP B-TREE" in said
    return said if slow else ""
