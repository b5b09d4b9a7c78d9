"""Fills a database with accounts by set SQL, and makes some of them due: what the measures start from."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db import connection, transaction

from accounts.lifecycle.inactivity import cutoff
from accounts.models import Account, Coverage, Environment, Notice, Organisation, current_policy
from tests.benchmarks.dialect import Dialect, dialect

NOW = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)
TODAY = date(2026, 11, 23)
ACCOUNTS_PER_OWNER = 10
SILENT_DAYS = 400
_TABLES = ("accounts_account", "accounts_event", "accounts_notice", "accounts_message")

NUMBERS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {many}) "
_OWNERS = """
    INSERT INTO accounts_person (id, version, created_at, password, email, name, language, is_active)
    SELECT id, 0, '{now}', '!', 'owner' || i || '@company.example', 'Owner ' || i,
           CASE WHEN i % 2 = 0 THEN 'nb' ELSE 'en' END, true FROM bench_owner
"""
_ACCOUNTS = """
    INSERT INTO accounts_account (id, version, created_at, client_id, environment_id, state, state_since,
           organisation_id, owner_id, technical_name, technical_email, collector_email, as_seller, as_broker, system,
           purpose, loop_reference, activated_on, last_used_on, stated_through)
    SELECT {new_id}, 1, '{now}', 'client-' || n.i, '{environment}', 'active', '{now}', '{organisation}', o.id,
           'Technical contact', 'technical' || o.i || '@company.example', '', true, false, 'SAP',
           'Sends surplus valves and spare parts to Loop every night.', 'LOOP-' || n.i, {activated}, {used}, '{today}'
    FROM n JOIN bench_owner o ON o.i = 1 + n.i % {owners}
"""
_FIRST_EVENTS = """
    INSERT INTO accounts_event (subject_type, subject_id, seq, at, verb, source, target, actor_kind, actor_name,
           comment, data, previous, hash)
    SELECT 'account', id, 1, '{now}', 'import', '', 'active', 'system', 'Loop access portal', '', '{{}}', '', {digits}
    FROM accounts_account
"""
_MAKE_DUE = """
    UPDATE accounts_account SET last_used_on = {used}
    WHERE id IN (SELECT id FROM accounts_account WHERE state = 'active' AND last_activity_on >= %s LIMIT %s)
"""


def fill(accounts: int) -> None:
    """Fill an empty database with ``accounts`` active accounts of one covered environment, none of them due."""
    say = dialect()
    owners = max(1, accounts // ACCOUNTS_PER_OWNER)
    words = _words(say, owners)
    with connection.cursor() as cursor:
        pragma("journal_mode=OFF", "cache_size=-500000")
        cursor.execute(f"CREATE TEMPORARY TABLE bench_owner (i integer PRIMARY KEY, id {say.id_type})")
        cursor.execute("INSERT INTO bench_owner " + NUMBERS.format(many=owners) + f"SELECT i, {say.new_id} FROM n")
        cursor.execute(_OWNERS.format(**words))
        cursor.execute(with_numbers(_ACCOUNTS, accounts).format(**words))
        cursor.execute(_FIRST_EVENTS.format(**words))
        cursor.execute("DROP TABLE bench_owner")
    pragma("journal_mode=WAL")
    connection.close()
    tidy()


def make_due(number: int) -> None:
    """Let ``number`` of the accounts have been silent for more than a year."""
    used = dialect().days_before(TODAY, str(SILENT_DAYS))
    with connection.cursor() as cursor:
        cursor.execute(_MAKE_DUE.format(used=used), [cutoff(current_policy(), TODAY), number])
    tidy()


def settle() -> None:
    """Bring every account back to active and used today, end every notice: what the next round starts from."""
    with transaction.atomic():
        Notice.objects.filter(outcome="open").update(outcome="used", closed_at=NOW)
        overdue = Account.objects.filter(last_activity_on__lt=cutoff(current_policy(), TODAY))
        overdue.update(state="active", last_used_on=TODAY)
    tidy()


def tidy() -> None:
    """Let the database finish its housekeeping now, and not in the middle of a measure."""
    pragma("wal_checkpoint(TRUNCATE)")
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"VACUUM (ANALYZE) {', '.join(_TABLES)}")
            cursor.execute("CHECKPOINT")


def pragma(*settings: str) -> None:
    """Say something to SQLite; nothing on PostgreSQL."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            for setting in settings:
                cursor.execute(f"PRAGMA {setting}").fetchall()


def _words(say: Dialect, owners: int) -> dict[str, Any]:
    """Everything that the statements leave open; the accounts' environment is covered by a feed from here on."""
    environment = Environment.objects.get(name="PRODUCTION")
    first = TODAY - timedelta(days=SILENT_DAYS + 100)
    Coverage.objects.create(environment=environment, source="feed", first_day=first, last_day=TODAY, received_at=NOW)
    organisation = Organisation.objects.create(name="Nordsjø Surplus AS", number="923609016")
    return {
        "now": say.moment(NOW), "today": TODAY, "owners": owners, "new_id": say.new_id, "digits": say.digits,
        "environment": say.id(environment.pk), "organisation": say.id(organisation.pk),
        "activated": say.days_before(TODAY, "730"), "used": say.days_before(TODAY, "n.i % 300"),
    }  # fmt: skip


def with_numbers(insert: str, many: int) -> str:
    """An INSERT ... SELECT that may name ``n.i``, the numbers from 1 to ``many``."""
    head, select = insert.split("SELECT", 1)
    return f"{head}{NUMBERS.format(many=many)} SELECT {select}"
