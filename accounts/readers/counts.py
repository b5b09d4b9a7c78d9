"""The numbers behind the pages of the side navigation."""

from __future__ import annotations

from typing import Any

from django.db.models import CharField, Count, F, QuerySet, Value
from django.db.models.functions import Concat

from accounts.lifecycle.actor import Actor
from accounts.lifecycle.states import PROVIDER_TASKS, OrderState, Role, TaskKind
from accounts.models import Message, MessageState, Order, Task
from accounts.models.prepared import Prepared
from accounts.readers.worklist import OPEN_STATES

Numbers = QuerySet[Any, Any]


def counts(by: Actor) -> dict[str, int]:
    """How much waits behind each page, by URL name: what ``by`` has work with. One query, over indexes."""
    found = dict(_NUMBERS.rows())
    setup, approval = found.get(f"o:{OrderState.CEGAL_SETUP}", 0), found.get(f"o:{OrderState.APPROVAL}", 0)
    numbers = {
        "worklist": (Role.SUPPORT, sum(found.get(f"o:{state}", 0) for state in OPEN_STATES)),
        "approvals": (Role.SERVICE_RESPONSIBLE, approval),
        "cegal_queue": (Role.CEGAL, setup + sum(found.get(f"t:{kind}", 0) for kind in PROVIDER_TASKS)),
        "staff_tasks": (
            Role.SUPPORT,
            sum(found.get(f"t:{kind}", 0) for kind in TaskKind if kind not in PROVIDER_TASKS),
        ),
        "messages": (Role.SUPPORT, found.get(f"m:{MessageState.GIVEN_UP}", 0)),
    }
    return {page: number for page, (role, number) in numbers.items() if by.holds(role)}


_NUMBERS = Prepared(lambda: _orders().union(_tasks(), _messages(), all=True))


def _orders() -> Numbers:
    return _grouped(Order.objects.filter(state__in=[state.value for state in OPEN_STATES]), "o:", "state")


def _tasks() -> Numbers:
    return _grouped(Task.objects.filter(done_at__isnull=True), "t:", "kind")


def _messages() -> Numbers:
    return _grouped(Message.objects.filter(state=MessageState.GIVEN_UP.value), "m:", "state")


def _grouped(rows: QuerySet[Any], prefix: str, column: str) -> Numbers:
    """(prefix and value, number) for each value of ``column``: alike for every table, so that they can be united."""
    key = Concat(Value(prefix), F(column), output_field=CharField())
    found: Numbers = rows.order_by().annotate(key=key).values_list("key").annotate(Count("pk"))
    return found
