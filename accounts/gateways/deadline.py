"""One deadline for a whole conversation.

The library's time-outs hold for each read and write by itself: a server that sends a byte now and then could
keep a caller for ever.
"""

from __future__ import annotations

import math
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import httpcore

_ends: ContextVar[float] = ContextVar("ends", default=math.inf)


@contextmanager
def within(seconds: float | None) -> Iterator[None]:
    """Let what is done inside end in time; inside another ``within`` the earlier end counts."""
    ends = time.monotonic() + (math.inf if seconds is None else seconds)
    before = _ends.set(min(_ends.get(), ends))
    try:
        yield
    finally:
        _ends.reset(before)


def time_left(at_most: float | None = None) -> float | None:
    """Give the seconds until the deadline, at most ``at_most``; None: no limit. Raises ReadTimeout."""
    left = _ends.get() - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout("the time for the whole conversation is over")
    left = min(left, math.inf if at_most is None else at_most)
    return None if left == math.inf else left


class TimedStream(httpcore.NetworkStream):
    """A connection that keeps to the deadline of whoever is using it at the moment."""

    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read what has come, at most ``max_bytes``."""
        return self._stream.read(max_bytes, time_left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send everything."""
        self._stream.write(buffer, time_left(timeout))

    def close(self) -> None:
        """Close the connection."""
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        """Go on over TLS, with a certificate for ``server_hostname``."""
        return TimedStream(self._stream.start_tls(ssl_context, server_hostname, time_left(timeout)))

    def get_extra_info(self, info: str) -> Any:
        """Give what httpcore asks about the connection."""
        return self._stream.get_extra_info(info)
