"""Django's database backend for SQLite, with short waits where another process writes.

SQLite's own busy handler looks after 1, 2, 5, 10, ... and at last every 100 ms: who has waited long looks least often,
and of four writers one goes without for seconds. Here everybody looks every few milliseconds, at moments of their own.
"""

from __future__ import annotations

import random
import sqlite3
import time

from django.db.backends.sqlite3 import base
from django.db.utils import OperationalError

SHORTEST, LONGEST = 0.001, 0.005  # seconds between two looks


class DatabaseWrapper(base.DatabaseWrapper):
    """As Django's, but for how it waits to begin a transaction: up to the ``timeout`` of OPTIONS all the same."""

    def _start_transaction_under_autocommit(self) -> None:
        patience = float(self.settings_dict["OPTIONS"].get("timeout", 5))
        end = time.monotonic() + patience
        self._wait_at_most(0)
        try:
            while not self._begins(last=time.monotonic() >= end):
                time.sleep(random.uniform(SHORTEST, LONGEST))  # noqa: S311 - no secret  # nosec B311
        finally:
            self._wait_at_most(patience)

    def _begins(self, *, last: bool) -> bool:
        """Try once; False while another one writes, but for the ``last`` time: then that is the error."""
        try:
            super()._start_transaction_under_autocommit()  # type: ignore[misc]  # not in the stubs
        except OperationalError as error:
            if last or getattr(error.__cause__, "sqlite_errorcode", None) != sqlite3.SQLITE_BUSY:
                raise
            return False
        return True

    def _wait_at_most(self, seconds: float) -> None:
        """How long SQLite itself waits, in the statements to come."""
        self.connection.execute(f"PRAGMA busy_timeout={int(seconds * 1000)}")
