"""The set SQL that merges usage, held to a plain loop over the ORM; and memory that does not grow with the file."""

from __future__ import annotations

import io
import json
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.actions import usage_lines
from accounts.actions.usage import take_in
from accounts.lifecycle.actor import SYSTEM
from accounts.models import Account, DailyUsage, UsageFile
from tests.rows import NOW, TODAY, account, environment

CLIENTS = ("a", "b", "c", "stranger")
Line = tuple[str, int, int]

lines = st.lists(
    st.tuples(st.sampled_from(CLIENTS), st.integers(0, 20), st.sampled_from([200, 201, 401, 500])), max_size=30
)


def as_bytes(file: list[Line]) -> bytes:
    start = datetime(2026, 11, 1, 12, tzinfo=UTC)
    return b"".join(
        json.dumps(
            {"timestamp": (start + timedelta(days=day)).isoformat(), "client_id": client, "status": status}
        ).encode()
        + b"\n"
        for client, day, status in file
    )


def plain(files: list[list[Line]]) -> tuple[dict[tuple[str, date], int], dict[str, date | None]]:
    """What a loop would have counted: every successful call of a known client, each different file once."""
    counts: dict[tuple[str, date], int] = {}
    last: dict[str, date | None] = {"a": None, "b": None, "c": date(2026, 11, 10)}
    for file in {as_bytes(file): file for file in files}.values():
        for client, offset, status in file:
            if client != "stranger" and status < 400:
                day = date(2026, 11, 1) + timedelta(days=offset)
                counts[client, day] = counts.get((client, day), 0) + 1
                last[client] = max(day, last[client] or day)
    return counts, last


@pytest.mark.django_db
@given(files=st.lists(lines, max_size=4), most=st.sampled_from([1, 3, 50_000]))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_like_a_plain_loop(monkeypatch: pytest.MonkeyPatch, files: list[list[Line]], most: int) -> None:
    monkeypatch.setattr(usage_lines, "MOST_COUNTS", most)
    UsageFile.objects.all().delete()
    for client in "ab":
        account(client)
    account("c", last_used_on=date(2026, 11, 10))
    for file in [*files, *files]:
        take_in(io.BytesIO(as_bytes(file)), environment=environment(), covers_through=TODAY, by=SYSTEM, now=NOW)
    counts, last = plain(files)
    assert {(u.account.client_id, u.day): u.calls for u in DailyUsage.objects.select_related("account")} == counts
    assert dict(Account.objects.values_list("client_id", "last_used_on")) == last
    Account.objects.all().delete()


class Log(io.RawIOBase):
    """A gateway log of ``number`` lines that is made while it is read."""

    def __init__(self, number: int) -> None:
        self._lines = self._made(number)

    def _made(self, number: int) -> Iterator[bytes]:
        start = datetime(2026, 10, 1, tzinfo=UTC)
        for index in range(number):
            moment = start + timedelta(seconds=index * 50 * 86_400 / number)
            yield b'{"timestamp":"%s","client_id":"client-%d","status":200}\n' % (
                moment.isoformat().encode(), index * 7919 % 500,
            )  # fmt: skip

    def read(self, _size: int = -1) -> bytes:
        return b"".join(line for _index, line in zip(range(2000), self._lines, strict=False))


@pytest.mark.django_db
def test_memory_does_not_grow_with_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usage_lines, "MOST_COUNTS", 1000)

    def peak(number: int) -> int:
        tracemalloc.start()
        take_in(Log(number), environment=environment(), covers_through=TODAY, by=SYSTEM, now=NOW)  # type: ignore[arg-type]
        _now, highest = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return highest

    peak(2_000)  # what is imported once
    assert peak(60_000) < 1.5 * peak(20_000)
