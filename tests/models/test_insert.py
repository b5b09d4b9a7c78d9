"""insert_rows writes what bulk_create writes, and is refused what bulk_create is refused."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, connection, models, transaction

from accounts.actions.engine import Change, _event
from accounts.lifecycle.actor import SYSTEM
from accounts.models import Account, DailyUsage, Event, Message, Notice
from accounts.models.insert import insert_rows
from tests.rows import NOW, TODAY, account

Rows = list[dict[str, Any]]
AWKWARD = "Blåbær \\N\t\"quoted\"\n'%s' {}"


def _events(one: Account) -> Rows:
    subjects = (one, one, one)
    kept: Rows = []
    for place, subject in enumerate(subjects, start=2):
        subject.version = place
        change = Change(comment=AWKWARD, data=lambda _a: {"said": AWKWARD, "number": 1, "none": None, "list": [True]})
        event = _event(subject, "notify", "active", "notified", SYSTEM, NOW, change, previous="0" * 64)
        kept.append({name: value for name, value in vars(event).items() if name not in {"_state", "id"}})
    return kept


def _messages(one: Account) -> Rows:
    event = Event.objects.get(subject_id=one.pk)
    people = [(one.owner_id, one.owner.email), (None, "technical@equinor.example")]
    return [
        {"event_id": event.pk, "kind": "k", "person_id": person, "to_email": email, "to_name": AWKWARD,
         "created_at": NOW, "due_at": NOW} for person, email in people
    ]  # fmt: skip


def _notices(one: Account) -> Rows:
    return [
        {"account_id": account(f"noticed-{number}").pk, "opened_on": TODAY, "last_activity_on": one.last_activity_on}
        for number in range(3)
    ]


def _usage(one: Account) -> Rows:
    return [{"account_id": one.pk, "day": TODAY, "calls": 2**40}]


def _written(model: type[models.Model]) -> list[dict[str, Any]]:
    """Every row as it is stored, without the ids that differ each time."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {model._meta.db_table} ORDER BY {_order(model)}")
        names = [column[0] for column in cursor.description]
        return [{name: value for name, value in zip(names, row, strict=True) if name != "id"} for row in cursor]


def _order(model: type[models.Model]) -> str:
    return {Event: "seq", Message: "to_email", Notice: "account_id", DailyUsage: "day"}[model]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("model", "rows"), [(Event, _events), (Message, _messages), (Notice, _notices), (DailyUsage, _usage)]
)
def test_writes_what_bulk_create_writes(model: type[models.Model], rows: Callable[[Account], Rows]) -> None:
    values = rows(account("one"))
    with transaction.atomic():
        model._default_manager.bulk_create([model(**row) for row in values])
        usual = _written(model)
        transaction.set_rollback(True)
    insert_rows(model, values)
    assert _written(model) == usual
    assert len(usual) >= len(values)


@pytest.mark.django_db
def test_what_is_alike_is_said_once() -> None:
    rows = [{"account_id": account(f"a-{number}").pk} for number in range(3)]
    insert_rows(Notice, rows, opened_on=TODAY, last_activity_on=TODAY)
    assert set(Notice.objects.values_list("account_id", "opened_on")) == {(row["account_id"], TODAY) for row in rows}
    assert len({notice.pk for notice in Notice.objects.all()}) == 3


@pytest.mark.django_db
def test_nothing_to_insert_asks_the_database_nothing(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        insert_rows(Notice, [])


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("wrong", [{"outcome": "lost"}, {"account_id": uuid.uuid4()}, {"answer_by": TODAY}])
def test_the_database_asks_its_constraints(wrong: dict[str, Any]) -> None:
    row = {"account_id": account("one").pk, "opened_on": TODAY, "last_activity_on": TODAY, **wrong}
    with pytest.raises(IntegrityError), transaction.atomic():
        insert_rows(Notice, [row])
    assert not Notice.objects.exists()
