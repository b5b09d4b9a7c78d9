"""The contract of a provider, held to each adapter against real servers that misbehave."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from accounts.gateways.client import GuardedClient
from accounts.gateways.entra import Entra
from accounts.gateways.provider import Made, Outcome, People, Provider, Verdict, Wish
from accounts.gateways.provider_webhook import ByWebhook
from tests.gateways.fake_graph import SECRET as GRAPH_SECRET
from tests.gateways.fake_graph import TOKEN, FakeGraph, Trouble, graph_running
from tests.gateways.servers import nobody_listens
from tests.gateways.vendor import SECRET as SHARED
from tests.gateways.vendor import Vendor, vendor_running

pytestmark = pytest.mark.sqlite_only

UNTIL = date(2027, 12, 1)


def wish(**said: Any) -> Wish:
    return Wish(str(uuid.uuid4()), "TEST", **said)


NEW = {"name": "loop-access-0b7e", "label": "Nordsjø Surplus AS (LA-2026-0142)", "until": UNTIL}


@dataclass
class Side:
    """One adapter with the server behind it. ``finished`` waits for an answer that comes by itself."""

    adapter: Provider
    server: FakeGraph | Vendor

    def finished(self, outcome: Outcome, asked: Wish) -> Outcome:
        if outcome.verdict is not Verdict.ASKED or isinstance(self.server, FakeGraph):
            return outcome
        said = self.server.answers[asked.id]
        if said["outcome"] != "done":
            return Outcome(Verdict.REFUSED, said["reason"])
        made = None
        if "client_secret" in said:
            made = Made(
                said["client_id"], said["client_secret"], said["key_id"], date.fromisoformat(said["expires_on"])
            )
        return Outcome(Verdict.DONE, made=made)

    def do(self, what: str, asked: Wish) -> Outcome:
        return self.finished(getattr(self.adapter, what)(asked), asked)

    def number_of_clients(self) -> int:
        return len(self.server.apps if isinstance(self.server, FakeGraph) else self.server.clients)

    def there(self, client_id: str) -> Any:
        return self.adapter.look([client_id]).clients[client_id]

    def spoil(self, at: str = "", **how: Any) -> None:
        self.server.trouble.append(Trouble(at, **how))


@pytest.fixture(params=["entra", "webhook"])
def side(request: pytest.FixtureRequest, hasty: GuardedClient) -> Iterator[Side]:
    with ExitStack() as stack:
        if request.param == "entra":
            graph = stack.enter_context(graph_running())
            yield Side(Entra(graph.access(), client=hasty, sleep=lambda _seconds: None), graph)
        else:
            vendor = stack.enter_context(vendor_running())
            yield Side(ByWebhook(vendor.access(), clock=lambda: datetime.now(UTC), client=hasty), vendor)


def a_client(side: Side) -> Made:
    made = side.do("set_up", wish(**NEW)).made
    assert made is not None
    return made


class TestBehaves:
    def test_sets_up_one_client_with_a_secret_that_ends_on_the_day(self, side: Side) -> None:
        made = a_client(side)
        assert (made.expires_on, side.number_of_clients()) == (UNTIL, 1)
        there = side.there(made.client_id)
        assert there.enabled
        assert [(one.key_id, one.expires_on) for one in there.secrets] == [(made.key_id, UNTIL)]

    def test_disables_and_enables(self, side: Side) -> None:
        made = a_client(side)
        for what, on in (("disable", False), ("disable", False), ("enable", True)):
            assert side.do(what, wish(client_id=made.client_id)).verdict is Verdict.DONE
            assert side.there(made.client_id).enabled is on

    def test_a_second_secret_leaves_the_first_until_it_is_removed(self, side: Side) -> None:
        first = a_client(side)
        second = side.do("add_secret", wish(client_id=first.client_id, until=UNTIL)).made
        assert second is not None
        keys = {one.key_id for one in side.there(first.client_id).secrets}
        assert keys == {first.key_id, second.key_id}
        for _again in range(2):
            gone = side.do("remove_secret", wish(client_id=first.client_id, key_id=first.key_id))
            assert gone.verdict is Verdict.DONE
        assert [one.key_id for one in side.there(first.client_id).secrets] == [second.key_id]

    def test_a_client_that_is_not_there_needs_a_person(self, side: Side) -> None:
        for what in ("disable", "enable", "add_secret", "remove_secret"):
            said = side.do(what, wish(client_id="nobody/../x?y#z'", until=UNTIL, key_id="k"))
            assert said.verdict is Verdict.REFUSED
            assert said.sentence

    def test_the_connection_is_tried_without_a_change(self, side: Side) -> None:
        assert side.adapter.try_out().verdict is Verdict.DONE
        assert side.number_of_clients() == 0

    def test_neither_secret_nor_token_stands_in_a_representation(self, side: Side) -> None:
        asked = wish(**NEW)
        said = side.do("set_up", asked)
        assert said.made is not None
        text = repr([side.adapter, said, said.made, asked, side.adapter.look([said.made.client_id])])
        for secret in (said.made.secret, GRAPH_SECRET, SHARED, TOKEN):
            assert secret not in text


@pytest.mark.parametrize(
    ("how", "verdict", "wait"),
    [
        ({"status": 429, "headers": {"Retry-After": "17"}}, Verdict.LATER, 17.0),
        ({"status": 429, "headers": {"Retry-After": "soon"}}, Verdict.LATER, None),
        ({"status": 500}, Verdict.LATER, None),
        ({"status": 503, "headers": {"Retry-After": "9999999999"}}, Verdict.LATER, 3600.0),
        ({"status": 307, "headers": {"Location": "http://127.0.0.1:1/"}}, Verdict.REFUSED, None),
        ({"status": 403}, Verdict.REFUSED, None),
        ({"hang_up": True}, Verdict.LATER, None),
        ({"slow": 1.5}, Verdict.LATER, None),
        ({"status": 200, "headers": {"Content-Length": "9000"}, "body": b'{"half'}, Verdict.LATER, None),
    ],
)
def test_trouble_is_an_outcome_in_words(side: Side, how: dict[str, Any], verdict: Verdict, wait: float | None) -> None:
    side.spoil(**how)
    said = side.adapter.set_up(wish(**NEW))
    assert (said.verdict, said.wait) == (verdict, wait)
    assert said.sentence % said.params


@pytest.mark.parametrize(
    ("what", "at"), [("set_up", "uniqueName"), ("set_up", "servicePrincipals"), ("set_up", "addPassword"),
                     ("add_secret", "addPassword"), ("disable", "PATCH"), ("remove_secret", "removePassword")]
)  # fmt: skip
def test_an_answer_lost_after_it_was_done_leaves_one_client_and_no_lost_secret(side: Side, what: str, at: str) -> None:
    first = None if what == "set_up" else a_client(side)
    said = NEW if first is None else {"client_id": first.client_id, "key_id": first.key_id, "until": UNTIL}
    asked = wish(**said)
    side.spoil(at if isinstance(side.server, FakeGraph) else "", hang_up=True, after=True)
    assert getattr(side.adapter, what)(asked).verdict is Verdict.LATER
    done = side.do(what, asked)
    assert (done.verdict, side.number_of_clients()) == (Verdict.DONE, 1)
    made = done.made or first
    assert made is not None
    keys = {one.key_id for one in side.there(made.client_id).secrets}
    wanted = {one.key_id for one in (first, done.made) if one is not None}
    assert keys == (set() if what == "remove_secret" else wanted)


def test_nobody_listens(hasty: GuardedClient) -> None:
    url = f"http://127.0.0.1:{nobody_listens()}"
    graph = replace(FakeGraph(origin=url).access())
    for adapter in (Entra(graph, client=hasty),
                    ByWebhook(Vendor(url=url).access(), clock=lambda: datetime.now(UTC), client=hasty)):  # fmt: skip
        assert adapter.set_up(wish(**NEW)).verdict is Verdict.LATER
        seen = adapter.look(["x"])
        assert not seen.is_complete
        assert seen.problem


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1", "https://127.0.0.1:1", "ftp://example.com", "https://a:b@c.example"]
)
def test_only_public_addresses_with_tls(url: str) -> None:
    with GuardedClient(allow_private=False, total_seconds=1.0) as client:
        for adapter in (Entra(replace(FakeGraph(origin=url).access(), allow_private=False), client=client),
                        ByWebhook(Vendor(url=url).access(allow_private=False), clock=lambda: datetime.now(UTC),
                                  client=client)):  # fmt: skip
            assert adapter.try_out().verdict is Verdict.REFUSED


def test_people_answer_by_themselves_and_are_not_looked_at() -> None:
    people: Provider = People()
    for what in ("set_up", "disable", "enable", "add_secret", "remove_secret"):
        assert getattr(people, what)(wish()).verdict is Verdict.ASKED
    assert not people.look(["x"]).possible
    assert people.try_out().verdict is Verdict.DONE
