"""Fills a database with orders by set SQL: a thousand of them open, however many there are, the others issued."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib import import_module
from typing import Any

from django.db import connection

from accounts.models import Environment, Organisation
from tests.benchmarks.dialect import dialect
from tests.benchmarks.population import NUMBERS, pragma, with_numbers

NOW = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)
OPEN = 1_000
ORDERS_PER_REQUESTER = 5
TABLES = ("accounts_order", "accounts_order_environments", "accounts_person", "accounts_searchtext", "accounts_event")
_SEARCH = import_module("accounts.migrations.0013_search_index")
_SYLLABLES = (
    "nord", "skag", "tyh", "kvit", "fjor", "polar", "lyn", "havn", "berg", "sund", "vik", "ræge", "jæren", "øst", "mun",
    "gar", "hold", "stav", "lof", "trom", "sval", "rand", "gull", "brav", "elv", "dram", "sola", "karm", "utsi", "horn",
)  # fmt: skip
_WORDS = [first + second for first in _SYLLABLES for second in _SYLLABLES if first != second]
_REQUESTERS = """
    INSERT INTO accounts_person (id, version, created_at, password, email, name, language, is_active)
    SELECT o.id, 0, '{now}', '!', a.word || '.' || b.word || ({first} + o.i) || '@' || a.word || '.example',
           a.word || ' ' || b.word || 'sen', 'nb', true
    FROM bench_requester o
    JOIN bench_word a ON a.i = 1 + (o.i % {words} * 7919) % {words}
    JOIN bench_word b ON b.i = 1 + (o.i % {words} * 104729 + o.i / {words}) % {words}
"""
_ORDERS = """
    INSERT INTO accounts_order (id, version, created_at, reference, kind, state, state_since, requester_id,
           organisation_name, organisation_number, organisation_id, as_seller, as_broker, system, purpose,
           technical_name, technical_email, owner_name, owner_email, submitted_at, submitted_answers)
    SELECT {new_id}, 1, '{now}', 'LA-2026-' || ({first} + n.i), 'new_access',
           CASE WHEN {first} + n.i > {open} THEN 'issued' WHEN n.i % 5 = 0 THEN 'approval'
                WHEN n.i % 5 = 1 THEN 'approved' ELSE 'support' END,
           {since}, o.id, a.word || ' ' || b.word || ' AS', {number}, '{organisation}',
           true, false, 'SAP', 'Sends surplus valves and spare parts to Loop every night.',
           p.name, 'post@' || a.word || b.word || '.example', p.name, p.email, '{now}', '{{}}'
    FROM n JOIN bench_requester o ON o.i = 1 + n.i % {requesters} JOIN accounts_person p ON p.id = o.id
    JOIN bench_word a ON a.i = 1 + (n.i * 31) % {words} JOIN bench_word b ON b.i = 1 + (n.i * 17 + n.i / 870) % {words}
"""
_NEW = "FROM accounts_order WHERE id NOT IN (SELECT order_id FROM accounts_searchtext)"
_ENVIRONMENTS = f"INSERT INTO accounts_order_environments (order_id, environment_id) SELECT id, {{environment}} {_NEW}"
_TEXTS = """
    INSERT INTO accounts_searchtext (order_id, text)
    SELECT o.id, lower(o.reference || {newline} || o.organisation_name || {newline} || o.organisation_number ||
           {newline} || p.name || {newline} || p.email || {newline} || o.technical_email || {newline} || {client_id})
    FROM accounts_order o JOIN accounts_person p ON p.id = o.requester_id
    WHERE o.id NOT IN (SELECT order_id FROM accounts_searchtext)
"""


def fill(orders: int, first: int = 0) -> None:
    """Add orders to those that are there (``first`` of them), until there are ``orders``."""
    say = dialect()
    many = orders - first
    words = _words(first, many)
    pragma("journal_mode=OFF", "cache_size=-300000")
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE bench_word (i integer PRIMARY KEY, word text)")
        cursor.executemany("INSERT INTO bench_word VALUES (%s, %s)", list(enumerate(_WORDS, 1)))
        cursor.execute(f"CREATE TEMPORARY TABLE bench_requester (i integer PRIMARY KEY, id {say.id_type})")
        numbers = NUMBERS.format(many=words["requesters"])
        cursor.execute(f"INSERT INTO bench_requester {numbers} SELECT i, {say.new_id} FROM n")
        cursor.execute(_REQUESTERS.format(**words))
        cursor.execute(with_numbers(_ORDERS, many).format(**words))
        for environment in words["environments"]:
            cursor.execute(_ENVIRONMENTS.format(environment=f"'{say.id(environment)}'"))
        _without_index(cursor)
        cursor.execute(_TEXTS.format(**words))
        _with_index(cursor)
        cursor.execute("DROP TABLE bench_word")
        cursor.execute("DROP TABLE bench_requester")
    pragma("journal_mode=WAL")
    connection.close()
    tidy()


def tidy() -> None:
    """Let the database finish its housekeeping now, and not in the middle of a measure."""
    pragma("wal_checkpoint(TRUNCATE)")
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"VACUUM (ANALYZE) {', '.join(TABLES)}")
            cursor.execute("CHECKPOINT")


def _without_index(cursor: Any) -> None:
    """Building the index once is quicker than keeping it while rows go in."""
    if connection.vendor == "postgresql":
        cursor.execute("DROP INDEX search_text_trigrams")
    else:
        cursor.execute("DROP TRIGGER search_text_insert")


def _with_index(cursor: Any) -> None:
    if connection.vendor == "postgresql":
        cursor.execute(_SEARCH.INDEX)
        return
    cursor.execute("INSERT INTO accounts_search(accounts_search) VALUES ('rebuild')")
    cursor.execute(next(statement for statement in _SEARCH.SQLITE if "search_text_insert" in statement))


def _words(first: int, many: int) -> dict[str, Any]:
    say = dialect()
    organisation = Organisation.objects.get_or_create(number="923609016", defaults={"name": "Nordsjø Surplus AS"})[0]
    sqlite = connection.vendor == "sqlite"
    return {
        "now": say.moment(NOW), "first": first, "open": OPEN, "words": len(_WORDS), "new_id": say.new_id,
        "requesters": max(1, many // ORDERS_PER_REQUESTER), "organisation": say.id(organisation.pk),
        "environments": list(Environment.objects.values_list("pk", flat=True)),
        "number": "cast(910000000 + n.i * 89 % 80000000 AS text)",
        "since": f"datetime('{say.moment(NOW)}', '-' || (n.i % 9000) || ' minutes')" if sqlite
        else f"timestamptz '{say.moment(NOW)}' - (n.i % 9000) * interval '1 minute'",
        "newline": "char(10)" if sqlite else "chr(10)",
        "client_id": "lower(hex(randomblob(16)))" if sqlite else "gen_random_uuid()::text",
    }  # fmt: skip
