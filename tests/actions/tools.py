"""What the tests of the verbs share: who was told, what changed at all, and many at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier
from typing import TypeVar

from django.apps import apps
from django.db import connection

from accounts.lifecycle.errors import Refused
from accounts.models import Account, Event, Message, Order

R = TypeVar("R")
INGRID, TOR = "ingrid@nordsjo.example", "tor@nordsjo.example"
MARTE, JONAS = "marte@support.example", "jonas@support.example"
HENRIK, SILJE = "henrik@loop.example", "silje@cegal.example"
SUPPORT = {MARTE, JONAS}


def told(event: Event) -> dict[str, set[str]]:
    """The addresses that an event owes a mail, by the mail's kind."""
    found: dict[str, set[str]] = {}
    for message in Message.objects.filter(event=event):
        assert message.to_email not in found.get(message.kind, set()), "one address got two mails of a kind"
        found.setdefault(message.kind, set()).add(message.to_email)
    return found


def history(subject: Order | Account) -> list[str]:
    """The verbs of a subject's events in their order; the chain must be whole."""
    events = list(Event.objects.filter(subject_id=subject.pk).order_by("seq"))
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert [event.previous for event in events] == ["", *(event.hash for event in events)][:-1]
    assert all(event.hash == event.computed_hash() for event in events)
    return [event.verb for event in events]


def contents() -> dict[str, list[str]]:
    """Every row of every table of the product, to see whether anything changed."""
    found = {}
    for model in apps.get_app_config("accounts").get_models(include_auto_created=True):
        found[model._meta.db_table] = sorted(repr(sorted(row.items())) for row in model._default_manager.values())
    return found


@contextmanager
def nothing_written() -> Iterator[None]:
    """The block must leave every row of every table as it was."""
    before = contents()
    yield
    after = contents()
    assert {table for table in before if before[table] != after[table]} == set()


def at_once(number: int, work: Callable[[int], R]) -> list[R | str]:
    """Run ``work`` in so many threads that start together; a refusal is given as its sentence."""
    start = Barrier(number)

    def one(place: int) -> R | str:
        try:
            start.wait(timeout=30)
            return work(place)
        except Refused as refusal:
            return str(refusal)
        finally:
            connection.close()

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(one, range(number)))
