"""What a watcher of the process is told."""

from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.test import Client

from portal.celery import app

pytestmark = pytest.mark.django_db

READY = "/health/ready"


def failed_parts(client: Client) -> dict[str, str]:
    answer = client.get(READY)
    assert answer.status_code == 503
    parts: dict[str, str] = answer.json()["parts"]
    return {name: sentence for name, sentence in parts.items() if sentence != "ok"}


def test_all_is_well(client: Client) -> None:
    answer = client.get(READY)
    assert answer.status_code == 200
    assert set(answer.json()["parts"]) == {
        "database",
        "migrations",
        "broker",
        "keys",
        "ticks",
        "daily_check",
        "mail",
        "feeds",
    }
    assert "no-store" in answer["Cache-Control"]


def test_live_needs_nothing(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "cursor", None)
    assert client.get("/health/live").json() == {"status": "ok"}


def test_a_database_that_is_away(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: Any, **__: Any) -> None:
        raise DatabaseError("password=hush")

    monkeypatch.setattr(connection, "cursor", away)
    failed = failed_parts(client)
    assert set(failed) == {"database", "migrations", "ticks", "daily_check", "mail", "feeds"}
    assert "DATABASE_URL" in failed["database"]
    assert "hush" not in str(failed)


def test_a_migration_that_is_not_applied(client: Client) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'usersessions'")
    assert "manage.py migrate" in failed_parts(client)["migrations"]


def test_a_broker_that_is_away(client: Client, monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    monkeypatch.setattr(app.conf, "broker_url", "redis://127.0.0.1:1/0")
    monkeypatch.setattr(app.conf, "broker_write_url", "redis://127.0.0.1:1/0")
    assert "CELERY_BROKER_URL" in failed_parts(client)["broker"]


def test_no_key(client: Client, settings: Any) -> None:
    settings.CREDENTIAL_KEYS = {}
    assert "CREDENTIAL_KEYS" in failed_parts(client)["keys"]


def test_headers_on_every_answer(client: Client) -> None:
    answer = client.get("/health/live")
    policy = answer["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"
    assert "camera=()" in answer["Permissions-Policy"]
