"""One chaos run: days on which everything is disturbed, then runs dry, and what it came to."""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date
from pathlib import Path

import pytest
from celery import current_app
from django.utils import timezone
from kombu import Connection

from accounts.actions import brake
from accounts.models import Coverage, Environment, JobRun, Person, SuspensionList
from accounts.outbox import CHECK
from accounts.people import actor_of
from tests.chaos.clock import VARIABLE, Clock
from tests.chaos.disturbance import Disturbance
from tests.chaos.machines import Fleet, Mailbox, Post, Redis
from tests.chaos.persons import Persons
from tests.chaos.population import DAY, WHERE, Life, addresses_refused, settle
from tests.chaos.verdict import unfinished
from tests.delivery.processes import database_url
from tests.servers import free_port, wait_for


@dataclass(frozen=True)
class Size:
    """How much: accounts, days after the first, seconds of disturbance on each, workers and beats, speed of the clock.

    ``patience``: so many seconds may a day take to run dry.
    """

    accounts: int
    days: tuple[int, ...]
    seconds: float
    workers: int
    beats: int
    rate: float
    patience: float


@dataclass
class Run:
    """Everything that stands and falls. ``folder`` keeps the logs of the processes."""

    size: Size
    seed: int
    first: date
    folder: Path
    lives: list[Life] = field(default_factory=list)
    in_time: set[str] = field(default_factory=set)
    pulled: Counter[str] = field(default_factory=Counter)
    answered: Counter[str] = field(default_factory=Counter)
    cut_off: int = 0

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        self.redis, self.post = Redis(self.folder), Post(Mailbox(port=free_port()))
        self.last = self.first + max(self.size.days) * DAY

    def live(self, patch: pytest.MonkeyPatch) -> None:
        """Settle the accounts and live through the days."""
        self.lives = settle(self.size.accounts, self.first, self.chance)
        self.post.server.answers.update(addresses_refused(self.lives))
        self.redis.start()
        self.post.start()
        try:
            for number in self.size.days:
                self._day(self.first + number * DAY, patch)
        finally:
            self.post.stop()
            self.redis.kill()

    def _day(self, day: date, patch: pytest.MonkeyPatch) -> None:
        clock = Clock.on(day, self.size.rate)
        patch.setattr(timezone, "now", clock)
        _feed(day)
        environment = _environment(clock, self.redis.url, self.post.server.url)
        fleet = Fleet(self.folder, environment, self.size.workers, self.size.beats)
        # people answer on the first day; on the others nobody does, so that the silent ones are suspended
        persons = Persons(self.lives if day == self.first else [], clock, self.size.seconds, self.chance_of("persons"))
        disturbance = Disturbance(fleet, self.redis, self.post, self.chance)
        fleet.start()
        try:
            wait_for(
                lambda: JobRun.objects.filter(period__startswith=str(day)).exists(), seconds=90, what="the first job"
            )
            persons.start()
            disturbance.go_on(self.size.seconds)
            persons.join()
            if persons.failure:
                raise persons.failure
            self._run_dry(day, clock, fleet)
            persons.try_again()
            _confirm_lists(clock)
            self._check_by_hand(clock)
            self._run_dry(day, clock, fleet)
            assert not persons.again, [life.client_id for life in persons.again]
        finally:
            fleet.stop()
        self.in_time |= persons.in_time
        self.answered += persons.done
        self.pulled += fleet.kills + disturbance.pulled
        self.cut_off += fleet.cut_off

    def chance_of(self, name: str) -> random.Random:
        """A chance of its own for each thread: what one draws does not move the other."""
        return random.Random(f"{self.seed} {name}")

    def _run_dry(self, day: date, clock: Clock, fleet: Fleet) -> None:
        end = time.monotonic() + self.size.patience
        while left := unfinished(day, clock().astimezone(UTC).strftime("%Y-%m-%dT%H:%MZ")):
            assert time.monotonic() < end, f"after {self.size.patience} s there are still {left}"
            fleet.revive()
            time.sleep(0.3)

    def _check_by_hand(self, clock: Clock) -> None:
        """Support asks for another check, until one was run: it does what people changed, and what they confirmed."""
        begun = clock()
        done = JobRun.objects.filter(period__endswith="by hand", state="done", started_at__gte=begun)
        end = time.monotonic() + self.size.patience
        with Connection(self.redis.url) as connection:
            while not done.exists():
                assert time.monotonic() < end, "nobody runs the check that Support asks for"
                current_app.send_task(CHECK, ignore_result=True, connection=connection)
                time.sleep(1)


def _feed(day: date) -> None:
    """The feed comes through yesterday, but that of STAGING."""
    for environment in Environment.objects.exclude(name=WHERE["stale"]):
        Coverage.objects.get_or_create(
            environment=environment, source="feed", first_day=day - 100 * DAY, last_day=day - DAY,
            defaults={"received_at": timezone.now()},
        )  # fmt: skip


def _confirm_lists(clock: Clock) -> None:
    """A person confirms what waits, but that of TEST."""
    support = actor_of(Person.objects.get(email="marte@support.example"), today=timezone.localdate())
    for waiting in SuspensionList.objects.filter(confirmed_at=None).exclude(environment__name=WHERE["braked"]):
        brake.confirm_list(waiting, by=support, now=clock())


def _environment(clock: Clock, broker: str, mail: str) -> dict[str, str]:
    return {
        **os.environ, "DATABASE_URL": database_url(), "DJANGO_SETTINGS_MODULE": "tests.chaos.settings",
        "LOG_LEVEL": "WARNING", "CELERY_BROKER_URL": broker, "EMAIL_URL": mail, VARIABLE: clock.words,
    }  # fmt: skip
