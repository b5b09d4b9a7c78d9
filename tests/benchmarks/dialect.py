"""The few words that SQLite and PostgreSQL spell differently in the bare SQL of these benchmarks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID

from django.db import connection


@dataclass(frozen=True)
class Dialect:
    """Pieces of SQL for one kind of database.

    The type of an id, a random one, one that lies beside others of the same run, 64 hexadecimal digits, a JSON object.
    """

    id_type: str
    new_id: str
    ordered_id: str
    digits: str
    json_object: str

    def days_before(self, day: date, days: str) -> str:
        """The day that lies ``days`` (an SQL expression) before ``day``."""
        return f"date('{day}', '-' || ({days}) || ' days')" if self is SQLITE else f"(date '{day}' - ({days})::int)"

    def id(self, value: UUID) -> str:
        """An id as a parameter."""
        return value.hex if self is SQLITE else str(value)

    def moment(self, value: datetime) -> str:
        """A moment as a parameter; the database keeps UTC."""
        return str(value.astimezone(UTC).replace(tzinfo=None)) + ("" if self is SQLITE else "+00")

    def marked(self, sql: str) -> str:
        """A statement with %s for its parameters, as the bare driver wants it."""
        return sql.replace("%s", "?") if self is SQLITE else sql


SQLITE = Dialect(
    id_type="char(32)",
    new_id="lower(hex(randomblob(16)))",
    ordered_id="'019dae8d00007' || substr(lower(hex(randomblob(10))), 2)",
    digits="lower(hex(randomblob(32)))",
    json_object="json_object",
)
POSTGRESQL = Dialect(
    id_type="uuid",
    new_id="gen_random_uuid()",
    ordered_id="('019dae8d00007' || substr(gen_random_uuid()::text, 16))::uuid",
    digits="md5(random()::text) || md5(random()::text)",
    json_object="jsonb_build_object",
)


def dialect() -> Dialect:
    """The dialect of the database in use."""
    return SQLITE if connection.vendor == "sqlite" else POSTGRESQL
