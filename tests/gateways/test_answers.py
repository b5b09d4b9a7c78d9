"""check_token against servers that answer anything at all."""

from __future__ import annotations

import socket

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.gateways.client import GuardedClient
from accounts.gateways.loop import Outcome, check_token
from tests.gateways.servers import Blunt, blunt, http, nobody_listens


def asked(server: Blunt, client: GuardedClient | None = None) -> tuple[Outcome, str]:
    check = check_token(server.url(), "a-client", "a-secret", allow_private=True, client=client)
    return check.outcome, str(check)


@pytest.mark.parametrize("status", [200, 201])
@pytest.mark.parametrize(
    ("life", "seconds"),
    [(3599, 3599), ("3599", 3599), (None, None)],
)
def test_200_and_201_with_a_token_are_success(status: int, life: object, seconds: int | None) -> None:
    with blunt(http(status, {"access_token": "t", "expires_in": life})) as server:
        check = check_token(server.url(), "c", "s", allow_private=True)
        assert (check.ok, check.http_status, check.expires_in) == (True, status, seconds)


@pytest.mark.parametrize(
    ("status", "content"),
    [
        (202, {"access_token": "t"}),
        (403, {"access_token": "t"}),
        (200, {"access_token": ""}),
        (200, {"access_token": " "}),
        (200, {"access_token": 5}),
        (200, ["access_token"]),
        (200, "access_token"),
        (200, None),
        (200, b""),
        (200, b"\xff\xfe"),
        (200, b"[" * 60_000),
        (200, b"9" * 60_000),
        *((201, {"access_token": "t", "expires_in": life}) for life in (-1, 0, "soon", True, 1e9, [3599])),
        *((201, {"access_token": "t", "token_type": kind}) for kind in ("mac", "", None, 5)),
        (401, b"no"),
        (400, {"error": ""}),
        (400, {"error": {"code": 1}}),
    ],
)
def test_anything_else_is_unexpected(status: int, content: object) -> None:
    with blunt(http(status, content)) as server:
        assert asked(server)[0] is Outcome.UNEXPECTED


@pytest.mark.parametrize(
    ("status", "error", "outcome", "words"),
    [
        (401, "invalid_client", Outcome.WRONG_SECRET, "does not accept"),
        (400, "invalid_client", Outcome.WRONG_SECRET, "does not accept"),
        (400, "unauthorized_client", Outcome.REFUSED, "(unauthorized_client, HTTP 400)"),
        (503, "temporarily_unavailable", Outcome.REFUSED, "(temporarily_unavailable, HTTP 503)"),
        (400, "you sent a-secret", Outcome.REFUSED, "(?, HTTP 400)"),
    ],
)
def test_an_oauth_error_is_named_but_never_quoted(status: int, error: str, outcome: Outcome, words: str) -> None:
    answer = http(status, {"error": error, "error_description": "your secret a-secret is bad"})
    with blunt(answer) as server:
        found, sentence = asked(server)
        assert found is outcome
        assert words in sentence
        assert "a-secret" not in sentence


@pytest.mark.parametrize("said", [b"", b"SSH-2.0-OpenSSH_9\r\n", b"HTTP/1.1 200", b"\x15\x03\x01\x00\x02\x02\x46" * 40])
def test_a_server_that_speaks_no_http_is_unexpected(said: bytes) -> None:
    with blunt(said) as server:
        outcome, sentence = asked(server)
        assert outcome is Outcome.UNEXPECTED
        assert "broke off, or does not speak HTTP" in sentence


def test_a_head_without_end_is_bounded(hasty: GuardedClient) -> None:
    with blunt(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 100_000) as server:
        assert asked(server, hasty)[0] is Outcome.UNEXPECTED
    with blunt(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 100, pause=0.05) as server:
        assert asked(server, hasty)[0] is Outcome.TIMEOUT  # no single read is late, the whole is


def test_a_packed_body_is_not_unpacked() -> None:
    with blunt(http(200, b"\x1f\x8b" + b"x" * 200, "Content-Encoding: gzip")) as server:
        assert asked(server)[0] is Outcome.UNEXPECTED
        assert b"\r\nAccept-Encoding: identity\r\n" in server.requests[0]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    data=st.one_of(st.binary(max_size=200), st.recursive(st.none() | st.booleans() | st.text(), st.lists)),
    raw=st.booleans(),
)
def test_no_answer_makes_an_exception(data: object, raw: bool) -> None:
    answer = (
        data if raw and isinstance(data, bytes) else http(200, {"error": data} if not isinstance(data, bytes) else data)
    )
    with blunt(answer) as server, GuardedClient(allow_private=True, total_seconds=2) as client:
        outcome, sentence = asked(server, client)
        assert outcome is not Outcome.OK
        assert sentence


def test_what_is_sent_is_the_request_of_the_slide_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{nobody_listens()}")
    with blunt(http(201, {"access_token": "t"}, "Set-Cookie: seen=1; Path=/")) as server:
        for _ in range(3):
            assert asked(server)[0] is Outcome.OK
    heads = [request.partition(b"\r\n\r\n") for request in server.requests]
    for head, _, body in heads:
        assert head.startswith(b"POST /loop-m2m/loop-api/v1/token HTTP/1.1\r\n")
        assert b"\r\nContent-Type: application/x-www-form-urlencoded" in head
        assert body == b"grant_type=client_credentials&client_id=a-client&client_secret=a-secret"
        assert b"ookie" not in head
        assert b"a-secret" not in head
    assert len(heads) == 3
    assert server.connections == 1  # one client, one connection


def test_a_server_that_hung_up_in_between_is_asked_on_a_new_connection() -> None:
    closing = http(201, {"access_token": "t"}, "Connection: close")
    with blunt(closing) as server:
        assert [asked(server)[0] for _ in range(3)] == [Outcome.OK] * 3
        assert server.connections == 3


def test_nobody_there_is_unreachable() -> None:
    check = check_token(f"http://127.0.0.1:{nobody_listens()}/token", "c", "s", allow_private=True)
    assert (check.outcome, check.http_status) == (Outcome.UNREACHABLE, None)
    assert "127.0.0.1 cannot be reached" in str(check)


def test_a_name_that_nobody_knows_is_said_to_be_so() -> None:
    def unknown(host: str, port: int) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    with GuardedClient(allow_private=True, resolve=unknown) as client:
        check = check_token("http://loop.invalid/token", "c", "s", allow_private=True, client=client)
    assert check.outcome is Outcome.UNREACHABLE
    assert str(check) == "The name loop.invalid cannot be found. Check the token URL."
