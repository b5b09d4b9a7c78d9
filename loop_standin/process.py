"""Run the stand-in as a process of its own: for tests, demonstrations and runners."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
READY = "Loop API stand-in: "


def command(*arguments: str) -> list[str]:
    """Give the command line that starts the stand-in with the same Python."""
    return [sys.executable, "-m", "loop_standin", *arguments]


@contextmanager
def running(*arguments: str) -> Iterator[str]:
    """Start the stand-in (on a free port, unless ``--port`` is among the arguments) and give its address.

    It is stopped with SIGTERM at the end. Raises RuntimeError with what it said if it does not start.
    """
    port = () if "--port" in arguments else ("--port", "0")
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
    with subprocess.Popen(
        command(*port, *arguments),
        env={**os.environ, "PYTHONPATH": path},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            yield _address(process)
        finally:
            _stop(process)


def _address(process: subprocess.Popen[str]) -> str:
    said = ""
    for line in process.stdout or ():
        if line.startswith(READY):
            return line.removeprefix(READY).strip()
        said += line
    raise RuntimeError(f"The Loop API stand-in did not start: {said.strip()}")


def _stop(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
