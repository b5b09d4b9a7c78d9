"""Registering, disabling, and what is kept of it."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import httpx
import pytest

from loop_standin.process import running
from tests.standin.conftest import Caller


def test_a_registered_client_has_its_own_secret_in_its_own_environment(caller: Caller) -> None:
    caller.http.put("/standin/clients/a%2Fb", json={"secret": "own", "environment": "TEST"}).raise_for_status()
    assert caller.token("a/b", "own", "/test").status_code == 201
    assert caller.token("a/b", "own").status_code == 201
    assert caller.token("a/b", "own", "/production").status_code == 401
    assert caller.token("a/b", environment="/test").status_code == 401  # the derived secret counts no more
    listed = caller.http.get("/standin/clients")
    assert {"client_id": "a/b", "environment": "TEST", "enabled": True} in listed.json()["clients"]
    assert "own" not in listed.text


def test_a_disabled_client_gets_no_token_until_it_is_enabled(caller: Caller) -> None:
    token = caller.token("never-registered").json()["access_token"]
    assert caller.http.delete("/standin/clients/never-registered").json()["enabled"] is False
    assert caller.token("never-registered").status_code == 401
    assert caller.sales(token).status_code == 200  # what was issued lives on
    caller.http.put("/standin/clients/never-registered", json={}).raise_for_status()
    assert caller.token("never-registered").status_code == 201


def test_disabling_keeps_the_secret(caller: Caller) -> None:
    caller.http.put("/standin/clients/kept", json={"secret": "s3"})
    caller.http.delete("/standin/clients/kept")
    assert caller.token("kept", "s3").status_code == 401
    caller.http.put("/standin/clients/kept")
    assert caller.token("kept", "s3").status_code == 201


@pytest.mark.parametrize(
    "body", [b"[]", b"{", b'{"secret": 5}', b'{"secret": ""}', b'{"secrets": "x"}', b'{"secret": "\\ud800"}']
)
def test_a_bad_registration_changes_nothing(caller: Caller, body: bytes) -> None:
    answer = caller.http.put("/standin/clients/bad", content=body)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    assert "bad" not in [row["client_id"] for row in caller.http.get("/standin/clients").json()["clients"]]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/standin/clients/x", 405),
        ("POST", "/standin/behaviour", 405),
        ("GET", "/standin/other", 404),
        ("PUT", "/standin/clients/", 404),
        ("PUT", "/standin/clients", 404),
    ],
)
def test_other_requests_are_answered_with_what_there_is(caller: Caller, method: str, path: str, status: int) -> None:
    answer = caller.http.request(method, path)
    assert answer.status_code == status
    assert answer.json()["error_description"]


def test_registrations_outlive_the_process_without_the_secret(tmp_path: Path) -> None:
    file = tmp_path / "clients.json"
    for attempt in ("first", "second"):
        with (
            running("--clients", str(file)) as address,
            httpx.Client(base_url=address, trust_env=False) as http,
        ):
            caller = Caller(http)
            if attempt == "first":
                http.put("/standin/clients/one", json={"secret": "canary-7731", "environment": "TEST"})
                http.delete("/standin/clients/two")
            assert caller.token("one", "canary-7731").status_code == 201
            assert caller.token("two").status_code == 401
    assert "canary-7731" not in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(json.loads(file.read_text())) == ["one", "two"]
    assert [path.name for path in tmp_path.iterdir()] == ["clients.json"]


def test_a_file_that_is_not_ours_stops_the_start(tmp_path: Path) -> None:
    file = tmp_path / "clients.json"
    for text in ("not json", "[]", '{"a": {"password": "x"}}', '{"a": 1}'):
        file.write_text(text)
        words = r"cannot start: .*clients.json is no file of clients"
        with pytest.raises(RuntimeError, match=words), running("--clients", str(file)):
            pass
        assert file.read_text() == text


def test_a_change_that_cannot_be_kept_is_refused(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    with (
        running("--clients", str(gone / "c.json")) as address,
        httpx.Client(base_url=address, trust_env=False) as http,
    ):
        answer = http.put("/standin/clients/one", json={"secret": "x"})
        assert (answer.status_code, answer.json()["error"]) == (500, "server_error")
        assert http.get("/standin/clients").json() == {"clients": []}
