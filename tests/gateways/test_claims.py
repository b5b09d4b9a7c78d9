"""What a token says of itself is looked at, compared, and believed by nobody; HTTP Basic where it is asked for."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.gateways import claims
from accounts.gateways.loop import Outcome, TokenCheck, check_token
from tests.gateways.servers import blunt, http

CLIENT = "0B7E4C52-9a61-4d0e-8f3b-111111111111"
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
LATER = int(NOW.timestamp()) + 3599


def jwt(payload: object, header: object = None) -> str:
    """A token with a signature that nobody could check."""
    parts = [json.dumps(part).encode() for part in (header or {"alg": "RS256"}, payload)]
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in (*parts, b"signature"))


def asked(token: str, client_id: str = CLIENT, secret: str = "a-secret", **how: Any) -> TokenCheck:
    answer = {"token_type": "Bearer", "expires_in": 3599, "access_token": token}
    with blunt(http(201, answer)) as server:
        return check_token(server.url(), client_id, secret, allow_private=True, now=NOW, **how)


@pytest.mark.parametrize("claim", ["azp", "appid", "client_id"])
def test_a_token_of_this_client_is_accepted_and_read(claim: str) -> None:
    check = asked(jwt({claim: CLIENT.lower(), "aud": ["api://loop", "x"], "exp": LATER}))
    assert check.ok
    found = check.claims
    assert (found.client, found.audience, found.opaque) == (CLIENT.lower(), "api://loop, x", False)
    assert found.expires_at is not None
    assert found.expires_at.timestamp() == LATER


@pytest.mark.parametrize("claim", ["azp", "appid", "client_id"])
def test_a_token_of_another_client_is_told(claim: str) -> None:
    check = asked(jwt({claim: "somebody-else", "exp": LATER}))
    assert check.outcome is Outcome.OTHER_CLIENT
    assert "belongs to another client: somebody-else" in str(check)


def test_a_token_that_expired_already_is_none() -> None:
    check = asked(jwt({"azp": CLIENT, "exp": int(NOW.timestamp())}))
    assert check.outcome is Outcome.EXPIRED
    assert "has expired already" in str(check)


@pytest.mark.parametrize(
    "token", ["opaque", "a.b", "a.b.c", "..", jwt(["azp"]), jwt({"azp": "x"}, ["alg"]), f"{'W' * 9000}.{'W' * 9000}.x"]
)
def test_an_opaque_token_is_fine_and_said_to_be_opaque(token: str) -> None:
    check = asked(token)
    assert check.ok
    assert check.claims == claims.NOTHING_SAID


def test_claims_that_are_no_texts_or_moments_say_nothing() -> None:
    said = jwt({"azp": 5, "appid": None, "aud": {"a": 1}, "exp": "soon"})
    assert claims.read_claims(said, "s") == claims.Claims(opaque=False)
    for never in (True, 1e300, -1e300, float("nan")):
        assert claims.read_claims(jwt({"exp": never}), "s").expires_at is None


def test_a_server_cannot_have_the_secret_shown_by_a_claim() -> None:
    check = asked(jwt({"azp": "you sent canary-7", "aud": "canary-7", "exp": LATER}), secret="canary-7")
    assert "canary-7" not in repr(check) + str(check)
    assert claims.read_claims(jwt({"aud": "a\x1b[2J\nb"}), "s").audience == ""
    assert len(claims.read_claims(jwt({"aud": "a" * 5000}), "s").audience) == claims.TEXT_MOST


@given(st.text() | st.binary().map(lambda raw: f"{base64.urlsafe_b64encode(raw).decode()}." * 3))
def test_no_token_makes_an_exception(token: str) -> None:
    claims.read_claims(token, "s")


def test_the_token_of_a_success_is_handed_on_and_no_other() -> None:
    handed: list[str] = []
    asked("opaque", then=handed.append)
    asked(jwt({"azp": "somebody-else"}), then=handed.append)
    assert handed == ["opaque"]


def test_basic_puts_both_in_the_header_form_encoded_and_nothing_in_the_form() -> None:
    with blunt(http(200, {"access_token": "t", "token_type": "bearer"})) as server:
        check = check_token(server.url(), "a client:1", "s:ec ret+æ%", allow_private=True, by_basic=True)
    assert check.ok
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    header = next(line for line in head.split(b"\r\n") if line.lower().startswith(b"authorization: basic "))
    assert base64.b64decode(header.split()[-1]) == b"a+client%3A1:s%3Aec+ret%2B%C3%A6%25"
    assert body == b"grant_type=client_credentials"


def test_basic_refuses_what_is_no_letter() -> None:
    check = check_token("https://loop.example/t", "c", "\ud800", allow_private=False, by_basic=True)
    assert check.outcome is Outcome.WRONG_SECRET
    assert "cannot be sent" in str(check)
