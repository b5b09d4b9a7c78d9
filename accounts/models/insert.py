"""Insert many rows of one model at the speed of the bare driver.

What ``bulk_create`` takes for each row is half of a daily check (docs/benchmarks.md). The one place with raw SQL about
it; tests/models/test_insert.py holds it to what ``bulk_create`` writes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, lru_cache
from itertools import chain, islice
from typing import Any

from django.db import connection, models

Row = Mapping[str, Any]
AT_ONCE = 500
FEW = 10


def insert_rows(model: type[models.Model], rows: Iterable[Row], **alike: Any) -> int:
    """Insert ``rows``, each a mapping of attribute names (``owner_id``) to values; give their number.

    All name the same attributes; ``alike`` are the values that all rows share; a field that is in neither has its
    default. The database asks its constraints, and raises Django's errors, as with ``bulk_create``; ids that the
    database gives are not read back. Memory holds [500] rows at a time: call it inside a transaction.
    """
    waiting, number = iter(rows), 0
    while batch := list(islice(waiting, AT_ONCE)):
        _insert(model, batch, alike)
        number += len(batch)
    return number


def insert_row(model: type[models.Model], row: Row) -> int:
    """Insert one row, as ``insert_rows``; give the number that the database gave it as its id."""
    columns = _columns(model, [row], {})
    back = " RETURNING id" if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        cursor.execute(_statement(model, tuple(columns)) + back, [value for (value,) in columns.values()])
        return int(cursor.fetchone()[0] if back else cursor.lastrowid)


@cache
def _statement(model: type[models.Model], fields: tuple[models.Field[Any, Any], ...], lines: int = 1) -> str:
    quote = connection.ops.quote_name
    names, marks = ", ".join(quote(str(field.column)) for field in fields), ", ".join(["%s"] * len(fields))
    values = ", ".join([f"({marks})"] * lines)
    return f"INSERT INTO {quote(model._meta.db_table)} ({names}) VALUES {values}"  # noqa: S608 - names of columns  # nosec B608


def _insert(model: type[models.Model], rows: Sequence[Row], alike: Row) -> None:
    """On PostgreSQL a few rows are one statement, many are COPY; SQLite has no way to its server to save."""
    columns = _columns(model, rows, alike)
    lines, fields = zip(*columns.values(), strict=True), tuple(columns)
    if connection.vendor == "postgresql" and len(rows) > FEW:
        _copy(_statement(model, fields), lines)
        return
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_statement(model, fields, len(rows)), list(chain.from_iterable(lines)))
        else:
            cursor.executemany(_statement(model, fields), list(lines))


def _copy(insert: str, lines: Iterable[tuple[Any, ...]]) -> None:
    """Write by COPY into the columns that an INSERT names; for few rows an INSERT is quicker."""
    table = insert.removeprefix("INSERT INTO ").partition(" VALUES ")[0]
    statement = f"COPY {table} FROM STDIN"
    with connection.wrap_database_errors, connection.cursor() as cursor, cursor.copy(statement) as copy:
        for line in lines:
            copy.write_row(line)


def _columns(model: type[models.Model], rows: Sequence[Row], alike: Row) -> dict[models.Field[Any, Any], list[Any]]:
    """The values of each column, as the driver takes them; without those that the database fills in."""
    vendor, fields = connection.vendor, _fields(model)
    return {field: values for field in fields if (values := _values(field, rows, alike, vendor)) is not None}


@cache
def _fields(model: type[models.Model]) -> list[models.Field[Any, Any]]:
    return [one for one in model._meta.concrete_fields if not one.generated and not isinstance(one, models.AutoField)]


def _values(field: models.Field[Any, Any], rows: Sequence[Row], alike: Row, vendor: str) -> list[Any] | None:
    name, convert = field.attname, _converter(field, vendor)
    if name in alike:
        return [convert(alike[name])] * len(rows)
    if name in rows[0]:
        return [convert(row[name]) for row in rows]
    if field.get_default() is None:
        return None
    return [convert(field.get_default()) for _row in rows]


@cache
def _converter(field: models.Field[Any, Any], vendor: str) -> Callable[[Any], Any]:
    """What makes of a value what the driver stores; the ORM's own way costs most where it has nothing to do."""
    kind = field
    while isinstance(kind, models.ForeignKey):
        kind = kind.target_field
    if isinstance(kind, models.UUIDField) and vendor == "sqlite":
        return _digits
    if isinstance(kind, (models.UUIDField, models.CharField, models.TextField, models.IntegerField)):
        return _as_it_is

    def convert(value: Any) -> Any:
        return kind.get_db_prep_save(value, connection)

    return lru_cache(500)(convert) if isinstance(kind, models.DateField) else convert  # days and moments repeat


def _digits(value: Any) -> str | None:
    return None if value is None else str(value.hex)


def _as_it_is(value: Any) -> Any:
    return value
