"""A condition on very many ids, handed over as one value: the statement stays short and is always the same.

``__in`` makes a statement with a parameter for each id. SQLite's driver keeps the latest 128 statements: a few hundred
kilobytes for each number of ids, which in a daily check is never the same twice.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import F, Lookup, Q


def among(name: str, ids: Iterable[UUID]) -> Q:
    """The condition that the field ``name`` is one of ``ids``; as ``Q(name__in=ids)``, for fields of UUIDs."""
    return Q(_Among(F(name), list(ids)))


class _Among(Lookup):
    lookup_name = "among"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        column, parameters = self.process_lhs(compiler, connection)
        return f"{column} = ANY(%s)", (*parameters, self.rhs)

    def as_sqlite(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        column, parameters = self.process_lhs(compiler, connection)
        listed = f"{column} IN (SELECT value FROM json_each(%s))"  # noqa: S608 - the name of a column  # nosec B608
        return listed, (*parameters, json.dumps([one.hex for one in self.rhs]))
