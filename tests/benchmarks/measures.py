"""The measures: each does the portal's work and the bare SQL in turns, and gives what both cost.

Every one of them also looks at what was done: a benchmark of work that did not happen is worth nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from accounts import outbox
from accounts.actions import approval, inactivity
from accounts.models import Account, Event, Message, Notice, Order, Person, RoleGrant
from tests.benchmarks import floors, population
from tests.benchmarks.meter import Cost, least, measured, peak_memory
from tests.story import Story

TIMES_NONE_DUE = 50


@dataclass(frozen=True)
class Pair:
    """The cost of the bare SQL and of the portal's work."""

    floor: Cost
    ours: Cost


def none_due(rounds: int, times: int = TIMES_NONE_DUE) -> Pair:
    """The daily check when nobody is due and nobody is notified."""
    population.settle()
    expect(floors.find(), 0)
    expect(check(), 0)
    turns = [(measured(floors.find, times), measured(check, times)) for _round in range(rounds)]
    return least_of(turns)


def due(number: int, rounds: int) -> tuple[Pair, Pair]:
    """The daily check when ``number`` accounts are due; and the same check again on the same day."""
    turns, again = [], []
    for _round in range(rounds):
        prepare(number)
        floor = measured(lambda: expect(floors.notify(), number))
        prepare(number)
        before = Message.objects.count()
        turns.append((floor, measured(lambda: expect(check(), number))))
        expect(Message.objects.count() - before, 2 * number)
        _expect_notified(number)
        population.tidy()
        last = Event.objects.latest("pk").pk
        again.append((measured(lambda: expect(floors.look_again(), number)), measured(lambda: expect(check(), 0))))
        expect(Event.objects.latest("pk").pk, last)
    population.settle()
    return least_of(turns), least_of(again)


def prepare(number: int) -> None:
    """Bring everything back to the start, then let ``number`` accounts be due."""
    population.settle()
    population.make_due(number)


def memory(number: int) -> tuple[int, float]:
    """The peak memory, in bytes, of a process that runs the check while ``number`` accounts are due; and its seconds.

    The post room was woken before, as in every worker: the broker's client is not what grows.
    """
    outbox.wake(outbox.DELIVER)
    started = time.perf_counter()
    expect(check(), number)
    return peak_memory(), time.perf_counter() - started


def transitions(number: int, rounds: int) -> Pair:
    """Approving one order after the other, by one person."""
    story = cast()
    by = story.actor("responsible")
    turns = []
    for _round in range(rounds):
        bare, orders = ([waiting(story) for _ in range(number)] for _who in range(2))
        population.tidy()
        floor = measured(partial(_each, bare, lambda order: floors.move(order, population.NOW)))
        ours = measured(partial(_each, orders, lambda order: approval.approve(order, by=by, now=population.NOW)))
        expect(Order.objects.filter(state="approved", pk__in=[o.pk for o in (*bare, *orders)]).count(), 2 * number)
        turns.append((floor.per(number), ours.per(number)))
    return least_of(turns)


def check() -> int:
    """Run the daily check as a door does, keeping nothing; give the number of entries."""
    return sum(1 for _entry in inactivity.check(today=population.TODAY, now=population.NOW))


def expect(found: int, wanted: int) -> int:
    """Stop when the work was not done."""
    if found != wanted:
        raise AssertionError(f"expected {wanted}, but it is {found}")
    return found


def cast() -> Story:
    """The people of the tests, new ones in every step: those of an earlier step step back."""
    RoleGrant.objects.all().delete()
    for person in Person.objects.exclude(email__startswith="owner"):
        Person.objects.filter(pk=person.pk).update(email=f"{person.pk}@before.example")
    return Story(now=population.NOW)


def waiting(story: Story) -> Order:
    """An order that waits for approval, read as the pages read it."""
    return Order.objects.select_related("requester").get(pk=story.order_in("approval").pk)


def percentiles(seconds: list[float]) -> dict[str, float]:
    """The 50th, 95th and 99th percentile."""
    ordered = sorted(seconds)
    return {f"p{part}": ordered[min(len(ordered) - 1, len(ordered) * part // 100)] for part in (50, 95, 99)}


def _each(orders: list[Order], action: Callable[[Order], object]) -> None:
    for order in orders:
        action(order)


def _expect_notified(number: int) -> None:
    expect(Account.objects.filter(state="notified").count(), number)
    expect(Notice.objects.filter(outcome="open").count(), number)


def least_of(turns: list[tuple[Cost, Cost]]) -> Pair:
    """The least of several rounds of floor and ours."""
    return Pair(least([floor for floor, _ours in turns]), least([ours for _floor, ours in turns]))
