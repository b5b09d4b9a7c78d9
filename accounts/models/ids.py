"""Ids for rows that are written many at a time."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

_VERSION = 0x7 << 76
_VARIANT = 0x2 << 62
_RANDOM = (1 << 76) - 1 - (0x3 << 62)
_BYTES, _AT_ONCE = 10, 64


def ordered_ids(now: datetime) -> Iterator[UUID]:
    """UUIDs of version 7 without end (RFC 9562): the milliseconds of ``now``, then 74 random bits.

    Rows of one run lie side by side in every index that ends in their id. With ids that are random throughout, each
    row changes pages of its own, and writing those is what a large commit costs.
    """
    head = int(now.timestamp() * 1000) << 80 | _VERSION | _VARIANT
    while True:
        random = os.urandom(_BYTES * _AT_ONCE)
        for place in range(0, len(random), _BYTES):
            yield UUID(int=head | int.from_bytes(random[place : place + _BYTES], "big") & _RANDOM)
