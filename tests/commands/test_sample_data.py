"""sample_data: a portal with life in it, made by the real verbs, once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from accounts.lifecycle.states import AccountState, OrderState
from accounts.management.samples.cast import CAST
from accounts.models import Account, Credential, Environment, Event, Message, Notice, Order, Person
from loop_standin.process import running
from tests.commands.running import refused, run
from tests.rows import NOW, account
from tests.servers import ON_POSTGRES

pytestmark = pytest.mark.django_db


@pytest.fixture
def loop_api() -> Iterator[str]:
    with running() as url:
        yield url


def test_a_portal_with_life_in_it(loop_api: str) -> None:
    told = run("sample_data", "--loop-api", loop_api)
    assert told.splitlines()[0].startswith("Sample data: 11 orders and 14 accounts made.")
    assert [line.split()[0] for line in told.splitlines()[1:]] == [member.email for member in CAST]
    assert set(Order.objects.values_list("state", flat=True)) == {state.value for state in OrderState}
    assert set(Account.objects.values_list("state", flat=True)) == {state.value for state in AccountState}
    assert set(Notice.objects.values_list("outcome", flat=True)) == {"open", "kept", "used", "suspended"}
    assert not Notice.objects.filter(delivered_on=None).exists()
    assert not Event.objects.filter(at__gt=NOW).exists()
    assert not Message.objects.exclude(state="delivered").filter(created_at__lt=NOW).exists()
    assert "The history is whole" in run("verify_history")


def test_its_credentials_work_at_the_stand_in(loop_api: str) -> None:
    run("sample_data", "--loop-api", f"{loop_api}/")
    environment = Environment.objects.get(name="TEST")
    assert environment.token_url == f"{loop_api}/test/loop-m2m/loop-api/v1/token"
    assert environment.private_addresses_allowed
    issued = Event.objects.get(verb="issue_credentials")
    assert (issued.comment, issued.data) == ("", {})
    assert Credential.objects.filter(collect_by__gt=NOW).exclude(verified_at=None).count() == 2


def test_without_a_stand_in_the_override_has_its_reason() -> None:
    run("sample_data", "--loop-api", "http://127.0.0.1:1")
    assert "could not be asked" in Event.objects.get(verb="issue_credentials").comment


def test_twice_changes_nothing_more() -> None:
    before = Environment.objects.get(name="TEST").token_url
    run("sample_data")
    assert Environment.objects.get(name="TEST").token_url == before
    counts = Event.objects.count(), Person.objects.count()
    assert run("sample_data").startswith("Sample data: 0 orders and 0 accounts made.")
    assert (Event.objects.count(), Person.objects.count()) == counts


DAYS = ["2026-11-28T23:05", "2026-11-23T08:00", "2028-02-29T12:00", "2029-03-01T00:05"]


@pytest.mark.parametrize("day", DAYS[: 1 if ON_POSTGRES else None])
def test_on_any_day_the_next_check_suspends_the_one_that_did_not_answer(day: str) -> None:
    at = datetime.fromisoformat(day).replace(tzinfo=UTC)
    run("sample_data", at=at)
    for events in Order.objects.values_list("pk", flat=True):
        moments = list(Event.objects.filter(subject_id=events).order_by("seq").values_list("at", flat=True))
        assert moments == sorted(moments)
    checked = json.loads(run("check_inactivity", "--format", "json", at=at))
    assert {kind: len(entries) for kind, entries in checked.items() if isinstance(entries, list)} == {
        "notified": 0, "reminded": 0, "cleared": 0, "suspended": 1, "held": 0,
    }  # fmt: skip


def test_it_keeps_away_from_real_data() -> None:
    account("real")
    assert refused("sample_data") == (
        "This portal has real orders or accounts: sample data would only confuse. Nothing was done."
    )
    assert Person.objects.count() == 1


def test_an_address_that_is_none() -> None:
    assert "This is no address" in refused("sample_data", "--loop", "nowhere")
    assert not Order.objects.exists()
