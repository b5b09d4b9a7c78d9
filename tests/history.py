"""The history is append-only, also for tests; only the clean-up after a transactional test may empty it."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.apps import apps
from django.db import connection
from django.test import TransactionTestCase

triggers = importlib.import_module("accounts.migrations.0002_history_is_append_only")
environments = importlib.import_module("accounts.migrations.0003_environments")
return_reasons = importlib.import_module("accounts.migrations.0006_return_reasons")


@contextmanager
def erasable() -> Iterator[None]:
    """Take the triggers away for the length of the block."""
    with connection.schema_editor() as editor:
        triggers.remove(apps, editor)
    try:
        yield
    finally:
        with connection.schema_editor() as editor:
            triggers.install(apps, editor)


@pytest.fixture(scope="session", autouse=True)
def clean_up_knows_history() -> Iterator[None]:
    """Empty the database between transactional tests, and put back the environments and reasons that were installed."""
    original = TransactionTestCase._fixture_teardown

    def teardown(self: TransactionTestCase) -> None:
        with erasable():
            original(self)
        environments.install(apps, None)
        return_reasons.install(apps, None)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", teardown)
        yield
