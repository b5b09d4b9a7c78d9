"""The dead-man switch: looks every minute whether what must go on by itself does, and tells Support where it does not.

It runs in a thread of each web process, so that it lives when beat, the broker or the worker is dead. What it found
last is kept in the process, for the banner of the staff pages: they ask the database nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Event, Thread

from django.db import connection
from django.utils import timezone

from accounts import delivery
from accounts.actions import watchdog
from accounts.lifecycle.actor import SYSTEM
from accounts.lifecycle.alive import Late
from accounts.readers import alive

logger = logging.getLogger(__name__)

Clock = Callable[[], datetime]
EVERY = timedelta(minutes=1)
BELIEVED_FOR = timedelta(minutes=5)
KIND = alive.OWN_MAIL


@dataclass
class Seen:
    """What the last look of this process found, and when."""

    late: tuple[Late, ...] = ()
    at: datetime | None = None

    def still(self, now: datetime) -> tuple[Late, ...]:
        """What stood still at the last look; nothing when that is longer ago than [5] minutes."""
        return self.late if self.at is not None and now - self.at <= BELIEVED_FOR else ()


seen = Seen()


def look(clock: Clock) -> tuple[Late, ...]:
    """Look once, and tell Support if nobody did today; the mail goes out from here, whether the worker lives or not.

    A mail server that was away is tried again with the next look. Raises DatabaseError.
    """
    now = clock()
    late = tuple(alive.standing_still(now))
    seen.late, seen.at = late, now
    if late:
        if watchdog.tell(late, today=timezone.localdate(now), by=SYSTEM, now=now):
            logger.error("something stands still", extra={"late": [str(one.sentence) for one in late]})
        delivery.deliver_due(clock, kind=KIND)
    return late


def start(clock: Clock, *, every: timedelta = EVERY, stop: Event | None = None) -> Thread:
    """Look every minute from now on, in a thread that ends with the process or with ``stop``."""
    stop = stop or Event()

    def watch() -> None:
        while not stop.wait(every.total_seconds()):
            _look_once(clock)

    thread = Thread(target=watch, name="watchdog", daemon=True)
    thread.start()
    return thread


def _look_once(clock: Clock) -> None:
    """Whatever goes wrong in one look, the next one comes; the connection is not kept for a minute of rest."""
    try:
        look(clock)
    except Exception:
        logger.exception("the watchdog could not look")
    finally:
        connection.close()
