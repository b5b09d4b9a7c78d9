"""Tasks: work owed by the provider or by Support, open until a person or a connector confirms it."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from accounts.lifecycle.states import PROVIDER_TASKS, TaskKind
from accounts.models.account import Account
from accounts.models.event import Event
from accounts.models.subject import both_or_neither, choices, known


class Task(models.Model):
    """One piece of work about one account; ``event`` is the change that owes it.

    ``reminded_on`` and ``escalated_on`` are the days on which the provider, and then Support, was told that it stays
    open. ``superseded``: a later task took its place; nobody did it.
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

    class Meta:
        constraints = [
            known("kind", TaskKind, "task_kind_is_known"),
            both_or_neither("done_at", "done_by", "task_done_by_somebody"),
            models.UniqueConstraint(
                fields=["account", "kind"],
                condition=Q(done_at__isnull=True),
                name="task_open_once_per_account",
            ),
        ]
        indexes = [
            models.Index(fields=["kind", "opened_at", "id"], name="task_open", condition=Q(done_at__isnull=True)),
        ]

    @property
    def is_providers(self) -> bool:
        """Is this work for the provider (Cegal)? Otherwise it is Support's."""
        return TaskKind(self.kind) in PROVIDER_TASKS
