"""Who makes an environment's clients: chosen by administrators, on record, its secret never shown again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from accounts.actions import connectors, encryption_keys
from accounts.actions.connectors import Details
from accounts.gateways.provider import Verdict
from accounts.lifecycle.errors import LostRace, NotAllowed, NotReady
from accounts.models import Connector, Environment, Event, Operation, ProviderKind
from tests.actions.connecting import connected, states
from tests.actions.tools import contents, nothing_written
from tests.gateways.fake_graph import FakeGraph, Trouble, graph_running
from tests.gateways.vendor import SECRET
from tests.story import Story

pytestmark = pytest.mark.django_db
ENTRA = {"tenant": "contoso.onmicrosoft.com", "client_id": "portal", "secret": "top-secret"}
HOOK = {"url": "https://provider.example/hook", "secret": SECRET}


@pytest.fixture
def graph() -> Iterator[FakeGraph]:
    with graph_running() as found:
        yield found


def choose(story: Story, kind: str = "entra", who: str = "administrator", **said: Any) -> Event | None:
    usual = {"entra": ENTRA, "webhook": HOOK, "people": {}}[kind]
    environment = Environment.objects.get(name="TEST")
    details = Details(ProviderKind(kind), **{**usual, **said})
    return connectors.choose(environment, details, by=story.actor(who), now=story.now)


def test_chosen_with_an_event_that_holds_no_secret(story: Story) -> None:
    event = choose(story)
    assert event is not None
    assert event.data["changed"]["kind"] == ["people", "entra"]
    connector = Connector.objects.get()
    assert connector.token_url == "https://login.microsoftonline.com/contoso.onmicrosoft.com/oauth2/v2.0/token"
    assert connectors.secret_of(connector) == "top-secret"
    assert "top-secret" not in repr(contents()) + repr(Details(ProviderKind.ENTRA, **ENTRA))
    assert Environment.objects.get(name="TEST").provider == "entra"


def test_the_secret_stays_when_nothing_is_typed_and_goes_with_people(story: Story) -> None:
    choose(story)
    assert choose(story, secret="") is None
    changed = choose(story, secret="", secret_days=90)
    assert changed is not None
    assert changed.data["changed"] == {"secret_days": [365, 90]}
    assert connectors.secret_of(Connector.objects.get()) == "top-secret"
    with pytest.raises(NotReady, match="Enter the secret"):
        choose(story, "webhook", secret="")
    with pytest.raises(NotReady, match="own address alone"):
        choose(story, secret="", token_url="https://elsewhere.example/token")
    choose(story, "people")
    assert not Connector.objects.exists()
    assert choose(story, "people") is None


@pytest.mark.parametrize(
    ("kind", "said", "why"),
    [
        ("entra", {"tenant": "a/../b"}, "tenant"), ("entra", {"tenant": ""}, "tenant"),
        ("entra", {"client_id": " "}, "client id"),
        ("entra", {"secret": ""}, "secret"), ("entra", {"graph_url": "http://graph.example"}, "https"),
        ("entra", {"secret_days": 1}, "between 7 and 730"), ("webhook", {"url": ""}, "https"),
        ("webhook", {"url": "http://inside"}, "https"), ("webhook", {"url": "https://a:b@c.example"}, "password"),
        ("webhook", {"secret": "abc"}, "whsec_"), ("webhook", {"secret": "whsec_short"}, "whsec_"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_said(story: Story, kind: str, said: dict[str, Any], why: str) -> None:
    with nothing_written(), pytest.raises(NotReady, match=why):
        choose(story, kind, **said)


@pytest.mark.parametrize("who", ["support", "responsible", "cegal", "ingrid"])
def test_administrators_alone(story: Story, who: str) -> None:
    with nothing_written(), pytest.raises(NotAllowed):
        choose(story, who=who)
    with pytest.raises(NotAllowed):
        connectors.try_out(story.test, by=story.actor(who), clock=lambda: story.now)


def test_two_administrators_do_not_overwrite_each_other(story: Story) -> None:
    seen = Environment.objects.get(name="TEST").version
    choose(story)
    environment = Environment.objects.get(name="TEST")
    with pytest.raises(LostRace):
        connectors.choose(
            environment,
            Details(ProviderKind.WEBHOOK, **HOOK),
            by=story.actor("administrator"),
            now=story.now,
            seen=seen,
        )


def test_the_connection_is_tried_and_what_it_said_is_kept(story: Story, graph: FakeGraph) -> None:
    with connected(story) as on:
        on.by_entra(story.test, graph)
        ada = {"by": story.actor("administrator"), "clock": lambda: story.now}
        assert connectors.try_out(story.test, **ada).verdict is Verdict.DONE
        graph.trouble.append(Trouble("GET", status=500))
        assert connectors.try_out(story.test, **ada).verdict is Verdict.LATER
        kept = Connector.objects.get()
        assert (kept.tried_at, kept.tried_well) == (story.now, False)
        assert graph.apps == {}
    events = Event.objects.filter(subject_id=story.test.pk, verb="try_provider").order_by("seq")
    assert [event.data for event in events] == [{"well": True}, {"well": False}]


def test_what_failed_is_asked_again_once_the_settings_are_put_right(story: Story, graph: FakeGraph) -> None:
    with connected(story) as on:
        on.by_entra(story.test, graph)
        account = story.account_in("suspended")
        graph.put(account.client_id)
        graph.token = (401, {}, b"{}")
        on.work()
        assert states() == [("disable", "failed")]
        graph.token = FakeGraph().token
        environment = Environment.objects.get(pk=story.test.pk)
        urls = {"token_url": f"{graph.origin}/token", "graph_url": graph.origin}
        said = Details(ProviderKind.ENTRA, **{**ENTRA, "secret": "a-new-one"}, **urls)
        connectors.choose(environment, said, by=story.actor("administrator"), now=on.now)
        on.work(minutes=1)
        assert states() == [("disable", "done")]


def test_a_task_that_was_open_before_is_taken_up(story: Story, graph: FakeGraph) -> None:
    account = story.account_in("suspended")
    graph.put(account.client_id)
    with connected(story) as on:
        on.by_entra(story.test, graph)
        on.work()
    assert graph.principals[account.client_id]["accountEnabled"] is False


def test_the_change_of_the_key_covers_connectors_and_their_results(story: Story) -> None:
    assert {Connector, Operation} <= set(encryption_keys.holders())
