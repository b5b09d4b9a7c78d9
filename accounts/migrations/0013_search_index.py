"""Index what orders are found by, and write it for the orders that are there (docs/adr/0040-one-search-text.md)."""

import logging

from django.db import DatabaseError, migrations, transaction

CHUNK = 1000
INDEX = "CREATE INDEX search_text_trigrams ON accounts_searchtext USING gin (text gin_trgm_ops)"
NO_TRIGRAMS = (
    "Search looks through every order until PostgreSQL has the extension pg_trgm, which this database user may not "
    "create (%s). Let a superuser run in this database: CREATE EXTENSION pg_trgm; and then: %s;"
)
NO_FULL_TEXT = "The portal needs SQLite 3.34 or newer with FTS5 for its search. Update SQLite, or use PostgreSQL."

SQLITE = [
    """CREATE VIRTUAL TABLE accounts_search USING fts5(
       text, content='accounts_searchtext', content_rowid='id', tokenize='trigram', detail='none')""",
    """CREATE TRIGGER search_text_insert AFTER INSERT ON accounts_searchtext
       BEGIN INSERT INTO accounts_search(rowid, text) VALUES (new.id, new.text); END""",
    """CREATE TRIGGER search_text_delete AFTER DELETE ON accounts_searchtext
       BEGIN INSERT INTO accounts_search(accounts_search, rowid, text) VALUES ('delete', old.id, old.text); END""",
    """CREATE TRIGGER search_text_update AFTER UPDATE ON accounts_searchtext WHEN old.text <> new.text
       BEGIN INSERT INTO accounts_search(accounts_search, rowid, text) VALUES ('delete', old.id, old.text);
             INSERT INTO accounts_search(rowid, text) VALUES (new.id, new.text); END""",
]
SQLITE_UNDO = [
    "DROP TRIGGER search_text_insert", "DROP TRIGGER search_text_delete", "DROP TRIGGER search_text_update",
    "DROP TABLE accounts_search",
]  # fmt: skip


def install(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        return _index_trigrams(schema_editor)
    try:
        for statement in SQLITE:
            schema_editor.execute(statement)
    except DatabaseError as error:
        raise RuntimeError(NO_FULL_TEXT) from error


def _index_trigrams(schema_editor):
    """Without the extension the search finds the same, slower: say how to get it, and go on."""
    try:
        with transaction.atomic(using=schema_editor.connection.alias):
            schema_editor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
            schema_editor.execute(INDEX)
    except DatabaseError as error:
        logging.getLogger("accounts.search").warning(NO_TRIGRAMS, str(error).strip(), INDEX)


def remove(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP INDEX IF EXISTS search_text_trigrams")  # the extension may serve others too
        return
    for statement in SQLITE_UNDO:
        schema_editor.execute(statement)


def fill(apps, schema_editor):
    """The words of every order that was ever sent, as accounts.actions.searching writes them."""
    orders = apps.get_model("accounts", "Order").objects.exclude(submitted_at=None).order_by("pk")
    search_text = apps.get_model("accounts", "SearchText")
    rows = orders.select_related("requester", "reactivates").prefetch_related("accounts")
    chunk = []
    for order in rows.iterator(CHUNK):
        chunk.append(search_text(order_id=order.pk, text=_text_of(order)))
        if len(chunk) == CHUNK:
            search_text.objects.bulk_create(chunk)
            chunk = []
    search_text.objects.bulk_create(chunk)


def _text_of(order):
    clients = [account.client_id for account in order.accounts.all()]
    if order.reactivates is not None:
        clients.append(order.reactivates.client_id)
    said = (
        order.reference, order.organisation_name, order.organisation_number, order.requester.name,
        order.requester.email, order.technical_name, order.technical_email, order.owner_name, order.owner_email,
        *clients,
    )  # fmt: skip
    return "\n".join(dict.fromkeys(" ".join(word.lower().split()) for word in said if word.strip()))


class Migration(migrations.Migration):
    dependencies = [("accounts", "0012_search_text")]
    operations = [
        migrations.RunPython(install, remove),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
