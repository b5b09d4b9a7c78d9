"""`make run` as a person meets it: real programs, a real sign-in, a killed worker, a clean end."""

import contextlib
import fcntl
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread

import httpx
import pytest

from portal.environment import BASE_DIR
from tests import servers
from tests.servers import MailServer, free_port, wait_for

pytestmark = [pytest.mark.sqlite_only, pytest.mark.processes, pytest.mark.timeout(240)]

READY = "Ctrl-C ends it"


@dataclass
class Portal:
    """A portal that `portal.demo` runs, and what it has printed so far."""

    process: subprocess.Popen[str]
    url: str
    lines: list[str] = field(default_factory=list)

    def printed(self, text: str) -> str | None:
        return next((line for line in self.lines if text in line), None)

    def listen(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))


@pytest.fixture(autouse=True)
def one_at_a_time() -> Iterator[None]:
    """Two at once on two cores, looking for the same free ports, would only measure the machine."""
    with (Path(tempfile.gettempdir()) / f"portal-tests-{os.getuid()}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def portal(data_dir: Path, **variables: str) -> Iterator[Portal]:
    port = free_port()
    environment = {"PATH": os.environ["PATH"], "DATA_DIR": str(data_dir), "PORT": str(port), **variables}
    process = subprocess.Popen(
        [sys.executable, "-m", "portal.demo"],
        cwd=BASE_DIR,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    one = Portal(process, f"http://localhost:{port}")
    reader = Thread(target=one.listen, daemon=True)
    reader.start()
    try:
        wait_for(lambda: one.printed(READY) or process.poll() is not None, seconds=120, what="the start")
        assert one.printed(READY), "\n".join(one.lines)
        yield one
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.wait(60)
        reader.join(10)
        if process.stdout:
            process.stdout.close()


def ask_for_code(url: str, email: str) -> None:
    with httpx.Client(base_url=url, trust_env=False, timeout=20) as http:
        page = http.get("/account/login/")
        assert page.status_code == 200
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
        assert token
        answer = http.post("/account/login/", data={"login": email, "csrfmiddlewaretoken": token[1]})
        assert answer.status_code == 302, answer.text


def celery_processes(data_dir: Path) -> list[int]:
    """The processes of worker and beat of the portal that keeps its data in `data_dir`."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            command, environment = (folder / "cmdline").read_bytes(), (folder / "environ").read_bytes()
            if b"celery" in command and f"DATA_DIR={data_dir}\0".encode() in environment:
                found.append(int(folder.name))
    return found


def test_without_any_server(tmp_path: Path) -> None:
    with portal(tmp_path) as one:
        assert one.printed(f"runs at {one.url}/")
        assert one.printed(f"Sent mails, also the codes: {one.url}/mailbox/")
        assert httpx.get(one.url + "/health/ready", trust_env=False, timeout=20).status_code == 200
        ask_for_code(one.url, "ny@example.com")
        assert "ny@example.com" in "".join(path.read_text() for path in (tmp_path / "mail").iterdir())
        leader = min(celery_processes(tmp_path))  # the worker, which was started before beat
        os.kill(leader, signal.SIGKILL)
        wait_for(lambda: one.printed("worker runs again"), what="the worker")
        before = time.monotonic()
        one.process.send_signal(signal.SIGTERM)
        assert one.process.wait(40) == 0
        assert time.monotonic() - before < 20
    wait_for(lambda: not celery_processes(tmp_path), what="no process left")
    assert not [line for line in one.lines if "Traceback" in line or "Warning" in line], "\n".join(one.lines)


def test_with_postgresql_redis_and_a_mail_server(tmp_path: Path, redis_url: str, mail_server: MailServer) -> None:
    try:
        database = servers.postgres()
        with database as url:
            variables = {"DATABASE_URL": url, "CELERY_BROKER_URL": redis_url, "EMAIL_URL": mail_server.url}
            with portal(tmp_path, **variables) as one:
                assert one.printed("Sent mails, also the codes: at the mail server 127.0.0.1")
                parts = httpx.get(one.url + "/health/ready", trust_env=False, timeout=20).json()["parts"]
                assert set(parts.values()) == {"ok"}
                ask_for_code(one.url, "ny@example.com")
                assert len(mail_server.to("ny@example.com")) == 1
    except servers.NotInstalledError as reason:
        pytest.skip(f"LEFT OUT: {reason}")
    assert {path.name for path in tmp_path.iterdir()} == {"portal.env", "standin"}


def test_a_port_that_is_taken_is_told_or_passed_over(tmp_path: Path) -> None:
    from portal.demo import is_free, next_free

    port = free_port()
    with socket.create_server(("127.0.0.1", port)):
        assert not is_free(port)
        assert next_free(port) > port
        environment = {"PATH": os.environ["PATH"], "DATA_DIR": str(tmp_path), "PORT": str(port)}
        answer = subprocess.run(
            [sys.executable, "-m", "portal.demo"], cwd=BASE_DIR, env=environment, capture_output=True, text=True
        )
    assert answer.returncode == 1
    assert f"PORT {port} is taken" in answer.stderr
    assert "Traceback" not in answer.stderr
