"""Environments are rows; TEST and PRODUCTION of the Loop API are installed with their addresses."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction

from accounts.lifecycle.policy import Policy
from accounts.models import Account, Environment, Event, PolicyNumber, current_policy
from tests.story import Story


def test_both_environments_are_installed(db: None) -> None:
    installed = {environment.name: environment for environment in Environment.objects.all()}
    assert list(installed) == ["TEST", "PRODUCTION"]
    assert installed["TEST"].token_url == "https://apis-test-vi.collabor8.no/loop-m2m/loop-api/v1/token"
    assert installed["PRODUCTION"].token_url == "https://apis-vi.collabor8.no/loop-m2m/loop-api/v1/token"
    assert installed["TEST"].base_url == "https://apis-test-vi.collabor8.no"
    assert installed["PRODUCTION"].base_url == "https://apis-vi.collabor8.no"
    assert not any(environment.private_addresses_allowed for environment in installed.values())


def test_a_third_environment_is_one_row_more(story: Story) -> None:
    training = Environment.objects.create(
        name="TRAINING", token_url="https://x.example/token", base_url="https://x.example"
    )
    order = story.order_in("issued", environments=("TEST", "TRAINING"))
    assert {account.environment for account in order.accounts.all()} == {story.test, training}


@pytest.mark.parametrize("column", ["owner", "environment", "organisation"])
def test_an_account_always_has_an_owner_an_environment_and_an_organisation(story: Story, column: str) -> None:
    account = story.account()
    with pytest.raises(IntegrityError), transaction.atomic():
        Account.objects.filter(pk=account.pk).update(**{column: None})


def test_the_policy_is_the_defaults_with_what_was_changed(db: None) -> None:
    assert current_policy() == Policy()
    PolicyNumber.objects.create(name="answer_days", value=45)
    assert current_policy() == Policy(answer_days=45)


@pytest.mark.postgres_only
def test_history_cannot_be_emptied_with_sql(story: Story) -> None:
    from django.db.utils import DatabaseError

    story.draft()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("TRUNCATE accounts_event CASCADE")
    assert Event.objects.exists()
