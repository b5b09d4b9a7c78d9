"""The process: its log, its misbehaviour, many callers at once, and how it starts and ends."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from loop_standin.process import READY, ROOT, command, running
from tests.standin.conftest import TOKEN, Caller


def test_every_call_of_the_api_is_a_line_that_can_be_imported(tmp_path: Path) -> None:
    log = tmp_path / "gateway.ndjson"
    with running("--log", str(log)) as address, httpx.Client(base_url=address, trust_env=False) as http:
        caller = Caller(http)
        token = caller.token("client-ø", environment="/test").json()["access_token"]
        caller.sales(token, environment="/test", page=2, limit=3)
        caller.token("client-ø", "canary-5512")
        caller.sales("none")
        http.get("/healthz")
        http.get("/standin/clients")
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert [(line["client_id"], line["method"], line["path"], line["status"]) for line in lines] == [
        ("client-ø", "POST", "/test/loop-m2m/loop-api/v1/token", 201),
        ("client-ø", "GET", "/test/loop-m2m/loop-api/v1/sales", 200),
        ("client-ø", "POST", "/loop-m2m/loop-api/v1/token", 401),
        ("-", "GET", "/loop-m2m/loop-api/v1/sales", 401),
    ]
    for line in lines:
        at = datetime.fromisoformat(line["timestamp"])
        assert at.utcoffset() == timedelta(0)
        assert abs(datetime.now(UTC) - at) < timedelta(minutes=2)
    assert "canary-5512" not in log.read_text()


def test_misbehaviour_is_what_was_asked_for_and_ends(caller: Caller) -> None:
    caller.behave(mode="500", times=1)
    assert caller.token("a").status_code == 500
    assert caller.token("a").status_code == 201
    caller.behave(mode="html")
    assert "text/html" in caller.token("a").headers["content-type"]
    caller.behave(mode="redirect")
    answer = caller.token("a", environment="/test")
    assert (answer.status_code, answer.headers["location"]) == (307, "/elsewhere" + TOKEN)
    caller.behave(mode="no_token")
    assert "access_token" not in caller.token("a").json()
    caller.behave(mode="huge")
    assert len(caller.token("a").json()["access_token"]) > 20_000_000
    caller.behave(mode="truncated")
    with pytest.raises(httpx.RemoteProtocolError):
        caller.token("a")
    caller.behave(mode="ok")
    assert caller.token("a").status_code == 201


def test_slow_drip_and_hang_take_their_time(caller: Caller) -> None:
    started = time.monotonic()
    caller.behave(mode="slow", delay_ms=300, times=1)
    assert caller.token("a").status_code == 201
    assert time.monotonic() - started >= 0.3
    caller.behave(mode="drip", delay_ms=1, times=1)
    assert caller.token("a").json()["token_type"] == "Bearer"
    caller.behave(mode="hang", times=1)
    with pytest.raises(httpx.ReadTimeout):
        caller.http.post(TOKEN, data={"a": "b"}, timeout=0.3)


@pytest.mark.parametrize(
    "asked",
    [
        {"mode": "nonsense"},
        {"speed": 1},
        {"mode": "slow", "delay_ms": -1},
        {"mode": "slow", "delay_ms": "1"},
        {"mode": "500", "times": 0},
        {"mode": "500", "times": True},
    ],
)
def test_behaviour_that_does_not_exist_is_refused(caller: Caller, asked: dict[str, object]) -> None:
    answer = caller.http.put("/standin/behaviour", json=asked)
    assert answer.status_code == 400
    assert caller.http.get("/standin/behaviour").json()["mode"] == "ok"


def test_delay_holds_every_answer_back() -> None:
    with running("--delay", "250") as address, httpx.Client(base_url=address, trust_env=False) as http:
        started = time.monotonic()
        assert Caller(http).token("a").status_code == 201
        assert time.monotonic() - started >= 0.25


def test_many_callers_at_once_are_all_served(caller: Caller) -> None:
    def one(number: int) -> int:
        return caller.token(f"client-{number}").status_code

    with ThreadPoolExecutor(20) as pool:
        assert set(pool.map(one, range(200))) == {201}


def started(*arguments: str) -> tuple[subprocess.Popen[str], str]:
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    process = subprocess.Popen(command("--port", "0", *arguments), cwd=ROOT, text=True, **pipes)
    assert process.stdout is not None
    return process, process.stdout.readline().removeprefix(READY).strip()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly_and_at_once(number: signal.Signals) -> None:
    process, address = started()
    with process, httpx.Client(base_url=address, trust_env=False) as http:
        assert Caller(http).token("a").status_code == 201  # leaves an idle connection behind
        process.send_signal(number)
        assert process.wait(5) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""


def test_an_answer_under_way_is_finished(tmp_path: Path) -> None:
    log = tmp_path / "log"
    process, address = started("--log", str(log))
    with process, httpx.Client(base_url=address, trust_env=False) as http:
        caller = Caller(http)
        caller.behave(mode="slow", delay_ms=20_000)
        answers: list[int] = []
        thread = threading.Thread(target=lambda: answers.append(caller.token("a").status_code))
        thread.start()
        time.sleep(0.5)
        process.terminate()
        assert process.wait(5) == 0
        thread.join(5)
    assert answers == [201]
    assert len(log.read_text().splitlines()) == 1


def test_a_caller_who_hangs_up_or_talks_nonsense_is_no_stack_trace() -> None:
    process, address = started()
    host, port = address.removeprefix("http://").split(":")
    with process:
        for said in (
            b"",
            b"GET http://[ HTTP/1.1\r\n\r\n",
            b"\x16\x03\x01nonsense\r\n\r\n",
            b"POST / HTTP/1.1\r\nContent-",
        ):
            with socket.create_connection((host, int(port))) as line:
                line.sendall(said)
                line.shutdown(socket.SHUT_WR)
                while line.recv(4096):
                    pass
        process.terminate()
        assert process.wait(10) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""


def test_a_port_that_is_taken_is_said_in_one_line(standin: str) -> None:
    words = r"did not start: The stand-in cannot start: .*in use"
    with pytest.raises(RuntimeError, match=words), running("--port", standin.rpartition(":")[2]):
        pass


def said(*arguments: str) -> str:
    return subprocess.run(command(*arguments), cwd=ROOT, capture_output=True, text=True, check=True).stdout


def test_the_command_line_explains_itself() -> None:
    assert said("--secret-for", "abc") == "standin-ba7816bf8f01cfea414140de\n"
    for word in ("/standin/behaviour", "--clients", "truncated", "sha256"):
        assert word in said("--help")
