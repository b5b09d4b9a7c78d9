"""Several workers and a person at once: one client is made, and one of them completes the setup."""

from __future__ import annotations

import pytest

from accounts.actions import setup
from accounts.models import Order
from accounts.models.setup import Setup
from tests.actions.connecting import Connected, connected
from tests.actions.tools import at_once, history
from tests.gateways.fake_graph import FakeGraph, graph_running
from tests.story import Story

pytestmark = pytest.mark.django_db(transaction=True)


def test_three_workers_make_one_client_with_one_secret(story: Story) -> None:
    with graph_running() as graph, connected(story) as on:
        on.by_entra(story.test, graph)
        order = story.order_in("cegal_setup")
        at_once(3, lambda _place: str(on.work()))
        assert Order.objects.get(pk=order.pk).state == "credential_issue"
        assert [len(app["passwordCredentials"]) for app in graph.apps.values()] == [1]
        assert len(graph.texts) == 1


def test_a_person_and_a_connector_at_once(story: Story) -> None:
    with graph_running() as graph, connected(story) as on:
        on.by_entra(story.test, graph)
        order = story.order_in("cegal_setup")
        said = at_once(2, lambda place: _by_hand(story, order) if place else str(on.work()))
        on.work(minutes=6)
        _settled(order, graph, on)
        assert len(said) == 2


def _by_hand(story: Story, order: Order) -> str:
    own = [Setup(story.test, "by-hand", "secret-by-hand")]
    return setup.complete_setup(order, setups=own, by=story.actor("cegal"), now=story.now).verb


def _settled(order: Order, graph: FakeGraph, on: Connected) -> None:
    found = Order.objects.get(pk=order.pk)
    assert history(found).count("complete_setup") == 1
    account = found.accounts.get()
    assert account.client_id in {"by-hand", *graph.apps}
    ended = {operation.state for operation in found.operations.all()}  # none where the person was done before it began
    assert ended <= {"done", "dropped"}
    assert not found.operations.exclude(sealed_secret="").exists()
