"""Many writers on SQLite: whoever must wait looks often, and not for ever."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.db.utils import OperationalError

from portal.sqlite3.base import LONGEST, SHORTEST, DatabaseWrapper

pytestmark = [pytest.mark.sqlite_only, pytest.mark.django_db]


def connected(file: Path, patience: float) -> DatabaseWrapper:
    options = {**settings.DATABASES["default"]["OPTIONS"], "timeout": patience}
    given = {**settings.DATABASES["default"], "NAME": str(file), "OPTIONS": options}
    wrapper = DatabaseWrapper({"AUTOCOMMIT": True, "CONN_MAX_AGE": 0, "TIME_ZONE": None, "TEST": {}, **given}, "other")
    wrapper.ensure_connection()
    return wrapper


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[DatabaseWrapper]:
    """Somebody who has begun to write, and ends when it is rolled back."""
    one = connected(tmp_path / "shared.sqlite3", 20)
    one.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)
    yield one
    one.close()


def begin(one: DatabaseWrapper) -> None:
    one.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)


def busy_timeout(one: DatabaseWrapper) -> int:
    return int(one.connection.execute("PRAGMA busy_timeout").fetchone()[0])


def test_it_is_the_portals_own() -> None:
    assert settings.DATABASES["default"]["ENGINE"] == "portal.sqlite3"


def test_it_looks_every_few_milliseconds_until_it_is_free(
    writer: DatabaseWrapper, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 5:
            writer.connection.rollback()

    monkeypatch.setattr(time, "sleep", pause)
    other = connected(tmp_path / "shared.sqlite3", 20)
    begin(other)
    assert len(pauses) == 5
    assert all(SHORTEST <= pause <= LONGEST for pause in pauses)
    assert other.connection.in_transaction
    assert busy_timeout(other) == 20_000, "statements outside a transaction wait as before"
    other.close()


def test_it_gives_up_when_its_patience_is_over(writer: DatabaseWrapper, tmp_path: Path) -> None:
    other = connected(tmp_path / "shared.sqlite3", 0.05)
    started = time.monotonic()
    with pytest.raises(OperationalError, match="database is locked"):
        begin(other)
    assert time.monotonic() - started >= 0.05
    assert not other.connection.in_transaction
    other.close()
