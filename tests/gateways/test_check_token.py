"""check_token against the stand-in, as a process of its own that behaves and misbehaves."""

from __future__ import annotations

import json
import logging
import time
from pathlib import Path

import httpx
import pytest

from accounts.gateways.client import GuardedClient
from accounts.gateways.loop import Outcome, TokenCheck, check_token
from loop_standin.clients import derived_secret

CLIENT = "b1d7f3c2-5a44-4f0e-9c1d-loop00000001"
SECRET = derived_secret(CLIENT)


def behave(admin: httpx.Client, **behaviour: object) -> None:
    admin.put("/standin/behaviour", json=behaviour).raise_for_status()


def test_the_right_secret_is_ok(token_url: str) -> None:
    check = check_token(token_url, CLIENT, SECRET, allow_private=True)
    assert check.ok
    assert (check.outcome, check.http_status, check.expires_in) == (Outcome.OK, 201, 3599)
    assert str(check) == "127.0.0.1 accepted the client id and the secret."
    assert 0 <= check.elapsed_ms < 10_000


def test_a_wrong_or_disabled_secret_is_told(token_url: str, admin: httpx.Client) -> None:
    check = check_token(token_url, CLIENT, "wrong", allow_private=True)
    assert (check.ok, check.outcome, check.http_status) == (False, Outcome.WRONG_SECRET, 401)
    assert "does not accept this client id with this secret" in str(check)
    assert check.expires_in is None
    admin.delete("/standin/clients/disabled-one")
    check = check_token(token_url, "disabled-one", derived_secret("disabled-one"), allow_private=True)
    assert check.outcome is Outcome.WRONG_SECRET


def test_a_secret_with_signs_and_letters_arrives_as_it_is(token_url: str, admin: httpx.Client) -> None:
    secret = "~8Q æ+ø &=%25;"
    admin.put("/standin/clients/odd", json={"secret": secret}).raise_for_status()
    assert check_token(token_url, "odd", secret, allow_private=True).ok


@pytest.mark.parametrize(
    ("mode", "outcome", "status", "words"),
    [
        ("500", Outcome.UNEXPECTED, 500, "answered HTTP 500 without a token"),
        ("html", Outcome.UNEXPECTED, 200, "answered HTTP 200 without a token"),
        ("no_token", Outcome.UNEXPECTED, 201, "answered HTTP 201 without a token"),
        ("redirect", Outcome.REDIRECTED, 307, "the secret was not sent there"),
        ("truncated", Outcome.UNEXPECTED, None, "broke off"),
        ("huge", Outcome.UNEXPECTED, None, "more than 64 KB"),
    ],
)
def test_misbehaviour_has_its_outcome_and_its_sentence(
    token_url: str, admin: httpx.Client, mode: str, outcome: Outcome, status: int | None, words: str
) -> None:
    behave(admin, mode=mode)
    check = check_token(token_url, CLIENT, SECRET, allow_private=True)
    assert (check.outcome, check.http_status, check.expires_in) == (outcome, status, None)
    assert words in str(check)
    behave(admin, mode="ok")
    assert check_token(token_url, CLIENT, SECRET, allow_private=True).ok  # nothing of it is left in the client


def test_a_redirect_is_not_followed(token_url: str, admin: httpx.Client, standin_log: Path) -> None:
    def calls() -> list[str]:
        return [json.loads(line)["path"] for line in standin_log.read_text().splitlines()]

    before = calls()
    behave(admin, mode="redirect", times=1)
    check_token(token_url, CLIENT, SECRET, allow_private=True)
    assert calls()[len(before) :] == ["/test/loop-m2m/loop-api/v1/token"]


@pytest.mark.parametrize("mode", ["hang", "drip"])
def test_it_ends_in_time_whatever_the_server_does(
    token_url: str, admin: httpx.Client, hasty: GuardedClient, mode: str
) -> None:
    behave(admin, mode=mode, delay_ms=100)  # a byte every tenth of a second: no single read is late
    started = time.monotonic()
    check = check_token(token_url, CLIENT, SECRET, allow_private=True, client=hasty)
    assert check.outcome is Outcome.TIMEOUT
    assert "did not answer in time" in str(check)
    assert 0.9 <= time.monotonic() - started < 3
    assert 900 <= check.elapsed_ms < 3000


def test_a_slow_answer_in_time_is_an_answer(token_url: str, admin: httpx.Client) -> None:
    behave(admin, mode="slow", delay_ms=400)
    check = check_token(token_url, CLIENT, SECRET, allow_private=True)
    assert check.ok
    assert check.elapsed_ms >= 400


def test_the_secret_and_the_token_are_nowhere(
    token_url: str, admin: httpx.Client, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    for name in ("", "httpx", "httpcore"):  # all that the libraries can say
        caplog.set_level(logging.DEBUG, logger=name)
    canary = "canary~Secret8812"
    admin.put("/standin/clients/canary", json={"secret": canary}).raise_for_status()
    caplog.clear()
    checks: list[TokenCheck] = []
    for mode in ("ok", "500", "html", "redirect", "truncated", "huge", "no_token"):
        behave(admin, mode=mode)
        checks.append(check_token(token_url, "canary", canary, allow_private=True))
    checks.append(check_token(token_url, "canary", canary + "x", allow_private=True))
    checks.append(check_token("http://127.0.0.1:1/", "canary", canary, allow_private=True))
    checks.append(check_token(token_url, "canary", canary + "\ud800", allow_private=True))
    assert checks[0].ok
    said = repr(checks) + "".join(map(str, checks)) + caplog.text + "".join(capfd.readouterr())
    assert caplog.records, "the library logs something, or this test shows nothing"
    assert canary not in said
    assert "eyJ" not in said  # how every JWT begins
