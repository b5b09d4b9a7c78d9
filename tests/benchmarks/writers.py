"""One transition while other processes write as well: how long the unlucky ones wait."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import IO

from django.db import connection

from accounts.actions import approval
from accounts.lifecycle.actor import Actor
from accounts.models import Order, Person
from accounts.people import actor_of
from tests.benchmarks.measures import cast, expect, percentiles, waiting
from tests.benchmarks.population import NOW, TODAY, tidy


def seconds_of(processes: int, moves: int) -> dict[str, float]:
    """Seconds of one ``approve``, at the 50th and the 99th percentile, with so many processes deciding at once."""
    story = cast()
    each = -(-moves // processes)
    orders = [waiting(story) for _each in range(each * processes)]
    tidy()
    connection.close()
    running = [_start() for _process in range(processes)]
    for place, (write, _read) in enumerate(running):
        write.write(" ".join(str(order.pk) for order in orders[place::processes]) + "\n")
        write.flush()
    for _write, read in running:
        expect(int(read.readline()), each)
    for write, _read in running:
        write.write("go\n")
        write.flush()
    seconds = [second for _write, read in running for second in json.loads(read.readline())]
    expect(Order.objects.filter(pk__in=[order.pk for order in orders], state="approved").count(), len(orders))
    return percentiles(seconds)


def decide() -> list[float]:
    """Approve the orders that standard input names, once it says so; the seconds that each took."""
    by = actor_of(Person.objects.get(email="henrik@loop.example"), today=TODAY)
    found = Order.objects.select_related("requester").in_bulk(sys.stdin.readline().split())
    print(len(found), flush=True)
    sys.stdin.readline()
    return [_seconds(order, by) for order in found.values()]


def _seconds(order: Order, by: Actor) -> float:
    started = time.perf_counter()
    approval.approve(order, by=by, now=NOW)
    return time.perf_counter() - started


def _start() -> tuple[IO[str], IO[str]]:
    command = [sys.executable, "-m", "tests.benchmarks.worker", "writers.decide"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    assert process.stdout is not None
    return process.stdin, process.stdout
