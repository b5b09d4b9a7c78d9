"""among() finds what __in finds, for any number of ids."""

from __future__ import annotations

import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Account, Event
from accounts.models.among import among
from tests.rows import account

pytestmark = pytest.mark.django_db


def test_finds_what_in_finds() -> None:
    accounts = [account(f"client-{number}") for number in range(5)]
    unknown = [uuid.uuid4() for _ in range(3)]
    for ids in ([], unknown, [accounts[0].pk], [*unknown, *(each.pk for each in accounts[1:4])]):
        assert set(Account.objects.filter(among("pk", ids))) == set(Account.objects.filter(pk__in=ids))
        events = set(Event.objects.filter(subject_id__in=ids))
        assert set(Event.objects.filter(among("subject_id", ids), subject_type="account")) == events


def test_a_foreign_key_is_named_by_its_column() -> None:
    one = account("one")
    account("other", environment_name="PRODUCTION")
    assert Account.objects.get(among("environment_id", [one.environment_id])) == one


def test_can_guard_an_update() -> None:
    one, other = account("one"), account("other")
    assert Account.objects.filter(among("pk", [one.pk]), state="active").update(system="SAP") == 1
    assert Account.objects.get(pk=other.pk).system == ""
    assert Account.objects.filter(~among("pk", [one.pk])).get() == other


def test_thousands_are_one_value_of_one_statement() -> None:
    account("one")
    shapes = set()
    for number in (1, 2, 5000):
        ids = [uuid.uuid4() for _ in range(number)]
        query = Account.objects.filter(among("pk", ids)).query
        shapes.add(query.sql_with_params()[0])
        with CaptureQueriesContext(connection) as asked:
            assert list(Account.objects.filter(among("pk", ids))) == []
        assert len(asked) == 1
    assert len(shapes) == 1
