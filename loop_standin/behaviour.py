"""Misbehaviour on demand, so that a caller can be tested against the servers one meets in real life."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

from loop_standin.answers import Answer, json_answer

MODES = {
    "ok": "answer as the Loop API does",
    "slow": "wait delay_ms, then answer rightly",
    "drip": "send the right answer a byte at a time, delay_ms apart",
    "hang": "take the request and never answer",
    "500": "answer 500 in plain text",
    "html": "answer 200 with a page for people",
    "redirect": "answer 307 with the same address under /elsewhere",
    "huge": "answer 201 with a token of 20 MB",
    "truncated": "announce more bytes than are sent, then close",
    "no_token": "answer 201 without an access_token",
}
HUGE = 20 * 1024 * 1024
DELAY_MOST_MS = 600_000


class BadBehaviour(Exception):
    """What was asked of the admin door is no behaviour; the text says what is."""


@dataclass(frozen=True, slots=True)
class Behaviour:
    """A mode, its pause in milliseconds, and for how many calls it holds (None: until the next change)."""

    mode: str = "ok"
    delay_ms: int = 1000
    times: int | None = None


class Behaviours:
    """The behaviour of the next call, safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._next = Behaviour()

    def take(self) -> Behaviour:
        """Give the behaviour for one call, and count it."""
        with self._lock:
            taken = self._next
            if taken.times is not None:
                self._next = replace(taken, times=taken.times - 1) if taken.times > 1 else Behaviour()
            return taken

    def set(self, asked: dict[str, Any]) -> None:
        """Behave as asked from now on; raises BadBehaviour with the modes there are."""
        try:
            wanted = Behaviour(**asked)
        except TypeError:
            raise BadBehaviour("Give mode, and if you like delay_ms and times, and nothing else.") from None
        if wanted.mode not in MODES:
            raise BadBehaviour("mode must be one of: " + ", ".join(MODES) + ".")
        if not _whole(wanted.delay_ms, 0, DELAY_MOST_MS):
            raise BadBehaviour(f"delay_ms must be a whole number from 0 to {DELAY_MOST_MS}.")
        if wanted.times is not None and not _whole(wanted.times, 1, 10**6):
            raise BadBehaviour("times must be a whole number from 1 to 1000000, or null.")
        with self._lock:
            self._next = wanted

    def shown(self) -> dict[str, object]:
        """Give the behaviour of the next call as the admin door shows it."""
        with self._lock:
            return asdict(self._next)


def _whole(value: object, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def wrong_answer(mode: str, path: str) -> Answer:
    """Give the answer of a misbehaving server; ``huge`` and ``hang`` are a matter of how it is sent."""
    if mode == "500":
        return Answer(500, b"Internal Server Error\n", "text/plain; charset=utf-8")
    if mode == "html":
        page = "<!doctype html><title>Sign in</title><h1>Sign in to continue</h1>\n"
        return Answer(200, page.encode(), "text/html; charset=utf-8")
    if mode == "redirect":
        return Answer(307, headers={"Location": "/elsewhere" + path[path.index("/loop-m2m/") :]})
    if mode == "truncated":
        return json_answer(201, {"token_type": "Bearer", "access_token": "e" * 200})
    if mode == "no_token":
        return json_answer(201, {"token_type": "Bearer", "expires_in": 3599, "ext_expires_in": 3599})
    return Answer(201 if mode == "huge" else 504)  # its body comes piece by piece; or, hanging, never


def huge_body() -> Iterator[bytes]:
    """Give HUGE bytes of one well-formed JSON object, in pieces."""
    head, tail = json.dumps({"token_type": "Bearer", "access_token": "|"}).encode().split(b"|")
    yield head
    left = HUGE - len(head) - len(tail)
    piece = b"e" * 65_536
    while left > 0:
        yield piece[:left]
        left -= len(piece)
    yield tail
