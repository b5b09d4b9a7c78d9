"""Figures out of very many values with little memory: how many, and what half or nine in ten of them stay below."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

GRAIN = 0.01
"""Values are kept to a hundredth: finer than any page tells them, and few enough however many come."""


@dataclass
class Spread:
    """How values are spread. It holds each different value once, with how often it came."""

    counts: Counter[int] = field(default_factory=Counter)
    number: int = 0

    def add(self, value: float) -> None:
        """Count one value, at least nothing."""
        self.counts[round(max(0.0, value) / GRAIN)] += 1
        self.number += 1

    def at(self, share: float) -> float | None:
        """The value that ``share`` (0 to 1) of all stay at or below, between two neighbours in proportion.

        As ``percentile_cont`` of SQL has it: right also with one value or two. None without any.
        """
        if not self.number:
            return None
        place = (self.number - 1) * share
        low = int(place)
        below, above = self._ranked(low), self._ranked(min(low + 1, self.number - 1))
        return (below + (above - below) * (place - low)) * GRAIN

    def _ranked(self, rank: int) -> int:
        """The value at ``rank``, counted from 0, when all stand in a row."""
        passed = 0
        for value in sorted(self.counts):
            passed += self.counts[value]
            if passed > rank:
                return value
        raise IndexError(rank)


@dataclass
class Share:
    """How many of how many."""

    hits: int = 0
    of: int = 0

    def add(self, hit: bool) -> None:
        """Count one more, and whether it is one of those meant."""
        self.of += 1
        self.hits += hit

    @property
    def percent(self) -> int | None:
        """The share in whole per cent, half up; None of nothing. All but one is never 100, one is never 0."""
        if not self.of:
            return None
        rounded = (self.hits * 200 + self.of) // (2 * self.of)
        if 0 < self.hits < self.of:
            return min(99, max(1, rounded))
        return rounded
