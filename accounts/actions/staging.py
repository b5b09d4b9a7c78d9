"""A temporary table in which a file waits, line by line, until all of it is known to be good.

It belongs to this connection alone, lives outside the transaction that will use it, and keeps memory flat
however long the file is. Raw SQL, because the ORM knows no temporary tables.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Self

from django.db import connection

TEXT, WHOLE, KEY = "text", "bigint", "bigint primary key"
MOST_PARAMETERS = 900
"""Parameters of one INSERT on SQLite; more makes it no faster."""

Row = tuple[Any, ...]


def day_type() -> str:
    """The column type that compares and stores days as the database does: SQLite keeps them as text."""
    return "date" if connection.vendor == "postgresql" else TEXT


class Staging:
    """``with Staging("staged_usage", {"client_id": TEXT, ...}) as staged: staged.add(rows)``.

    Days are handed in as ISO text. The names of table and columns come from the code, never from a file.
    """

    def __init__(self, name: str, columns: Mapping[str, str]) -> None:
        self.name = name
        self._columns = columns

    def __enter__(self) -> Self:
        columns = ", ".join(f"{name} {kind}" for name, kind in self._columns.items())
        self.drop(self.name)
        self.execute(f"CREATE TEMPORARY TABLE {self.name} ({columns})")
        return self

    def __exit__(self, kind: type[BaseException] | None, *_error: object) -> None:
        if kind is None or not connection.in_atomic_block:  # a broken transaction takes the table with it
            self.drop(self.name)

    def add(self, rows: Iterable[Row]) -> None:
        """Append ``rows``, one value a column."""
        if connection.vendor == "postgresql":
            self._copy(rows)
            return
        width = len(self._columns)
        waiting = iter(rows)
        while chunk := list(islice(waiting, MOST_PARAMETERS // width)):
            marks = ", ".join([f"({', '.join(['%s'] * width)})"] * len(chunk))
            self.execute(f"INSERT INTO {self.name} VALUES {marks}", [value for row in chunk for value in row])

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> int:
        """Run one statement; give the number of rows it touched."""
        with connection.cursor() as cursor:
            cursor.execute(sql, parameters)
            return int(cursor.rowcount)

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """The rows of one SELECT, all at once: ask for few."""
        with connection.cursor() as cursor:
            cursor.execute(sql, parameters)
            return list(cursor.fetchall())

    def by_key(self, key: str, size: int) -> Iterator[list[dict[str, Any]]]:
        """All rows in chunks of ``size``, ordered by the whole-number column ``key``."""
        names = list(self._columns)
        sql = f"SELECT {', '.join(names)} FROM {self.name} WHERE {key} > %s ORDER BY {key} LIMIT {size}"
        last = -1
        while chunk := [dict(zip(names, row, strict=True)) for row in self.rows(sql, [last])]:
            last = chunk[-1][key]
            yield chunk

    def drop(self, name: str) -> None:
        """Remove a temporary table, if it is there; a lasting table of that name is safe."""
        schema = "pg_temp" if connection.vendor == "postgresql" else "temp"
        self.execute(f"DROP TABLE IF EXISTS {schema}.{name}")

    def settle(self) -> None:
        """Everything is in: let PostgreSQL count what it has, so that it plans well."""
        if connection.vendor == "postgresql":
            self.execute(f"ANALYZE {self.name}")

    def _copy(self, rows: Iterable[Row]) -> None:
        with connection.cursor() as cursor, cursor.copy(f"COPY {self.name} FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
