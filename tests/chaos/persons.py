"""People who press buttons, and usage that comes in, at any moment while the plugs are pulled."""

from __future__ import annotations

import io
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db import connection, transaction

from accounts import verbs
from accounts.actions.usage import take_in
from accounts.lifecycle.actor import SYSTEM, Actor
from accounts.lifecycle.errors import Refused
from accounts.models import Account, Person
from accounts.people import actor_of
from tests.chaos.clock import OSLO, Clock
from tests.chaos.population import Life


@dataclass
class Persons(threading.Thread):
    """Does to each account what is in store for it, over ``seconds``; ``in_time`` are the client ids of those that were
    not suspended when it was done, so that they never may be. ``again`` are refused, and tried again at the end.
    """

    lives: list[Life]
    clock: Clock
    seconds: float
    chance: random.Random
    in_time: set[str] = field(default_factory=set)
    too_late: set[str] = field(default_factory=set)
    again: list[Life] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)
    failure: BaseException | None = None

    def __post_init__(self) -> None:
        super().__init__(name="persons")

    def __hash__(self) -> int:
        return id(self)

    def run(self) -> None:
        """In the order of chance, evenly over the time; whatever goes wrong is the test's to raise."""
        waiting = [life for life in self.lives if _deed(life)]
        self.chance.shuffle(waiting)
        begun = time.monotonic()
        try:
            for place, life in enumerate(waiting):
                due = begun + self.seconds * place / len(waiting)
                time.sleep(max(0.0, due - time.monotonic()))
                self.act(life)
        except BaseException as failure:
            self.failure = failure
        finally:
            connection.close()

    def act(self, life: Life) -> None:
        """One person presses one button, or one delivery of usage comes in."""
        deed = _deed(life)
        assert deed is not None
        try:
            before = deed(self, life)
        except Refused:
            (self.too_late.add(life.client_id) if life.kind.startswith("overdue") else self.again.append(life))
            return
        (self.too_late if before == "suspended" else self.in_time).add(life.client_id)
        self.done[life.kind] += 1

    def try_again(self) -> None:
        """Those who could not answer, as nobody had asked them yet, do so now."""
        again, self.again = self.again, []
        for life in again:
            self.act(life)

    def _perform(self, life: Life, verb: str, by: Actor, **data: Any) -> str:
        """The state in which the verb found the account."""
        account = Account.objects.get(pk=life.account)
        event = verbs.perform(account, verb, by=by, now=self.clock(), data={"comment": "We need it for Ekko.", **data})
        return event.source

    def _keep(self, life: Life) -> str:
        return self._perform(life, "keep", self._actor(life.owner))

    def _close(self, life: Life) -> str:
        return self._perform(life, "close", self._actor(life.owner))

    def _hold(self, life: Life) -> str:
        until = self.clock().astimezone(OSLO).date() + timedelta(days=200)
        support = self._actor(Person.objects.get(email="marte@support.example"))
        return self._perform(life, "hold", support, until=until.isoformat())

    def _use(self, life: Life) -> str:
        """A file of usage names a call of yesterday, which nobody had reported."""
        environment = Account.objects.select_related("environment").get(pk=life.account).environment
        now = self.clock()
        yesterday = now.astimezone(OSLO).date() - timedelta(days=1)
        line = f'{{"timestamp": "{yesterday}T10:00:00Z", "client_id": "{life.client_id}", "status": 200}}\n'
        with transaction.atomic():
            since = yesterday - timedelta(days=30)
            take_in(
                io.BytesIO(line.encode()), environment=environment, covers_from=since, covers_through=yesterday,
                by=SYSTEM, now=now,
            )  # fmt: skip
            return Account.objects.select_for_update().get(pk=life.account).state  # no check comes between

    def _actor(self, person: Person) -> Actor:
        return actor_of(person, today=self.clock().astimezone(OSLO).date())


_DEEDS: dict[str, Callable[[Persons, Life], str]] = {
    "keeps": Persons._keep, "closes": Persons._close, "held": Persons._hold, "used": Persons._use,
}  # fmt: skip


def _deed(life: Life) -> Callable[[Persons, Life], str] | None:
    return _DEEDS.get(life.kind.removeprefix("overdue "))
