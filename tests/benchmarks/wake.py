"""How long after the commit a mail is at the mail server: a real worker on Redis, idle, and a process that decides."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

from accounts.actions import approval
from accounts.models import Message, Order, Person
from accounts.people import actor_of
from tests import servers
from tests.benchmarks import postbox
from tests.benchmarks.measures import cast, percentiles, waiting
from tests.benchmarks.population import NOW, TODAY
from tests.delivery.processes import database_url

PAUSE = 0.05
"""Seconds between two orders: the worker is done with the last one."""
WORKER = ("worker", "--concurrency", "1", "--without-gossip", "--without-mingle", "--loglevel", "WARNING")


def arrivals(number: int) -> dict[str, float]:
    """Seconds from the commit of a decision until its last mail is accepted, at percentiles of so many."""
    story = cast()
    orders = [waiting(story) for _each in range(number + 1)]
    Message.objects.filter(state="queued").update(state="given_up")
    with servers.redis() as broker, postbox.running() as (port, arrived):
        place = {"DATABASE_URL": database_url(), "CELERY_BROKER_URL": broker, "EMAIL_URL": f"smtp://127.0.0.1:{port}"}
        place |= dict.fromkeys(["DJANGO_SETTINGS_MODULE", "BENCH_SETTINGS"], "tests.delivery.settings")
        connection.close()
        with _worker(place), _decider(place) as decider:
            seconds = []
            for order in orders:
                assert decider.stdin is not None
                assert decider.stdout is not None
                decider.stdin.write(f"{order.pk}\n")
                decider.stdin.flush()
                committed, mails = json.loads(decider.stdout.readline())
                seconds.append(max(arrived.get(timeout=60) for _mail in range(mails)) - committed)
                time.sleep(PAUSE)
    return percentiles(seconds[1:])  # the first one also starts the worker


def decide() -> None:
    """Approve each order that is named on standard input; say when it was committed and how many mails it owes."""
    by = actor_of(Person.objects.get(email="henrik@loop.example"), today=TODAY)
    for line in sys.stdin:
        order = Order.objects.select_related("requester").get(pk=line.strip())
        committed: list[float] = []
        with transaction.atomic():
            transaction.on_commit(lambda: committed.append(postbox.moment()))  # noqa: B023 - it runs at once
            event = approval.approve(order, by=by, now=NOW)
        print(json.dumps([committed[0], Message.objects.filter(event=event).count()]), flush=True)


@contextmanager
def _worker(place: dict[str, str]) -> Iterator[None]:
    command = [sys.executable, "-m", "celery", "--quiet", "--app", "portal", *WORKER]
    process = subprocess.Popen(command, env={**os.environ, **place}, start_new_session=True)
    try:
        yield
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@contextmanager
def _decider(place: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.benchmarks.worker", "wake.decide"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env={**os.environ, **place}, stdin=pipe, stdout=pipe, text=True) as process:
        try:
            yield process
        finally:
            process.kill()
