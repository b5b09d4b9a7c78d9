"""What the worklist costs: beside an empty page, beside the stock admin's list of the same rows, and its search.

Pages are asked for through the whole portal, middleware and all, as somebody in Support who signed in.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import people
from accounts.lifecycle.policy import Policy
from accounts.lifecycle.states import Role
from accounts.models import Order, Person, RoleGrant, SearchText
from accounts.readers import paging, worklist
from tests.benchmarks.measures import expect
from tests.benchmarks.meter import Cost, least, measured
from tests.benchmarks.orders import NOW

EMPTY, WORKLIST, ADMIN = "/bench/empty/", "/staff/worklist/", "/bench/admin/accounts/order/"
TIMES = 10
DEEP = 1_000
"""Row from which on the list is opened."""


def pages(rounds: int, times: int = TIMES) -> dict[str, dict[str, float]]:
    """The cost of each page by its name, and how many queries the worklist takes."""
    call_command("createcachetable", verbosity=0)
    client = _signed_in()
    wanted = {
        "empty": EMPTY,
        "open": WORKLIST,
        "all": f"{WORKLIST}?state=all",
        "deep": f"{WORKLIST}?state=all&after={_key_of_row(DEEP)}",
        "admin_state": f"{ADMIN}?state__exact=support",
        "admin": ADMIN,
    }
    turns: dict[str, list[Cost]] = {name: [] for name in wanted}
    for _round in range(rounds):
        for name, url in wanted.items():
            often = 1 if name.startswith("admin") else times
            _open(client, url)  # what is looked up once in a process
            turns[name].append(measured(partial(_open, client, url), often))
    costs = {name: vars(least(found)) for name, found in turns.items()}
    return {**costs, "queries": {name: _queries(client, wanted[name]) for name in ("empty", "open", "all", "deep")}}


def search(number: int) -> dict[str, float]:
    """Seconds on the clock at the 50th and the 95th percentile of so many searches, rows and counts of the tabs.

    ``common`` is a word that every order says; ``admin`` the stock admin's search for one of the words.
    """
    by = people.actor_of(Person.objects.get(email="bench@support.example"), today=NOW.date())
    words = _words(number)
    found = sorted(_seconds(partial(_look, by, word, 1)) for word in words)
    common = min(_seconds(partial(_look, by, "example", paging.PAGE)) for _time in range(3))
    admin = _seconds(partial(_open, _signed_in(), f"{ADMIN}?q={words[0]}"))
    return {"p50": found[len(found) // 2], "p95": found[int(len(found) * 0.95)], "common": common, "admin": admin}


def _look(by: Any, word: str, least_rows: int) -> None:
    wanted = worklist.Search(state=worklist.ALL, text=word)
    rows, _page = worklist.orders(by, wanted, {}, Policy(), NOW)
    worklist.counts(wanted, by, Policy(), NOW)
    if len(rows) < least_rows:
        raise AssertionError(f"“{word}” found {len(rows)} orders")


def _words(number: int) -> list[str]:
    """Words of orders all over the table: references, names, numbers, addresses, client ids, and parts of them."""
    first, last = SearchText.objects.order_by("pk").values_list("pk", flat=True)[0], SearchText.objects.latest("pk").pk
    words = []
    for place in range(number):
        text = SearchText.objects.filter(pk__gte=first + (last - first) * place // number).order_by("pk")[0].text
        reference, organisation, number_, name, email, _technical, client_id = text.split("\n")
        choices = (
            reference,
            organisation,
            number_,
            name,
            email,
            client_id,
            organisation[2:-4],
            email[:12],
            client_id[:8],
        )
        words.append(choices[place % len(choices)])
    return words


def _signed_in() -> Client:
    person = Person.objects.filter(email="bench@support.example").first()
    if person is None:
        person = Person.objects.create_user("bench@support.example", "Marte Lunde", language="en")
        RoleGrant.objects.create(person=person, role=Role.SUPPORT.value, granted_by="bench", granted_at=NOW)
    client = Client()
    client.force_login(person)
    return client


def _open(client: Client, url: str) -> None:
    expect(client.get(url).status_code, 200)


def _key_of_row(number: int) -> str:
    order = Order.objects.order_by("-reference", "pk")[number]
    return paging.key_of(order, worklist.NEWEST_FIRST)


def _queries(client: Client, url: str) -> float:
    with CaptureQueriesContext(connection) as asked:
        _open(client, url)
    return len([query for query in asked.captured_queries if "SAVEPOINT" not in query["sql"]])


def _seconds(action: Callable[[], object]) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started
