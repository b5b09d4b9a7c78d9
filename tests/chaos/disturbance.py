"""Pulls plugs at random: kills workers, their children, the beat and Redis, and stops the mail server."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.chaos.machines import Fleet, Post, Redis
from tests.servers import wait_for


@dataclass
class Disturbance:
    """``pulled`` counts, by name, what was stopped or hung up besides the programs of the fleet."""

    fleet: Fleet
    redis: Redis
    post: Post
    chance: random.Random
    pulled: Counter[str] = field(default_factory=Counter)
    later: list[tuple[float, Callable[[], None]]] = field(default_factory=list)

    def go_on(self, seconds: float) -> None:
        """Pull a plug twice a second or so, for so long; at the end everything runs again."""
        often = {
            self._sender: 6,
            self._child: 4,
            self._worker: 2,
            self._polite: 1,
            self._beat: 1,
            self._redis: 2,
            self._mail: 2,
            self._line: 1,
        }
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            time.sleep(self.chance.uniform(0.1, 0.7))
            self._bring_back(time.monotonic())
            self.fleet.revive()
            self.chance.choices(list(often), list(often.values()))[0]()
        self._bring_back(float("inf"))
        self.post.server.hang_up_at.clear()
        self.post.server.strike = None
        self.fleet.start()
        if not self.fleet.cut_off:  # in a short time on a slow machine nobody may have been up when it was their turn
            wait_for(lambda: self.fleet.kill_child(self.fleet.up("worker")[0], self.chance), seconds=60, what="a child")

    def _bring_back(self, now: float) -> None:
        due = [start for when, start in self.later if when <= now]
        self.later = [(when, start) for when, start in self.later if when > now]
        for start in due:
            start()

    def _after(self, start: Callable[[], None]) -> None:
        self.later.append((time.monotonic() + self.chance.uniform(0.2, 1.5), start))

    def _worker(self) -> None:
        if up := self.fleet.up("worker"):
            self._kill(self.chance.choice(up))

    def _kill(self, name: str) -> None:
        self.fleet.kill(name)
        self._after(lambda: self.fleet.start(name))

    def _polite(self) -> None:
        """A worker is asked to end, in the middle of whatever it does."""
        if up := self.fleet.up("worker"):
            self.fleet.ask_to_end(self.chance.choice(up))

    def _child(self) -> None:
        if up := self.fleet.up("worker"):
            self.fleet.kill_child(self.chance.choice(up), self.chance)

    def _sender(self) -> None:
        """The next mail is accepted, and at that moment a child of a worker dies: perhaps the one that sent it."""
        self.post.server.strike = self._child

    def _beat(self) -> None:
        if up := self.fleet.up("beat"):
            self._kill(self.chance.choice(up))

    def _redis(self) -> None:
        if self.redis.process is not None:
            self.redis.kill()
            self.pulled["Redis"] += 1
            self._after(self.redis.start)

    def _mail(self) -> None:
        if self.post.listens is not None:
            self.post.stop()
            self.pulled["mail server"] += 1
            self._after(self.post.start)

    def _line(self) -> None:
        """The mail server hangs up in the middle of the next mail."""
        self.post.server.hang_up_at.add(len(self.post.server.mails) + 1)
        self.pulled["connection to it"] += 1
