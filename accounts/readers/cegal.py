"""Cegal's work: orders to set up, tasks to confirm. Nothing that was not sent to Cegal (DOMAIN.md, "Who")."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.lifecycle.actor import Actor
from accounts.lifecycle.policy import Policy
from accounts.lifecycle.states import OrderState
from accounts.models import Account, Order, Task
from accounts.models.search_text import says
from accounts.readers import paging
from accounts.readers.finding import contains
from accounts.readers.waiting import waiting
from accounts.readers.worklist import Row

SETUP, TASKS, DONE = "setup", "tasks", "done"
OLDEST_FIRST = paging.Order("state_since")
NEWEST_FIRST = paging.Order("state_since", falling=True)
LONGEST_OPEN = paging.Order("opened_at")


@dataclass(frozen=True)
class Search:
    """Words (a reference, a client id, an organisation) and the name of an environment; "" is anything."""

    text: str = ""
    environment: str = ""


ANYTHING = Search()


def sent(by: Actor) -> QuerySet[Order]:
    """The orders that were sent to Cegal, and that ``by`` may see for that reason."""
    return Order.objects.visible_to(by).filter(sent_to_cegal_at__isnull=False)


def tasks() -> QuerySet[Task]:
    """The provider's tasks. One that a reactivation order confirms is that order's work, not a task besides."""
    return Task.objects.providers()


def counts(by: Actor) -> dict[str, int]:
    """How much is open on each tab. Two queries."""
    return {
        SETUP: sent(by).filter(state=OrderState.CEGAL_SETUP.value).count(),
        TASKS: tasks().filter(done_at__isnull=True).count(),
    }


def orders(
    by: Actor, asked: Mapping[str, str], policy: Policy, now: datetime, *, search: Search = ANYTHING, done: bool = False
) -> tuple[list[Row], paging.Page[Order]]:
    """One page of the orders to set up, the longest waiting first; or of those that are, the newest first."""
    setup = OrderState.CEGAL_SETUP.value
    found = sent(by).exclude(state=setup) if done else sent(by).filter(state=setup)
    found = found.filter(_order_says(search)).select_related("requester").prefetch_related("environments")
    shown = paging.page(found, NEWEST_FIRST if done else OLDEST_FIRST, asked)
    return [Row(order, waiting(order, policy, now)) for order in shown.rows], shown


def open_tasks(asked: Mapping[str, str], search: Search = ANYTHING) -> paging.Page[Task]:
    """One page of the open tasks, the longest open first. One query."""
    found = tasks().filter(_task_says(search), done_at__isnull=True)
    return paging.page(found.select_related("account__environment", "account__organisation"), LONGEST_OPEN, asked)


def _order_says(search: Search) -> Q:
    """The words are looked for in what Cegal sees: nobody finds an order by a person whom the page does not show."""
    found = Q(environments__name=search.environment) if search.environment else Q()
    if search.text:
        own = Account.objects.filter(order=OuterRef("pk"), client_id__icontains=search.text)
        shown = Q(reference__istartswith=search.text) | contains(search.text, "organisation_name") | Q(Exists(own))
        found &= says(search.text) & (shown | Q(concerns__client_id__icontains=search.text))
    return found


def _task_says(search: Search) -> Q:
    found = Q(account__environment__name=search.environment) if search.environment else Q()
    if search.text:
        found &= contains(search.text, "account__client_id", "account__organisation__name") | Q(
            account__order__reference__istartswith=search.text
        )
    return found
