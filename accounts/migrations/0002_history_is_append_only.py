"""Refuse UPDATE, DELETE and (on PostgreSQL) TRUNCATE of events in the database itself (DOMAIN.md, "Records")."""

from django.db import migrations

SQLITE = [
    """CREATE TRIGGER event_no_update BEFORE UPDATE ON accounts_event
       BEGIN SELECT RAISE(ABORT, 'events are append-only: they cannot be updated'); END""",
    """CREATE TRIGGER event_no_delete BEFORE DELETE ON accounts_event
       BEGIN SELECT RAISE(ABORT, 'events are append-only: they cannot be deleted'); END""",
]
SQLITE_UNDO = ["DROP TRIGGER event_no_update", "DROP TRIGGER event_no_delete"]

POSTGRESQL = [
    """CREATE FUNCTION accounts_event_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN RAISE EXCEPTION 'events are append-only: they cannot be changed or deleted'; END $$""",
    """CREATE TRIGGER event_no_change BEFORE UPDATE OR DELETE ON accounts_event
       FOR EACH ROW EXECUTE FUNCTION accounts_event_is_append_only()""",
    """CREATE TRIGGER event_no_truncate BEFORE TRUNCATE ON accounts_event
       FOR EACH STATEMENT EXECUTE FUNCTION accounts_event_is_append_only()""",
]
POSTGRESQL_UNDO = [
    "DROP TRIGGER event_no_truncate ON accounts_event",
    "DROP TRIGGER event_no_change ON accounts_event",
    "DROP FUNCTION accounts_event_is_append_only()",
]


def _run(schema_editor, by_vendor):
    statements = by_vendor.get(schema_editor.connection.vendor)
    if statements is None:
        raise RuntimeError("The portal keeps its history on SQLite or PostgreSQL; set DATABASE_URL to one of them.")
    for statement in statements:
        schema_editor.execute(statement)


def install(apps, schema_editor):
    _run(schema_editor, {"sqlite": SQLITE, "postgresql": POSTGRESQL})


def remove(apps, schema_editor):
    _run(schema_editor, {"sqlite": SQLITE_UNDO, "postgresql": POSTGRESQL_UNDO})


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]
    operations = [migrations.RunPython(install, remove)]
