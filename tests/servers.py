"""Real servers for tests, thrown away afterwards: PostgreSQL, Redis, a mail server; and where the browser is.

`python -m tests.servers postgres -- COMMAND...` runs a command with TEST_DATABASE_URL of a fresh one.
All of them answer on this machine alone (a Unix socket, or 127.0.0.1).
"""

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as modern
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller

ON_POSTGRES = os.environ.get("TEST_DATABASE_URL", "").startswith("postgres")
"""Is this the run that repeats the domain on PostgreSQL? Then what varies days and numbers alone is tried once."""


class NotInstalledError(RuntimeError):
    """The program is not on this machine; `tests/bring.sh` can install it."""


def missing() -> list[str]:
    """Return a sentence for each program that tests need and this machine lacks."""
    found = {
        "PostgreSQL server (initdb): nothing is repeated on PostgreSQL": find_initdb(),
        "redis-server: nothing is tried on Redis": shutil.which("redis-server"),
        "chromium: no page is looked at in a browser": browser_path(),
        "faketime: no year is played through with real processes": shutil.which("faketime"),
    }
    return [sentence for sentence, path in found.items() if not path]


def browser_path() -> str | None:
    """Return where Chromium is; best as the shell without windows, which takes half the work for the same pages."""
    names = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
    return next(filter(None, map(shutil.which, names)), None)


def free_port() -> int:
    """Return a port on 127.0.0.1 that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(condition: Callable[[], Any], *, seconds: float = 20, what: str = "it") -> Any:
    """Return the first true answer of `condition`; fail after `seconds`, naming `what` was waited for."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if answer := condition():
            return answer
        time.sleep(0.05)
    raise AssertionError(f"waited {seconds} s in vain for {what}")


# --- PostgreSQL


def find_initdb() -> str | None:
    """Return where PostgreSQL's initdb is."""
    if path := shutil.which("initdb"):
        return path
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((str(folder / "initdb") for folder in folders if (folder / "initdb").exists()), None)


@contextlib.contextmanager
def postgres(*, durable: bool = False) -> Iterator[str]:
    """Start a PostgreSQL server that is thrown away; yield a DATABASE_URL for it.

    ``durable``: each commit waits for the disk, as in production; otherwise nothing does.
    """
    initdb = find_initdb()
    if not initdb:
        raise NotInstalledError("there is no PostgreSQL server here")
    root = Path(tempfile.mkdtemp(prefix="pg"))  # short: the path of a socket has at most 107 bytes
    other_user = _not_root(root)

    def run(*command: str) -> None:
        subprocess.run(command, check=True, capture_output=True, text=True, cwd=root, **other_user)

    control = (str(Path(initdb).with_name("pg_ctl")), "-D", f"{root}/data")
    settings = "-c max_connections=200"
    if not durable:
        settings += " -c fsync=off -c synchronous_commit=off -c full_page_writes=off"
    try:
        run(initdb, *f"-D {root}/data -U portal -A trust -E UTF8 --locale=C.UTF-8 -N".split())
        run(*control, *f"-w -t 60 -l {root}/log".split(), "-o", f"-c listen_addresses='' -k {root} {settings}", "start")
        yield f"postgresql://portal@/postgres?host={root}"
    finally:
        with contextlib.suppress(subprocess.CalledProcessError):
            run(*control, "-m", "immediate", "stop")
        shutil.rmtree(root, ignore_errors=True)


def _not_root(folder: Path) -> dict[str, Any]:
    """Return how to start a program as the user `postgres` where we are root: the server refuses root."""
    if os.geteuid() != 0:
        return {}
    user = pwd.getpwnam("postgres")
    os.chown(folder, user.pw_uid, user.pw_gid)
    environment = {**os.environ, "HOME": tempfile.gettempdir()}
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": [], "env": environment}


# --- Redis


@contextlib.contextmanager
def redis() -> Iterator[str]:
    """Start a Redis server that keeps nothing; yield a CELERY_BROKER_URL for it."""
    program = shutil.which("redis-server")
    if not program:
        raise NotInstalledError("there is no redis-server here")
    port = free_port()
    command = [program, "--bind", "127.0.0.1", "--port", str(port), "--save", "", "--appendonly", "no"]
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT)
        try:
            wait_for(lambda: answers_ping(port), what="Redis")
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()


def answers_ping(port: int) -> bool:
    """Does a Redis answer on this port of 127.0.0.1?"""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
    except OSError:
        return False


# --- mail


@dataclass
class MailServer:
    """A mail server and what it got, in order; `answers` says what an address is told instead of 250."""

    url: str = ""
    mails: list[EmailMessage] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)

    def to(self, address: str) -> list[EmailMessage]:
        """Return the mails that `address` got; one may just be coming in."""
        return [mail for mail, to in zip(self.mails, self.recipients, strict=False) if address in to]

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:
        if refusal := self.answers.get(address):
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        if refusal := self.answers.get("DATA"):
            return refusal
        self.recipients.append(list(envelope.rcpt_tos))
        self.mails.append(message_from_bytes(envelope.content, policy=modern))  # type: ignore[arg-type]
        return "250 OK"


@contextlib.contextmanager
def smtp() -> Iterator[MailServer]:
    """Start a mail server that keeps what it gets; `answers["a@b.no"] = "550 5.1.1"` refuses."""
    server = MailServer()
    controller = Controller(server, hostname="127.0.0.1", port=free_port())
    controller.start()
    server.url = f"smtp://127.0.0.1:{controller.port}"
    try:
        yield server
    finally:
        controller.stop()


def main(arguments: list[str]) -> int:
    """Run a command beside a fresh PostgreSQL; its exit code is ours. Without a server: say so, 0."""
    if arguments[:2] != ["postgres", "--"] or len(arguments) < 3:
        sys.exit("usage: python -m tests.servers postgres -- COMMAND...")
    try:
        with postgres() as url:
            return subprocess.run(arguments[2:], env={**os.environ, "TEST_DATABASE_URL": url}).returncode
    except NotInstalledError as reason:
        print(f"LEFT OUT: {reason}; not run: {' '.join(arguments[2:])}")
        return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
