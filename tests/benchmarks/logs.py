"""A gateway's log to take in: one call a line, with what such a log has besides time and client."""

from __future__ import annotations

from pathlib import Path

BLOCK = 100_000
_LINE = (
    '{"timestamp": "2025-%(month)02d-DDT%(hour)02d:%(minute)02d:%(second)02d.%(thousandth)03dZ", '
    '"client_id": "client-%(client)d", "method": "GET", "path": "/loop-m2m/loop-api/v1/sales", "status": %(status)d}\n'
)
FAILED_EVERY = 50
DAYS = 28


def write(file: Path, lines: int, clients: int, *, month: int, bad_every: int = 0) -> int:
    """Write ``lines`` calls of ``clients`` clients in one month of 2025; give how many of them succeeded.

    Blocks are alike but for their day. Every 50th call failed; every ``bad_every``-th line is no JSON.
    """
    succeeded = 0
    with file.open("wb") as out:
        for number, first in enumerate(range(0, lines, BLOCK)):
            many = min(BLOCK, lines - first)
            if not number or many < BLOCK:
                block = "".join(_line(place, clients, month, bad_every) for place in range(1, many + 1)).encode()
            out.write(block.replace(b"DD", b"%02d" % (1 + number % DAYS)))
            succeeded += many - many // FAILED_EVERY
    return succeeded


def _line(place: int, clients: int, month: int, bad_every: int) -> str:
    if bad_every and place % bad_every == 0:
        return '{"timestamp": "2025-\n'
    return _LINE % {
        "month": month, "hour": place // 3600 % 24, "minute": place // 60 % 60, "second": place % 60,
        "thousandth": place * 7 % 1000, "client": 1 + place * 31 % clients,
        "status": 503 if place % FAILED_EVERY == 0 else 200,
    }  # fmt: skip
