"""Runs the portal's programs side by side on one machine: web, worker, beat.

What dies is started again after a pause that grows. On Ctrl-C or SIGTERM each program's leader, not its
children, gets SIGTERM, so that running requests and tasks finish; after 20 seconds what is left is killed.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import FrameType

GRACE = 20.0  # seconds for running work to finish
PAUSES = (1, 2, 5, 10, 30)  # seconds before each new start; the last one repeats
STEADY = 60.0  # seconds after which a program that runs counts as well again
TICK = 0.1  # seconds between two looks


@dataclass
class Program:
    """One program: its name, its command line, and what became of it."""

    name: str
    command: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    failures: int = 0
    start_at: float | None = 0.0  # the moment at which it is due to start; None while it runs


def portal_programs() -> list[Program]:
    """Return the three programs of the portal, run by the Python that runs this."""
    celery = [sys.executable, "-m", "celery", "--quiet", "--app", "portal"]
    gunicorn = [sys.executable, "-m", "gunicorn", "-c", "python:portal.gunicorn_config", "portal.wsgi"]
    worker = [
        *celery,
        "worker",
        "--concurrency",
        "2",
        "--without-gossip",
        "--without-mingle",
        "--loglevel",
        "WARNING",
    ]
    beat = [*celery, "beat", "--pidfile", "", "--loglevel", "WARNING"]
    return [Program("web", gunicorn), Program("worker", worker), Program("beat", beat)]


def tell(sentence: str) -> None:
    """Print one line at once."""
    print(sentence, flush=True)


@dataclass
class Runner:
    """Keeps `programs` running until it is told to stop."""

    programs: list[Program]
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    say: Callable[[str], None] = tell
    clock: Callable[[], float] = time.monotonic
    stopping: bool = False
    hurry: bool = False

    def run(self, on_start: Callable[[], None] = lambda: None) -> int:
        """Start everything, call `on_start` once, keep everything running; return the exit code."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._asked_to_stop)
        try:
            self.look()
            on_start()
            while not self.stopping:
                self.look()
                time.sleep(TICK)
        finally:
            self.stop()
        return 0

    def look(self) -> None:
        """Start what is due to start, and notice what has ended."""
        for program in self.programs:
            if program.start_at is not None:
                if self.clock() >= program.start_at:
                    self._start(program)
            elif program.process and program.process.poll() is not None:
                self._ended(program, program.process)

    def stop(self) -> None:
        """Ask every leader to end, wait, and kill what does not."""
        running = [p.process for p in self.programs if p.process]
        alive = [process for process in running if process.poll() is None]
        if alive:
            self.say(f"Stopping: running work may finish (at most {GRACE:.0f} s; Ctrl-C again ends it at once).")
        for process in alive:
            process.terminate()
        deadline = self.clock() + GRACE
        while any(p.poll() is None for p in alive) and self.clock() < deadline and not self.hurry:
            time.sleep(TICK)
        for process in running:  # also the children of leaders that have ended
            _kill_group(process)

    def _start(self, program: Program) -> None:
        again = program.process is not None
        # A session of its own: Ctrl-C in the terminal reaches the runner alone.
        program.process = subprocess.Popen(program.command, env=self.environment, start_new_session=True)
        program.started_at, program.start_at = self.clock(), None
        if again:
            self.say(f"{program.name} runs again (process {program.process.pid}).")

    def _ended(self, program: Program, process: subprocess.Popen[bytes]) -> None:
        _kill_group(process)  # children of a dead leader would hold the port and the tasks
        if self.clock() - program.started_at >= STEADY:
            program.failures = 0
        pause = PAUSES[min(program.failures, len(PAUSES) - 1)]
        program.failures += 1
        program.start_at = self.clock() + pause
        self.say(f"{program.name} ended ({_how(process.returncode)}); it starts again in {pause} s.")

    def _asked_to_stop(self, _number: int, _frame: FrameType | None) -> None:
        self.hurry = self.stopping
        self.stopping = True


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return
    process.wait()


def _how(code: int) -> str:
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


if __name__ == "__main__":
    sys.exit(Runner(portal_programs()).run())
