"""All API accounts as staff look for them, and what is open about one of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet

from accounts.lifecycle.actor import Actor
from accounts.lifecycle.states import AccountState
from accounts.models import Account, Notice, Task
from accounts.readers import paging
from accounts.readers.finding import contains

ALL = "all"
STATES = (
    AccountState.ACTIVE,
    AccountState.NOTIFIED,
    AccountState.SUSPENDED,
    AccountState.PENDING,
    AccountState.CLOSED,
)
COUNTED = (AccountState.NOTIFIED, AccountState.SUSPENDED, AccountState.PENDING)
"""The states whose number matters to somebody's work; to count the others means to read them all."""

SHOWN = 20
_LONGEST_SILENT = paging.Order("last_activity_on")
_LATEST_CHANGE = paging.Order("state_since", falling=True)
_BY_NAME = paging.Order("client_id")


@dataclass(frozen=True)
class Search:
    """What is looked for: a state or "all"; an environment's name; a text. "" is anything."""

    state: str = AccountState.ACTIVE.value
    environment: str = ""
    text: str = ""


def counts() -> dict[AccountState, int]:
    """How many accounts are in each of the states that are counted. One query, over the index."""
    rows = Account.objects.filter(state__in=[state.value for state in COUNTED]).order_by().values_list("state")
    found = dict(rows.annotate(Count("pk")))
    return {state: found.get(state.value, 0) for state in COUNTED}


def accounts(by: Actor, search: Search, asked: Mapping[str, str]) -> paging.Page[Account]:
    """One page: active accounts with the longest silent first, other states with the latest change first. One query."""
    found = matching(by, search).select_related("environment", "organisation", "owner")
    return paging.page(found, sorted_by(search.state), asked)


def matching(by: Actor, search: Search) -> QuerySet[Account]:
    """All the accounts that are looked for, in no order."""
    return _matching(Account.objects.visible_to(by), search)


def notices_of(account: Account) -> list[Notice]:
    """The rounds of the inactivity procedure, the newest first."""
    return list(account.notices.order_by("-opened_on", "-closed_at")[:SHOWN])


def tasks_of(account: Account) -> list[Task]:
    """The work owed for this account: what is open first, then the newest."""
    return sorted(account.tasks.order_by("-opened_at")[:SHOWN], key=lambda task: task.done_at is not None)


def sorted_by(state: str) -> paging.Order:
    """How the list of accounts in ``state`` is sorted."""
    if state == ALL:
        return _BY_NAME
    return _LONGEST_SILENT if state == AccountState.ACTIVE.value else _LATEST_CHANGE


def _matching(found: QuerySet[Account], search: Search) -> QuerySet[Account]:
    if search.state != ALL:
        found = found.filter(state=search.state)
    if search.environment:
        found = found.filter(environment__name=search.environment)
    return found.filter(_says(search.text)) if search.text else found


def _says(text: str) -> Q:
    """Does the account say ``text``: its client id, its reference in Loop, its organisation, its people?"""
    return (
        Q(client_id__istartswith=text)
        | Q(loop_reference__istartswith=text)
        | Q(organisation__number__startswith="".join(text.split()))
        | contains(text, "organisation__name", "owner__name", "technical_name")
        | contains(text, "owner__email", "technical_email")
    )
