"""Merging counts of calls by client and day, beside what the database itself does: COPY, then ON CONFLICT."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial

from django.db import connection, transaction
from django.db.models import Sum

from accounts.actions.feeds import feed_of
from accounts.actions.usage_merge import StagedUsage
from accounts.models import DailyUsage, Environment, Feed, FeedKind, Figure
from tests.benchmarks.dialect import dialect
from tests.benchmarks.measures import Pair, expect, least_of
from tests.benchmarks.meter import measured
from tests.benchmarks.population import NOW, tidy

CLIENTS = 1_000
FIRST_DAY = date(2020, 1, 1)  # long before the days of the usage log
CALLS = 3
Row = tuple[str, str, int]
_COPY = "COPY bench_counts FROM STDIN"
_INSERT = "INSERT INTO bench_counts VALUES (%s, %s, %s)"
_MERGE = """
    INSERT INTO accounts_dailyusage (account_id, day, calls)
    SELECT a.id, c.day, c.calls FROM bench_counts c JOIN accounts_account a ON a.client_id = c.client_id
    WHERE a.environment_id = %s
    ON CONFLICT (account_id, day) DO UPDATE SET calls = accounts_dailyusage.calls + excluded.calls
"""


def merge(number: int, rounds: int) -> Pair:
    """``number`` counts in days that were never counted, and then the same again, which adds; each of both."""
    feed = feed_of(Environment.objects.get(name="PRODUCTION"), FeedKind.FILE, "bench", now=NOW)
    turns = []
    for turn in range(rounds):
        rows = [_rows(number, 2 * turn + which) for which in range(2)]
        tidy()
        floor = measured(partial(_floor, rows[0]), 2)
        ours = measured(partial(_ours, rows[1], feed), 2)
        for those in rows:
            days = {day for _client, day, _calls in those}
            expect(DailyUsage.objects.filter(day__in=days).aggregate(all=Sum("calls"))["all"], 2 * CALLS * number)
        turns.append((floor.per(number), ours.per(number)))
    return least_of(turns)


def _ours(rows: list[Row], feed: Feed) -> None:
    with StagedUsage() as staged:
        staged.add(rows)
        staged.settle()
        with transaction.atomic():
            expect(staged.merge(feed, Figure.CALLS, now=NOW).calls, CALLS * len(rows))


def _floor(rows: list[Row]) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        kind = "date" if connection.vendor == "postgresql" else "text"
        cursor.execute(f"CREATE TEMPORARY TABLE bench_counts (client_id text, day {kind}, calls bigint)")
        if connection.vendor == "postgresql":
            with cursor.copy(_COPY) as copy:
                for row in rows:
                    copy.write_row(row)
        else:
            cursor.executemany(_INSERT, rows)
        cursor.execute(_MERGE, [dialect().id(Environment.objects.get(name="PRODUCTION").pk)])
        cursor.execute("DROP TABLE bench_counts")


def _rows(number: int, part: int) -> list[Row]:
    """Counts of all clients, on days of their own for each ``part``."""
    days = -(-number // CLIENTS)
    first = FIRST_DAY + timedelta(days=part * days)
    texts = [(first + timedelta(days=day)).isoformat() for day in range(days)]
    return [(f"client-{1 + place % CLIENTS}", texts[place // CLIENTS], CALLS) for place in range(number)]
