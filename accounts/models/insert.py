"""Insert many rows of one model at the speed of the bare driver.

What ``bulk_create`` takes for each row is half of a daily check (docs/benchmarks.md). The one place with raw SQL about
it; tests/models/test_insert.py holds it to what ``bulk_create`` writes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from itertools import islice
from typing import Any

from django.db import connection, models

Row = Mapping[str, Any]
AT_ONCE = 500


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


def _insert(model: type[models.Model], rows: Sequence[Row], alike: Row) -> None:
    columns = {field: values for field in model._meta.concrete_fields if (values := _values(field, rows, alike))}
    names = ", ".join(connection.ops.quote_name(str(field.column)) for field in columns)
    table = f"{connection.ops.quote_name(model._meta.db_table)} ({names})"
    lines = zip(*columns.values(), strict=True)
    if connection.vendor == "postgresql":
        _copy(table, lines)
        return
    with connection.cursor() as cursor:
        marks = ", ".join(["%s"] * len(columns))
        cursor.executemany(f"INSERT INTO {table} VALUES ({marks})", list(lines))  # noqa: S608 - names of columns  # nosec B608


def _copy(table: str, lines: Iterable[tuple[Any, ...]]) -> None:
    statement = f"COPY {table} FROM STDIN"
    with connection.wrap_database_errors, connection.cursor() as cursor, cursor.copy(statement) as copy:
        for line in lines:
            copy.write_row(line)


def _values(field: models.Field[Any, Any], rows: Sequence[Row], alike: Row) -> Iterable[Any] | None:
    """The values of one column, as the driver takes them; None for a column that the database fills in."""
    if field.generated or isinstance(field, models.AutoField):
        return None
    name, convert = field.attname, _converter(field)
    if name in alike:
        return [convert(alike[name])] * len(rows)
    if name in rows[0]:
        return [convert(row[name]) for row in rows]
    if field.get_default() is None:
        return None
    return [convert(field.get_default()) for _row in rows]


def _converter(field: models.Field[Any, Any]) -> Callable[[Any], Any]:
    """What makes of a value what the driver stores; the ORM's own way costs most where it has nothing to do."""
    kind = field
    while isinstance(kind, models.ForeignKey):
        kind = kind.target_field
    if isinstance(kind, models.UUIDField) and connection.vendor == "sqlite":
        return _digits
    if isinstance(kind, (models.UUIDField, models.CharField, models.TextField, models.IntegerField)):
        return _as_it_is

    def convert(value: Any) -> Any:
        return kind.get_db_prep_save(value, connection)

    return cache(convert) if isinstance(kind, models.DateField) else convert  # days and moments repeat themselves


def _digits(value: Any) -> str | None:
    return None if value is None else str(value.hex)


def _as_it_is(value: Any) -> Any:
    return value
