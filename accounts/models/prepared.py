"""Statements that the ORM writes once in a process, and that are run again and again with other values.

Writing the SQL of a query anew takes the ORM longer than the database takes to answer it (docs/benchmarks.md). Only for
what every transition asks; tests/models/test_prepared.py holds each to the same query asked in the usual way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection, models
from django.db.models.sql.subqueries import UpdateQuery

Converters = Mapping[int, tuple[list[Callable[[Any, Any, Any], Any]], Any]]


class Slot(models.Value):
    """A place in a statement whose value is given by ``name`` when it is run; ``field`` says how it is stored."""

    def __init__(self, name: str, field: models.Field[Any, Any]) -> None:
        super().__init__(name, output_field=field)

    def as_sql(self, _compiler: Any, _connection: Any) -> tuple[str, list[Any]]:  # type: ignore[override]
        return "%s", [self]

    def of(self, values: Mapping[str, Any]) -> Any:
        """The value of this place, as the driver takes it."""
        return self.output_field.get_db_prep_save(values[self.value], connection)


@dataclass(frozen=True)
class _Statement:
    """Its SQL for one kind of database; the parameters are values and slots."""

    sql: str
    parameters: tuple[Any, ...]
    converters: Converters

    def filled(self, values: Mapping[str, Any]) -> list[Any]:
        return [one.of(values) if isinstance(one, Slot) else one for one in self.parameters]

    def row(self, found: tuple[Any, ...]) -> tuple[Any, ...]:
        """A row as ``values_list`` gives it."""
        if not self.converters:
            return found
        row = list(found)
        for place, (functions, expression) in self.converters.items():
            for function in functions:
                row[place] = function(row[place], expression, connection)
        return tuple(row)


class Prepared:
    """``Prepared(lambda: Event.objects.filter(seq=Slot("seq", IntegerField())).values_list("hash"))``."""

    def __init__(self, build: Callable[[], models.QuerySet[Any, Any]]) -> None:
        """``build`` gives the query, with slots; it is called once for each kind of database."""
        self._build = build
        self._statements: dict[str, _Statement] = {}

    def rows(self, **values: Any) -> list[tuple[Any, ...]]:
        """Run it; give its rows."""
        statement = self._statements.get(connection.vendor) or self._prepare()
        with connection.cursor() as cursor:
            cursor.execute(statement.sql, statement.filled(values))
            return [statement.row(found) for found in cursor.fetchall()]

    def _prepare(self) -> _Statement:
        compiler = self._build().query.get_compiler(connection=connection)
        sql, parameters = compiler.as_sql()
        selected = [expression for expression, _sql, _alias in compiler.select[: compiler.col_count]]
        statement = _Statement(sql, tuple(parameters), compiler.get_converters(selected))
        self._statements[connection.vendor] = statement
        return statement


class PreparedUpdate:
    """As ``build()[0].update(**build()[1])``; ``build`` gives the rows and their new values, both with slots."""

    def __init__(self, build: Callable[[], tuple[models.QuerySet[Any, Any], Mapping[str, Any]]]) -> None:
        self._build = build
        self._statements: dict[str, _Statement] = {}

    def run(self, **values: Any) -> int:
        """Run it; give the number of rows that it changed."""
        statement = self._statements.get(connection.vendor) or self._prepare()
        with connection.cursor() as cursor:
            cursor.execute(statement.sql, statement.filled(values))
            return int(cursor.rowcount)

    def _prepare(self) -> _Statement:
        rows, new = self._build()
        query: Any = rows.query.chain(UpdateQuery)
        query.add_update_values(new)
        sql, parameters = query.get_compiler(connection=connection).as_sql()
        statement = _Statement(sql, tuple(parameters), {})
        self._statements[connection.vendor] = statement
        return statement
