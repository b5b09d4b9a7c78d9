"""Microsoft Graph as the provider: what is special to it."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from accounts.gateways.client import GuardedClient
from accounts.gateways.entra import PATIENCE, Entra
from accounts.gateways.provider import PREFIX, Verdict
from tests.gateways.fake_graph import FakeGraph, Trouble, graph_running
from tests.gateways.test_providers import NEW, UNTIL, wish

pytestmark = pytest.mark.sqlite_only


@pytest.fixture
def graph() -> Iterator[FakeGraph]:
    with graph_running() as found:
        yield found


@pytest.fixture
def slept() -> list[float]:
    return []


@pytest.fixture
def entra(graph: FakeGraph, hasty: GuardedClient, slept: list[float]) -> Entra:
    return Entra(graph.access(), client=hasty, sleep=slept.append)


def test_one_token_for_many_operations_and_by_form(graph: FakeGraph, entra: Entra) -> None:
    graph.put("a")
    for _again in range(3):
        assert entra.disable(wish(client_id="a")).verdict is Verdict.DONE
    assert len(graph.forms) == 1
    assert "grant_type=client_credentials" in graph.forms[0]
    assert ".default" in graph.forms[0]


def test_not_found_just_after_it_was_made_is_asked_again(graph: FakeGraph, entra: Entra, slept: list[float]) -> None:
    graph.hidden = 2
    made = entra.set_up(wish(**NEW)).made
    assert made is not None
    assert graph.works(made.client_id, made.secret)
    assert slept == [PATIENCE[0], PATIENCE[1]]


def test_read_back_waits_until_it_shows_and_else_comes_again(graph: FakeGraph, entra: Entra) -> None:
    graph.put("a")
    graph.stale = 2
    assert entra.disable(wish(client_id="a")).verdict is Verdict.DONE
    graph.stale = 99
    said = entra.enable(wish(client_id="a"))
    assert said.verdict is Verdict.LATER
    assert "does not show it yet" in said.sentence


def test_half_an_answer_with_the_secret_is_made_anew(graph: FakeGraph, entra: Entra) -> None:
    asked = wish(**NEW)
    graph.trouble.append(Trouble("addPassword", after=True, body=b'{"keyId": "x"}'))
    assert entra.set_up(asked).verdict is Verdict.LATER
    made = entra.set_up(asked).made
    assert made is not None
    (row,) = graph.passwords(made.client_id)
    assert (row["keyId"], row["displayName"]) == (made.key_id, PREFIX + asked.id)
    assert len(graph.texts) == 2


def test_secrets_that_others_made_stay(graph: FakeGraph, entra: Entra) -> None:
    app = graph.put("a")
    app["passwordCredentials"] = [
        {"keyId": "theirs", "displayName": "by hand", "endDateTime": "2027-01-01T00:00:00Z"},
        {"keyId": "ours", "displayName": f"{PREFIX}of-another-operation", "endDateTime": None},
    ]
    made = entra.add_secret(wish(client_id="a", until=UNTIL)).made
    assert made is not None
    assert {row["keyId"] for row in graph.passwords("a")} == {"theirs", "ours", made.key_id}


def test_a_look_reads_every_page_and_names_strangers_of_ours(graph: FakeGraph, entra: Entra) -> None:
    for number in range(7):
        graph.put(f"client-{number}", enabled=number != 3)
    graph.put("left-over", name=f"{PREFIX}0b7e")
    graph.principals["elsewhere"] = {"appId": "elsewhere", "accountEnabled": True}
    graph.apps["client-5"]["passwordCredentials"] = [{"keyId": "k", "endDateTime": "2027-02-03T10:00:00Z"}]
    del graph.principals["client-4"]
    graph.page = 3
    seen = entra.look(["client-3", "client-4", "client-5", "elsewhere", "nobody"])
    assert seen.is_complete
    assert {one: (row.enabled, row.ours) for one, row in seen.clients.items()} == {
        "client-3": (False, False), "client-4": (False, False), "client-5": (True, False), "left-over": (True, True),
        "elsewhere": (True, False),
    }  # fmt: skip
    secrets = seen.clients["client-5"].secrets
    assert secrets is not None
    assert [(one.key_id, one.expires_on) for one in secrets] == [("k", date(2027, 2, 3))]
    assert seen.clients["elsewhere"].secrets is None


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b"{}",
        b'{"value": 7}',
        b"<html>",
        b'{"value": [], "@odata.nextLink": "https://evil.example/v1.0/x"}',
        b'{"value": [{"appId": "half a character \\ud800"}]}',
        b'{"value": [{"appId": "a\\u0000b"}]}',
    ],
)
def test_a_look_that_cannot_be_read_is_not_complete(graph: FakeGraph, entra: Entra, body: bytes) -> None:
    graph.trouble.append(Trouble("servicePrincipals", body=body, status=200))
    seen = entra.look(["a"])
    assert not seen.is_complete
    assert seen.clients == {}


def jwt(**said: Any) -> str:
    part = base64.urlsafe_b64encode(json.dumps(said).encode()).decode().rstrip("=")
    return f"x.{part}.y"


def test_a_token_without_the_permission_says_which_one(graph: FakeGraph, entra: Entra) -> None:
    graph.token = (200, {}, json.dumps({"access_token": jwt(roles=["User.Read.All"])}).encode())
    said = entra.try_out()
    assert said.verdict is Verdict.REFUSED
    assert said.params["permission"] == "Application.ReadWrite.OwnedBy"


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        ((400, {}, b'{"error": "invalid_client"}'), Verdict.REFUSED),
        ((401, {}, b"{}"), Verdict.REFUSED),
        ((200, {}, b"[]"), Verdict.REFUSED),
        ((200, {}, b'{"access_token": "a\\nb"}'), Verdict.REFUSED),
        ((503, {"Retry-After": "5"}, b""), Verdict.LATER),
    ],
)
def test_no_token(graph: FakeGraph, entra: Entra, answer: Any, verdict: Verdict) -> None:
    graph.token = answer
    assert entra.disable(wish(client_id="a")).verdict is verdict
    assert graph.asked == []
