"""Tasks: work owed by the provider or by Support, open until a person or a connector confirms it."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.db import models
from django.db.models import Q

from accounts.lifecycle.states import PROVIDER_TASKS, OrderKind, OrderState, TaskKind
from accounts.models.account import Account, Credential
from accounts.models.among import among
from accounts.models.event import Event
from accounts.models.subject import both_or_neither, choices, known

TOKENS_LIVE = timedelta(minutes=65)
"""So long may a token live on that was issued before its client was disabled (DOMAIN.md)."""


class TaskQuerySet(models.QuerySet["Task"]):
    def providers(self) -> TaskQuerySet:
        """The provider's tasks. One that a reactivation order confirms is that order's work, not a task besides."""
        by_order = Q(
            kind=TaskKind.ENABLE_CLIENT.value,
            done_at__isnull=True,
            account__orders_about__kind=OrderKind.REACTIVATION.value,
            account__orders_about__state=OrderState.CEGAL_SETUP.value,
        )
        provider = self.filter(kind__in=[kind.value for kind in PROVIDER_TASKS])
        return provider.exclude(pk__in=Task.objects.filter(by_order).values("pk"))

    def open(self) -> TaskQuerySet:
        """Those that nobody has done yet."""
        return self.filter(done_at__isnull=True)


class Task(models.Model):
    """One piece of work about one account; ``event`` is the change that owes it.

    ``reminded_on`` and ``escalated_on`` are the days on which the provider, and then Support, was told that it stays
    open. ``superseded``: a later task took its place; nobody did it. ``credential``: the secret to remove (None there:
    whatever secrets the client has from before the portal knew it); for the other kinds it is empty.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=30, choices=choices(TaskKind))
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="tasks")
    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="tasks")
    opened_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    done_by = models.CharField(max_length=200, null=True)  # noqa: DJ001 - both or neither with done_at
    reminded_on = models.DateField(null=True)
    escalated_on = models.DateField(null=True)
    superseded = models.BooleanField(default=False)
    credential = models.ForeignKey(Credential, null=True, on_delete=models.PROTECT, related_name="tasks")

    objects = TaskQuerySet.as_manager()

    class Meta:
        constraints = [
            known("kind", TaskKind, "task_kind_is_known"),
            both_or_neither("done_at", "done_by", "task_done_by_somebody"),
            models.UniqueConstraint(
                fields=["account", "kind"],
                condition=Q(done_at__isnull=True, credential__isnull=True),
                name="task_open_once_per_account",
            ),
            models.UniqueConstraint(
                fields=["credential", "kind"], condition=Q(done_at__isnull=True), name="task_open_once_per_secret"
            ),
            models.CheckConstraint(
                condition=Q(credential__isnull=True) | Q(kind=TaskKind.REMOVE_SECRET.value),
                name="task_names_the_secret_to_remove",
            ),
        ]
        indexes = [
            models.Index(fields=["kind", "opened_at", "id"], name="task_open", condition=Q(done_at__isnull=True)),
        ]

    @property
    def is_providers(self) -> bool:
        """Is this work for the provider (Cegal)? Otherwise it is Support's."""
        return TaskKind(self.kind) in PROVIDER_TASKS


def effective_at(accounts: Iterable[UUID]) -> dict[UUID, datetime]:
    """From when on each client can do nothing any more: [65] minutes after the provider confirmed that it is disabled.

    An account whose client nobody confirmed as disabled, or that was asked to be enabled since, is left out. One query.
    """
    kinds = [TaskKind.DISABLE_CLIENT.value, TaskKind.ENABLE_CLIENT.value]
    tasks = Task.objects.filter(among("account_id", accounts), kind__in=kinds).order_by("opened_at", "pk")
    found: dict[UUID, datetime] = {}
    for account, kind, done_at, superseded in tasks.values_list("account_id", "kind", "done_at", "superseded"):
        if kind == TaskKind.ENABLE_CLIENT.value:
            found.pop(account, None)
        elif done_at is not None and not superseded:
            found.setdefault(account, done_at + TOKENS_LIVE)
    return found
