"""Providers for staff: who makes the clients of each environment, what is under way or failed, what differs there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.lifecycle.sentence import Sentence
from accounts.models import (
    OPEN_OPERATIONS,
    Account,
    Connector,
    Environment,
    Finding,
    FindingKind,
    Operation,
    OperationState,
    Order,
    Task,
)
from accounts.models.connector import RESOLVED_BY
from accounts.readers import paging
from accounts.readers.finding import contains
from accounts.words import OPERATION_WORDS, PROVIDER_WORDS, say

DIFFERENCES, FAILED, OPEN = "differences", "failed", "open"
TABS = (DIFFERENCES, FAILED, OPEN)
BY_CLIENT = paging.Order("client_id")
OLDEST_FIRST = paging.Order("created_at")
CHUNK = 1000

STATE_WORDS = {
    OperationState.WAITING.value: gettext_noop("Waiting"),
    OperationState.ASKED.value: gettext_noop("Asked, no answer yet"),
    OperationState.ANSWERED.value: gettext_noop("Ready"),
    OperationState.DONE.value: gettext_noop("Done"),
    OperationState.FAILED.value: gettext_noop("Failed: do it by hand"),
    OperationState.DROPPED.value: gettext_noop("Not needed any more"),
}
FINDING_WORDS = {
    FindingKind.DISABLED_THERE.value: gettext_noop("Active here, disabled there"),
    FindingKind.ENABLED_THERE.value: gettext_noop("Stopped here, enabled there"),
    FindingKind.MISSING_THERE.value: gettext_noop("Not found there"),
    FindingKind.UNKNOWN_CLIENT.value: gettext_noop("Made by the portal, but no account here"),
    FindingKind.UNKNOWN_SECRET.value: gettext_noop("A secret that the portal does not know"),
    FindingKind.EXPIRED_SECRET.value: gettext_noop("An expired secret"),
    FindingKind.EXPIRES_SOON.value: gettext_noop("A secret that expires soon"),
}
FINDING_ADVICE = {
    FindingKind.DISABLED_THERE.value: gettext_noop("Its owner can get no token. Have it enabled, or suspend it here."),
    FindingKind.ENABLED_THERE.value: gettext_noop("It can still get tokens. Have it disabled."),
    FindingKind.MISSING_THERE.value: gettext_noop(
        "Somebody deleted it, or it stands in another directory. Ask Cegal; close the account if it is gone for good."
    ),
    FindingKind.UNKNOWN_CLIENT.value: gettext_noop(
        "It is left over from an order that was set up by hand or withdrawn. Have it deleted there if nobody uses it."
    ),
    FindingKind.UNKNOWN_SECRET.value: gettext_noop(
        "Somebody made it outside the portal. Ask Cegal who, and have it removed there if nobody can say."
    ),
    FindingKind.EXPIRED_SECRET.value: gettext_noop(
        "It gets no token any more. Have it removed there; if it was the only one, the account needs a new secret."
    ),
    FindingKind.EXPIRES_SOON.value: gettext_noop("The account needs a new secret before that day."),
}


@dataclass(frozen=True)
class Side:
    """One environment and its provider; ``connector`` is None where people do the work."""

    environment: Environment
    connector: Connector | None
    differences: int
    failed: int
    open: int
    tasks: int

    @property
    def provider(self) -> str:
        return _(PROVIDER_WORDS[self.environment.provider])

    @property
    def problem(self) -> str:
        """Why the last comparison is not complete; "" when it is."""
        return plainly(self.connector.look_problem) if self.connector else ""


@dataclass(frozen=True)
class FindingRow:
    """A difference, in words, with the task that is open about it, and whether one can be opened."""

    finding: Finding
    words: str
    advice: str
    may_open: bool
    is_open: bool


@dataclass(frozen=True)
class OperationRow:
    """An operation in words: what is asked, how far it is, what was said last."""

    operation: Operation
    words: str
    provider: str
    said: str

    @property
    def state_words(self) -> str:
        return _(STATE_WORDS[self.operation.state])

    @property
    def tries_again(self) -> bool:
        """Is it known when it is tried next?"""
        state = self.operation.state
        asked = OperationState.ASKED.value
        return state == asked or (state == OperationState.WAITING.value and self.operation.attempts > 0)

    @property
    def is_failed(self) -> bool:
        return self.operation.state == OperationState.FAILED.value


@dataclass(frozen=True)
class Search:
    """What is looked for: a tab, an environment or "", a kind of difference or "", words of a client id."""

    tab: str = DIFFERENCES
    environment: str = ""
    kind: str = ""
    text: str = ""


def plainly(sentence: Mapping[str, Any]) -> str:
    """A sentence that a row keeps, in the language of the page; "" for none."""
    return say(Sentence.of(dict(sentence))) if sentence.get("text") else ""


def sides() -> list[Side]:
    """Every environment with who makes its clients, and how much waits. Five queries."""
    connectors = {row.environment_id: row for row in Connector.objects.all()}
    differences = _counts(Finding.objects.all(), "environment")
    failed = _counts(Operation.objects.filter(state=OperationState.FAILED.value), "environment")
    under_way = _counts(Operation.objects.open(), "environment")
    tasks = _counts(Task.objects.providers().open(), "account__environment")
    return [
        Side(one, connectors.get(one.pk), differences[one.pk], failed[one.pk], under_way[one.pk], tasks[one.pk])
        for one in Environment.objects.all()
    ]


def findings(search: Search, asked: Mapping[str, str]) -> tuple[list[FindingRow], paging.Page[Finding]]:
    """One page of the differences, by client id. Two queries."""
    found = _matching(search).select_related("account__organisation", "environment")
    shown = paging.page(found, BY_CLIENT, asked)
    return _finding_rows(shown.rows), shown


def operations(search: Search, asked: Mapping[str, str]) -> tuple[list[OperationRow], paging.Page[Operation]]:
    """One page of what failed or is under way, the oldest first. One query."""
    states = [OperationState.FAILED.value] if search.tab == FAILED else list(OPEN_OPERATIONS)
    found = Operation.objects.filter(state__in=states)
    if search.environment:
        found = found.filter(environment__name=search.environment)
    if search.text:
        found = found.filter(
            Q(account__client_id__istartswith=search.text) | Q(order__reference__istartswith=search.text)
        )
    shown = paging.page(found.select_related("environment", "account", "order", "task"), OLDEST_FIRST, asked)
    return [operation_row(one) for one in shown.rows], shown


def every_finding(search: Search) -> Iterator[FindingRow]:
    """All differences that are looked for, a thousand at a time, with flat memory."""
    found, last = _matching(search).select_related("account__organisation", "environment").order_by("pk"), None
    while chunk := list((found if last is None else found.filter(pk__gt=last))[:CHUNK]):
        yield from _finding_rows(chunk)
        last = chunk[-1].pk


def of_order(order: Order) -> list[OperationRow]:
    """What this sending of an order to Cegal asked of connectors. One query."""
    if order.sent_to_cegal_at is None:
        return []
    rows = Operation.objects.filter(order=order, sent_at=order.sent_to_cegal_at)
    found = rows.select_related("environment", "account").order_by("environment__position", "kind")
    return [operation_row(one) for one in found]


def of_account(account: Account) -> list[OperationRow]:
    """What connectors still have to do for an account, or failed at. One query."""
    waiting = Q(state__in=[*OPEN_OPERATIONS, OperationState.FAILED.value])
    found = Operation.objects.filter(waiting, account=account).select_related("environment", "order")
    return [operation_row(one) for one in found.order_by("created_at")]


def of_task(task: Task) -> OperationRow | None:
    """What a connector does about a task. One query."""
    found = Operation.objects.filter(task=task).select_related("environment", "account").first()
    return operation_row(found) if found else None


def operation_row(operation: Operation) -> OperationRow:
    """An operation in words."""
    words = _(OPERATION_WORDS[operation.kind])
    provider = _(PROVIDER_WORDS[operation.environment.provider])
    return OperationRow(operation, words, provider, plainly(operation.sentence))


def _finding_rows(found: Sequence[Finding]) -> list[FindingRow]:
    kinds = [kind.value for kind, _other in RESOLVED_BY.values()]
    accounts = [one.account_id for one in found if one.account_id]
    open_ones = set(Task.objects.open().filter(account__in=accounts, kind__in=kinds).values_list("account_id", "kind"))
    return [_finding_row(one, open_ones) for one in found]


def _finding_row(finding: Finding, open_ones: set[tuple[Any, str]]) -> FindingRow:
    opens = RESOLVED_BY.get(finding.kind)
    is_open = opens is not None and (finding.account_id, opens[0].value) in open_ones
    words, advice = _(FINDING_WORDS[finding.kind]), _(FINDING_ADVICE[finding.kind])
    return FindingRow(finding, words, advice, opens is not None and not is_open, is_open)


def _matching(search: Search) -> QuerySet[Finding]:
    found = Finding.objects.all()
    if search.environment:
        found = found.filter(environment__name=search.environment)
    if search.kind:
        found = found.filter(kind=search.kind)
    if search.text:
        found = found.filter(
            Q(client_id__istartswith=search.text) | contains(search.text, "account__organisation__name")
        )
    return found


def _counts(rows: QuerySet[Any], column: str) -> Counter[Any]:
    return Counter(dict(rows.order_by().values_list(column).annotate(Count("pk"))))
