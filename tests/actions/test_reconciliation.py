"""Reconciliation: what differs between the portal and a provider is found, kept, and left to people."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings as conf

from accounts.actions import reconciliation
from accounts.lifecycle.errors import NotAllowed, NotReady
from accounts.models import Account, Connector, Credential, Finding
from accounts.models.encrypted import seal
from tests.actions.connecting import Connected, connected
from tests.actions.tools import history
from tests.gateways.fake_graph import FakeGraph, Trouble, graph_running
from tests.gateways.vendor import vendor_running
from tests.story import Story

pytestmark = pytest.mark.django_db


@pytest.fixture
def graph() -> Iterator[FakeGraph]:
    with graph_running() as found:
        yield found


@pytest.fixture
def on(story: Story, graph: FakeGraph) -> Iterator[Connected]:
    with connected(story) as found:
        found.by_entra(story.test, graph)
        yield found


def compare(on: Connected) -> dict[str, int]:
    return reconciliation.reconcile(clock=lambda: on.now, adapter_of=on.adapter)


def found() -> set[tuple[str, str]]:
    return set(Finding.objects.values_list("kind", "client_id"))


def with_secret(story: Story, account: Account, key_id: str) -> None:
    pk = uuid4()
    sealed = seal("x", context=pk.bytes, keys=conf.CREDENTIAL_KEYS)
    Credential.objects.filter(account=account).update(sealed_secret="", destroyed_at=story.now)
    Credential.objects.create(
        id=pk, account=account, sealed_secret=sealed, entered_at=story.now, entered_by="x", key_id=key_id
    )


def test_where_both_agree_there_is_nothing(story: Story, graph: FakeGraph, on: Connected) -> None:
    graph.put(story.account().client_id)
    graph.put(story.account_in("suspended").client_id, enabled=False)
    story.account_in("closed")
    story.account(environment=story.production)
    assert compare(on) == {"compared": 1, "differences": 0}
    connector = Connector.objects.get()
    assert (connector.looked_at, connector.look_problem, connector.look_possible) == (on.now, {}, True)


def test_how_each_client_stands(story: Story, graph: FakeGraph, on: Connected) -> None:
    graph.put(story.account(client_id="disabled-there").client_id, enabled=False)
    graph.put(story.account_in("suspended", client_id="enabled-there").client_id)
    graph.put(story.account_in("closed", client_id="closed-but-enabled").client_id)
    story.account(client_id="missing")
    graph.put("stranger", name="loop-access-0b7e")
    graph.put("somebody-elses")
    compare(on)
    assert found() == {
        ("disabled_there", "disabled-there"), ("enabled_there", "enabled-there"),
        ("enabled_there", "closed-but-enabled"), ("missing_there", "missing"), ("unknown_client", "stranger"),
    }  # fmt: skip
    before = [history(account) for account in Account.objects.all()]
    compare(on)
    assert [history(account) for account in Account.objects.all()] == before, "a comparison changes nothing"


def test_secrets_that_ended_end_soon_or_nobody_knows(story: Story, graph: FakeGraph, on: Connected) -> None:
    today = on.now.date()

    def app(client_id: str, **ends: int) -> Account:
        account = story.account(client_id=client_id)
        graph.put(client_id)["passwordCredentials"] = [
            {"keyId": key, "endDateTime": f"{today + timedelta(days=days)}T00:00:00Z"} for key, days in ends.items()
        ]
        return account

    app("imported", old=400, older=500)  # of its secrets the portal never knew
    with_secret(story, app("known", mine=400, strange=300), "mine")
    with_secret(story, app("ends", mine=30), "mine")
    with_secret(story, app("ended", mine=0), "mine")
    with_secret(story, app("fine", mine=31), "mine")
    compare(on)
    assert set(Finding.objects.values_list("kind", "client_id", "key_id")) == {
        ("unknown_secret", "known", "strange"), ("expires_soon", "ends", "mine"), ("expired_secret", "ended", "mine"),
    }  # fmt: skip


def test_a_client_of_an_order_under_way_is_no_stranger(story: Story, graph: FakeGraph, on: Connected) -> None:
    story.order_in("cegal_setup", environments=("TEST", "PRODUCTION"))
    on.work()
    assert compare(on) == {"compared": 1, "differences": 0}


def test_an_incomplete_look_leaves_what_was_found(story: Story, graph: FakeGraph, on: Connected) -> None:
    story.account(client_id="missing")
    compare(on)
    graph.trouble.append(Trouble("/applications", status=500))
    assert compare(on) == {"incomplete": 1}
    assert found() == {("missing_there", "missing")}
    assert "busy" in Connector.objects.get().look_problem["text"]


def test_a_system_that_cannot_be_looked_at(story: Story) -> None:
    with vendor_running() as vendor, connected(story) as on:
        on.by_webhook(story.test, vendor)
        vendor.looks = False
        story.account()
        assert compare(on) == {"not_possible": 1}
        vendor.looks = True
        assert compare(on) == {"compared": 1, "differences": 1}


def test_the_task_is_opened_again_and_the_connector_does_it(story: Story, graph: FakeGraph, on: Connected) -> None:
    account = story.account_in("suspended")
    on.work()
    account.tasks.update(done_at=on.now, done_by="somebody")
    graph.put(account.client_id)
    compare(on)
    finding = Finding.objects.get()
    with pytest.raises(NotAllowed):
        reconciliation.open_again(finding, by=story.actor("cegal"), now=on.now)
    reconciliation.open_again(finding, by=story.actor("support"), now=on.now)
    with pytest.raises(NotReady, match="open already"):
        reconciliation.open_again(finding, by=story.actor("support"), now=on.now)
    on.work(minutes=1)
    assert graph.principals[account.client_id]["accountEnabled"] is False
    assert compare(on) == {"compared": 1, "differences": 0}


def test_not_when_the_account_changed_since_or_no_task_helps(story: Story, graph: FakeGraph, on: Connected) -> None:
    account = story.account()
    graph.put(account.client_id, enabled=False)
    story.account(client_id="missing")
    compare(on)
    story.do(account, "suspend", "support", comment="It leaked.")
    for finding in Finding.objects.all():
        with pytest.raises(NotReady):
            reconciliation.open_again(finding, by=story.actor("support"), now=on.now)


def test_many_accounts_in_chunks_and_pages(
    story: Story, graph: FakeGraph, on: Connected, monkeypatch: pytest.MonkeyPatch, django_assert_max_num_queries: Any
) -> None:
    monkeypatch.setattr(reconciliation, "CHUNK", 4)
    graph.page = 5
    for number in range(11):
        story.account(client_id=f"client-{number:02}")
        graph.put(f"client-{number:02}", enabled=number != 7)
    with django_assert_max_num_queries(24):
        compare(on)
    assert found() == {("disabled_there", "client-07")}


def test_a_key_that_is_gone_is_said(story: Story, graph: FakeGraph, on: Connected, settings: Any) -> None:
    settings.CREDENTIAL_KEYS = {"other": b"x" * 32}
    counts = reconciliation.reconcile(clock=lambda: on.now)
    assert counts == {"incomplete": 1}
    assert "missing" in Connector.objects.get().look_problem["text"]
