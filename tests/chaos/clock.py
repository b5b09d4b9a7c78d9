"""One clock for all processes of a run: it stands on a day of the test's choice, and runs fast.

Every lease, pause and minute of the portal keeps its proportion to the others; a lease of five minutes is over in
ten seconds. Processes that are started later read the same time, as on one machine.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, date, datetime
from datetime import time as of_day
from zoneinfo import ZoneInfo

VARIABLE = "CHAOS_CLOCK"
OSLO = ZoneInfo("Europe/Oslo")


@dataclass(frozen=True)
class Clock:
    """``base`` is the time that it showed at ``since`` (both in seconds since 1970); it runs ``rate`` times as fast."""

    since: float
    base: float
    rate: float

    @classmethod
    def on(cls, day: date, rate: float) -> Clock:
        """A minute past six in the morning of ``day`` in Oslo, now: the daily check is due."""
        return cls(time.time(), datetime.combine(day, of_day(6, 1), OSLO).timestamp(), rate)

    @classmethod
    def from_words(cls, words: str) -> Clock:
        return cls(*map(float, words.split()))

    @property
    def words(self) -> str:
        """This clock, for a process's environment."""
        return f"{self.since!r} {self.base!r} {self.rate!r}"

    def __call__(self) -> datetime:
        return datetime.fromtimestamp(self.base + (time.time() - self.since) * self.rate, UTC)
