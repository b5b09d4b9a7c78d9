"""A mail server in a process of its own, which says of each mail when it came: `python -m tests.benchmarks.postbox`."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Queue
from typing import Any

from aiosmtpd.controller import Controller

from tests.servers import free_port


class Postbox:
    """Accepts everything and keeps nothing."""

    async def handle_DATA(self, _server: Any, _session: Any, _envelope: Any) -> str:
        print(f"{moment():.6f}", flush=True)
        return "250 OK"


def moment() -> float:
    """Seconds of a clock that all processes of this machine share."""
    return time.clock_gettime(time.CLOCK_MONOTONIC)


@contextmanager
def running() -> Iterator[tuple[int, Queue[float]]]:
    """Start one; give its port and, as they come, the moments at which mails were accepted."""
    command = [sys.executable, "-m", "tests.benchmarks.postbox"]
    arrived: Queue[float] = Queue()
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = process.stdout
        port = int(lines.readline())

        def read() -> None:
            for line in lines:
                arrived.put(float(line))

        threading.Thread(target=read, daemon=True).start()
        try:
            yield port, arrived
        finally:
            process.kill()


def main() -> None:
    """Serve until standard input ends: whoever started this is gone then."""
    controller = Controller(Postbox(), hostname="127.0.0.1", port=free_port())
    controller.start()
    print(controller.port, flush=True)
    sys.stdin.read()
    controller.stop()


if __name__ == "__main__":
    main()
