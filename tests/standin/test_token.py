"""POST .../token: what slide 2 shows, and the errors of RFC 6749."""

from __future__ import annotations

import base64
import json

import pytest

from loop_standin.clients import derived_secret
from tests.standin.conftest import TOKEN, Caller


def claims_of(token: str) -> dict[str, object]:
    head, body, signature = token.split(".")
    assert json.loads(base64.urlsafe_b64decode(head + "==")) == {"typ": "JWT", "alg": "HS256"}
    assert len(base64.urlsafe_b64decode(signature + "==")) == 32
    return json.loads(base64.urlsafe_b64decode(body + "=="))


def test_the_right_secret_gets_the_four_fields(caller: Caller) -> None:
    answer = caller.token("loop-client-1")
    assert answer.status_code == 201
    assert answer.headers["cache-control"] == "no-store"
    token = answer.json().pop("access_token")
    assert answer.json() == {
        "token_type": "Bearer",
        "expires_in": 3599,
        "ext_expires_in": 3599,
        "access_token": token,
    }
    claims = claims_of(token)
    assert claims["azp"] == "loop-client-1"
    assert str(claims["iss"]).startswith("https://login.microsoftonline.com/")
    assert claims["exp"] == int(str(claims["iat"])) + 3599
    assert claims["aud"] == "api://loop-m2m"


def test_the_derived_secret_is_what_the_command_line_prints() -> None:
    assert derived_secret("abc") == "standin-ba7816bf8f01cfea414140de"


def test_a_wrong_secret_is_an_invalid_client(caller: Caller) -> None:
    answer = caller.token("loop-client-1", "not the secret")
    assert answer.status_code == 401
    assert answer.json()["error"] == "invalid_client"
    assert "not the secret" not in answer.text


def test_a_wrong_grant_is_unsupported(caller: Caller) -> None:
    answer = caller.token("loop-client-1", grant_type="password")
    assert (answer.status_code, answer.json()["error"]) == (400, "unsupported_grant_type")


@pytest.mark.parametrize("name", ["grant_type", "client_id", "client_secret"])
def test_a_missing_or_empty_parameter_is_named(caller: Caller, name: str) -> None:
    form = {"grant_type": "client_credentials", "client_id": "a", "client_secret": "b"}
    without = {key: value for key, value in form.items() if key != name}
    for sent in (without, {**form, name: ""}):
        answer = caller.http.post(TOKEN, data=sent)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
        assert name in answer.json()["error_description"]


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", b'{"grant_type": "client_credentials"}'),
        ("application/x-www-form-urlencoded", b"client_id=a&client_id=b"),
        ("application/x-www-form-urlencoded", b"client_id=\xff"),
        ("application/x-www-form-urlencoded", b"client_id=%ff&grant_type=client_credentials"),
        ("application/x-www-form-urlencoded", b"&".join(b"a%d=1" % n for n in range(60))),
    ],
)
def test_a_body_that_is_no_form_is_refused(caller: Caller, content_type: str, body: bytes) -> None:
    answer = caller.http.post(TOKEN, content=body, headers={"Content-Type": content_type})
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def test_signs_and_norwegian_letters_in_a_secret_survive_the_form(caller: Caller) -> None:
    secret = "æ+ø &=%25~ å;"
    caller.http.put("/standin/clients/loop-odd", json={"secret": secret}).raise_for_status()
    assert caller.token("loop-odd", secret).status_code == 201
    assert caller.token("loop-odd", secret.replace("+", " ")).status_code == 401


def test_the_method_and_the_size_are_checked(caller: Caller) -> None:
    refused = caller.http.get(TOKEN)
    assert (refused.status_code, refused.headers["allow"]) == (405, "POST")
    assert caller.http.post(TOKEN, data={"client_secret": "x" * 70_000}).status_code == 413
    chunked = caller.http.post(TOKEN, content=iter([b"a=1"]))
    assert chunked.status_code == 411
    assert caller.http.get("/loop-m2m/loop-api/v1/nothing").status_code == 404
    assert caller.http.get("/healthz").json() == {"status": "ok"}
