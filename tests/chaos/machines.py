"""Machines that can be pulled the plug of and started again: Redis, the mail server, workers and the beat."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.delivery.smtp import MoodyServer, listening
from tests.servers import NotInstalledError, answers_ping, free_port, wait_for

ROOT = Path(__file__).resolve().parents[2]
SENDERS = 2
"""So many processes of one worker may be sending a mail at a moment."""

CELERY = (sys.executable, "-m", "celery", "--quiet", "--app", "portal")
WORKER = (
    *CELERY, "worker", "--concurrency", str(SENDERS), "--without-gossip", "--without-mingle", "--loglevel", "WARNING",
)  # fmt: skip
BEAT = (*CELERY, "beat", "--pidfile", "", "--loglevel", "WARNING")


@dataclass
class Redis:
    """A Redis that keeps nothing and always comes back on the same port."""

    folder: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        program = shutil.which("redis-server")
        if not program:
            raise NotInstalledError("there is no redis-server here")
        command = [program, "--bind", "127.0.0.1", "--port", str(self.port), "--save", "", "--appendonly", "no"]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.STDOUT}
        self.process = subprocess.Popen(command, cwd=self.folder, **quiet)
        wait_for(lambda: answers_ping(self.port), what="Redis")

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
        self.process = None

    def freeze(self) -> None:
        """Let it take connections and answer nobody."""
        if self.process is not None:
            self.process.send_signal(signal.SIGSTOP)


@dataclass
class Mailbox(MoodyServer):
    """``strike`` is called once, when a mail was accepted and its sender does not know it yet."""

    strike: Callable[[], object] | None = None

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        answer = await super().handle_DATA(server, session, envelope)
        if self.strike is not None:
            strike, self.strike = self.strike, None
            strike()
        return answer


@dataclass
class Post:
    """The mail server: ``stop`` cuts every connection, ``start`` listens again at the same address."""

    server: Mailbox
    listens: AbstractContextManager[MoodyServer] | None = None

    def start(self) -> None:
        self.listens = listening(self.server)
        self.listens.__enter__()

    def stop(self) -> None:
        if self.listens is not None:
            self.listens.__exit__(None, None, None)
        self.listens = None


@dataclass
class Fleet:
    """Workers and beats, as processes of their own; each writes its log into ``folder``.

    ``cut_off`` counts what a SIGKILL may have caught sending a mail: two for a worker, one for one of its children.
    """

    folder: Path
    environment: dict[str, str]
    workers: int
    beats: int
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    kills: Counter[str] = field(default_factory=Counter)
    cut_off: int = 0
    asked: set[str] = field(default_factory=set)

    @property
    def names(self) -> Sequence[str]:
        beats = (f"beat{number}" for number in range(self.beats))
        return (*(f"worker{number}" for number in range(self.workers)), *beats)

    def up(self, kind: str) -> Sequence[str]:
        """The names of the running programs of a kind: worker, beat."""
        return [name for name in list(self.running) if name.startswith(kind)]

    def start(self, *names: str) -> None:
        """Start these programs, or all that do not run."""
        for name in names or self.names:
            if name in self.running:
                continue
            command = BEAT if name.startswith("beat") else (*WORKER, "--hostname", f"{name}@%h")
            with (self.folder / f"{name}.log").open("ab") as log:
                to = {"stdout": log, "stderr": log, "start_new_session": True}
                self.running[name] = subprocess.Popen(command, cwd=ROOT, env=self.environment, **to)

    def revive(self) -> None:
        """Start again what ended by itself, as ``portal.runner`` does: a worker that lost too much at once gives up."""
        for name in [name for name, process in self.running.items() if process.poll() is not None]:
            self._kill_group(self.running.pop(name))
            self.kills["gave up" if name not in self.asked else "ended when asked"] += 1
            self.asked.discard(name)
            self.start(name)

    def ask_to_end(self, name: str) -> None:
        """SIGTERM: it finishes what it does; ``revive`` starts it again."""
        self.running[name].terminate()
        self.asked.add(name)

    def kill(self, name: str) -> None:
        """SIGKILL for one program and all its children."""
        self._kill_group(self.running.pop(name))
        self.asked.discard(name)
        self.kills[name.rstrip("0123456789")] += 1
        self.cut_off += 0 if name.startswith("beat") else SENDERS

    def kill_child(self, name: str, chance: random.Random) -> bool:
        """SIGKILL for one of a worker's children; False when it has none yet."""
        process = self.running.get(name)
        children = _children(process.pid) if process is not None else []
        if not children:
            return False
        with contextlib.suppress(ProcessLookupError):
            os.kill(chance.choice(children), signal.SIGKILL)
        self.kills["child of a worker"] += 1
        self.cut_off += 1
        return True

    def stop(self) -> None:
        """Ask all to end; a worker that does not within half a minute is killed, and counted as such."""
        for process in self.running.values():
            process.terminate()
        for name, process in list(self.running.items()):
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                self.kill(name)
                continue
            self._kill_group(self.running.pop(name))

    def _kill_group(self, process: subprocess.Popen[bytes]) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _children(pid: int) -> list[int]:
    """The processes that ``pid`` started itself."""
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []
