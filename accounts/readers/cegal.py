"""Cegal's work: orders to set up, tasks to confirm. Nothing that was not sent to Cegal (DOMAIN.md, "Who")."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db.models import Q, QuerySet

from accounts.lifecycle.actor import Actor
from accounts.lifecycle.policy import Policy
from accounts.lifecycle.states import PROVIDER_TASKS, OrderState, TaskKind
from accounts.models import Order, Task
from accounts.readers import paging
from accounts.readers.waiting import waiting
from accounts.readers.worklist import Row

SETUP, TASKS, DONE = "setup", "tasks", "done"
OLDEST_FIRST = paging.Order("state_since")
NEWEST_FIRST = paging.Order("state_since", falling=True)
LONGEST_OPEN = paging.Order("opened_at")


def sent(by: Actor) -> QuerySet[Order]:
    """The orders that were sent to Cegal, and that ``by`` may see for that reason."""
    return Order.objects.visible_to(by).filter(sent_to_cegal_at__isnull=False)


def tasks() -> QuerySet[Task]:
    """The provider's tasks. One that a reactivation order confirms is that order's work, not a task besides."""
    by_order = Q(
        kind=TaskKind.ENABLE_CLIENT.value,
        done_at__isnull=True,
        account__reactivation_orders__state=OrderState.CEGAL_SETUP.value,
    )
    provider = Task.objects.filter(kind__in=[kind.value for kind in PROVIDER_TASKS])
    return provider.exclude(pk__in=Task.objects.filter(by_order).values("pk"))


def counts(by: Actor) -> dict[str, int]:
    """How much is open on each tab. Two queries."""
    return {
        SETUP: sent(by).filter(state=OrderState.CEGAL_SETUP.value).count(),
        TASKS: tasks().filter(done_at__isnull=True).count(),
    }


def orders(
    by: Actor, asked: Mapping[str, str], policy: Policy, now: datetime, *, done: bool = False
) -> tuple[list[Row], paging.Page[Order]]:
    """One page of the orders to set up, the longest waiting first; or of those that are, the newest first."""
    setup = OrderState.CEGAL_SETUP.value
    found = sent(by).exclude(state=setup) if done else sent(by).filter(state=setup)
    found = found.select_related("requester").prefetch_related("environments")
    shown = paging.page(found, NEWEST_FIRST if done else OLDEST_FIRST, asked)
    return [Row(order, waiting(order, policy, now)) for order in shown.rows], shown


def open_tasks(asked: Mapping[str, str]) -> paging.Page[Task]:
    """One page of the open tasks, the longest open first. One query."""
    found = tasks().filter(done_at__isnull=True)
    return paging.page(found.select_related("account__environment", "account__organisation"), LONGEST_OPEN, asked)
