"""Open tasks as staff see them: Support's own, and those that wait at Cegal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from accounts.lifecycle.calendar import late_since
from accounts.lifecycle.policy import Policy
from accounts.lifecycle.states import PROVIDER_TASKS, TaskKind
from accounts.models import Task
from accounts.readers import paging
from accounts.readers.finding import contains
from accounts.words import TASK_ADVICE, TASK_WORDS, say

SUPPORT, PROVIDER, ALL = "support", "provider", "all"
LONGEST_OPEN = paging.Order("opened_at")
_PROVIDERS = Q(kind__in=[kind.value for kind in PROVIDER_TASKS])


@dataclass(frozen=True)
class Search:
    """What is looked for: whose tasks (support, provider or all), a kind, an environment, words, late ones alone."""

    whose: str = SUPPORT
    kind: str = ""
    environment: str = ""
    text: str = ""
    late: bool = False


@dataclass(frozen=True)
class Row:
    """A task, what can be done about it, and whether it is open for longer than [2] working days."""

    task: Task
    asks: str
    advice: str
    late: bool


def open_tasks(
    search: Search, asked: Mapping[str, str], policy: Policy, today: date
) -> tuple[list[Row], paging.Page[Task]]:
    """One page of the open tasks, the longest open first. One query."""
    overdue = late_since(today, policy.provider_reminder_days)
    found = _matching(search, overdue).select_related("account__environment", "account__organisation")
    shown = paging.page(found, LONGEST_OPEN, asked)
    return [_row(task, overdue) for task in shown.rows], shown


def counts() -> dict[str, int]:
    """How many tasks are open, by whose they are. One query."""
    found = dict(Task.objects.open().order_by().values_list("kind").annotate(Count("pk")))
    provider = sum(found.get(kind.value, 0) for kind in PROVIDER_TASKS)
    return {SUPPORT: sum(found.values()) - provider, PROVIDER: provider}


def _row(task: Task, overdue: date) -> Row:
    kind = TaskKind(task.kind)
    late = timezone.localdate(task.opened_at) <= overdue
    return Row(task, say(TASK_WORDS[kind]), say(TASK_ADVICE[kind]), late)


def _matching(search: Search, overdue: date) -> QuerySet[Task]:
    found = Task.objects.open()
    if search.whose != ALL:
        found = found.filter(_PROVIDERS if search.whose == PROVIDER else ~_PROVIDERS)
    if search.kind:
        found = found.filter(kind=search.kind)
    if search.environment:
        found = found.filter(account__environment__name=search.environment)
    if search.late:
        found = found.filter(opened_at__date__lte=overdue)
    return found.filter(_says(search.text)) if search.text else found


def _says(text: str) -> Q:
    return Q(account__client_id__istartswith=text) | contains(text, "account__organisation__name")
