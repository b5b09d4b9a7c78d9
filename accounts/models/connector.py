"""Connectors: who makes an environment's clients, and the operations that are asked of them."""

from __future__ import annotations

import uuid
from enum import StrEnum

from django.db import models
from django.db.models import Q

from accounts.lifecycle.states import TaskKind
from accounts.models.account import Account
from accounts.models.environment import Environment, ProviderKind
from accounts.models.order import Order
from accounts.models.subject import choices, known
from accounts.models.task import Task

AUTOMATIC = (ProviderKind.WEBHOOK.value, ProviderKind.ENTRA.value)
"""The providers that are programs: the portal asks them by itself."""


class Connector(models.Model):
    """How to reach the provider of one environment; there is none where people do the work.

    The secret (of the portal's application, or the one that both sides sign with) is sealed for this row.
    ``secret_days``: how long a new client secret works. ``tried_*`` is what the last try of the connection said,
    ``looked_*`` what the last comparison said; sentences are kept as ``Sentence.plain`` writes them.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    environment = models.OneToOneField(Environment, on_delete=models.PROTECT, related_name="connector")
    kind = models.CharField(max_length=10, choices=choices(ProviderKind))
    tenant = models.CharField(max_length=253, blank=True)
    client_id = models.CharField(max_length=200, blank=True)
    token_url = models.URLField(max_length=500, blank=True)
    graph_url = models.URLField(max_length=500, blank=True)
    url = models.URLField(max_length=500, blank=True)
    sealed_secret = models.TextField(help_text="v1.<key id>.<base64>")
    secret_days = models.PositiveSmallIntegerField(default=365)
    changed_at = models.DateTimeField()
    tried_at = models.DateTimeField(null=True)
    tried_well = models.BooleanField(default=False)
    tried_sentence = models.JSONField(default=dict)
    looked_at = models.DateTimeField(null=True)
    look_possible = models.BooleanField(default=True)
    look_problem = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=AUTOMATIC), name="connector_is_a_program"),
            models.CheckConstraint(condition=~Q(sealed_secret=""), name="connector_secret_is_given"),
            models.CheckConstraint(
                condition=~Q(kind=ProviderKind.ENTRA.value) | (~Q(client_id="") & ~Q(token_url="") & ~Q(graph_url="")),
                name="connector_entra_knows_where_to_ask",
            ),
            models.CheckConstraint(
                condition=~Q(kind=ProviderKind.WEBHOOK.value) | ~Q(url=""), name="connector_webhook_has_address"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} ({self.environment})"


class OperationKind(StrEnum):
    """What is asked of a provider; the words are the verbs of the port."""

    SET_UP = "set_up"
    DISABLE = "disable"
    ENABLE = "enable"
    ADD_SECRET = "add_secret"  # noqa: S105 - the name of an operation, not a secret
    REMOVE_SECRET = "remove_secret"  # noqa: S105 - the name of an operation, not a secret


OF_TASK = {
    TaskKind.DISABLE_CLIENT: OperationKind.DISABLE,
    TaskKind.ENABLE_CLIENT: OperationKind.ENABLE,
    TaskKind.NEW_SECRET: OperationKind.ADD_SECRET,
    TaskKind.REMOVE_SECRET: OperationKind.REMOVE_SECRET,
}
"""What a provider's task asks of a connector."""


class OperationState(StrEnum):
    """WAITING to be asked, ASKED (the answer comes by itself), ANSWERED (and not used yet), DONE; FAILED: people must;
    DROPPED: people did it, or nobody needs it any more."""

    WAITING = "waiting"
    ASKED = "asked"
    ANSWERED = "answered"
    DONE = "done"
    FAILED = "failed"
    DROPPED = "dropped"


OPEN_OPERATIONS = (OperationState.WAITING.value, OperationState.ASKED.value, OperationState.ANSWERED.value)


class OperationQuerySet(models.QuerySet["Operation"]):
    def open(self) -> OperationQuerySet:
        """Those that a connector still works on."""
        return self.filter(state__in=OPEN_OPERATIONS)


class Operation(models.Model):
    """One thing asked of the provider of one environment: for a task, or for an order that was sent to Cegal.

    Its id goes with every attempt, so that the other side does it once. Claimed with a lease like a message. The
    result (a client's secret) is sealed for this row until the order or the task is done with it. ``sent_at`` is the
    order's sending that it belongs to; ``begun_at`` the time from which its days to give up are counted;
    ``answer_id`` the id of the answer that came by itself.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=20, choices=choices(OperationKind))
    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="operations")
    account = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="operations")
    order = models.ForeignKey(Order, null=True, on_delete=models.PROTECT, related_name="operations")
    sent_at = models.DateTimeField(null=True)
    task = models.OneToOneField(Task, null=True, on_delete=models.PROTECT, related_name="operation")
    state = models.CharField(max_length=10, choices=choices(OperationState), default=OperationState.WAITING.value)
    created_at = models.DateTimeField()
    begun_at = models.DateTimeField()
    due_at = models.DateTimeField()
    claim = models.UUIDField(null=True)
    claimed_until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    sentence = models.JSONField(default=dict)
    sealed_secret = models.TextField(blank=True, help_text="v1.<key id>.<base64>; empty once used.")
    answer_id = models.CharField(max_length=200, blank=True)
    ended_at = models.DateTimeField(null=True)

    objects = OperationQuerySet.as_manager()

    class Meta:
        constraints = [
            known("kind", OperationKind, "operation_kind_is_known"),
            known("state", OperationState, "operation_state_is_known"),
            models.CheckConstraint(
                condition=Q(task__isnull=False, order__isnull=True, sent_at__isnull=True, account__isnull=False)
                | Q(task__isnull=True, order__isnull=False, sent_at__isnull=False),
                name="operation_of_a_task_or_an_order",
            ),
            models.CheckConstraint(
                condition=Q(state__in=OPEN_OPERATIONS, ended_at__isnull=True)
                | (~Q(state__in=OPEN_OPERATIONS) & Q(ended_at__isnull=False)),
                name="operation_ended_has_time",
            ),
            models.CheckConstraint(
                condition=Q(state=OperationState.ANSWERED.value) | Q(sealed_secret=""),
                name="operation_result_until_used",
            ),
            models.UniqueConstraint(
                fields=["order", "environment", "kind", "sent_at"], name="operation_once_per_sending"
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], name="operation_due", condition=Q(state__in=OPEN_OPERATIONS)),
            models.Index(fields=["state", "created_at", "id"], name="operation_by_state"),
            models.Index(fields=["account", "created_at"], name="operation_of_account"),
        ]


class FindingKind(StrEnum):
    """How the portal and a provider differ about a client."""

    DISABLED_THERE = "disabled_there"
    ENABLED_THERE = "enabled_there"
    MISSING_THERE = "missing_there"
    UNKNOWN_CLIENT = "unknown_client"
    UNKNOWN_SECRET = "unknown_secret"  # noqa: S105 - the name of a difference, not a secret
    EXPIRED_SECRET = "expired_secret"  # noqa: S105 - the name of a difference, not a secret
    EXPIRES_SOON = "expires_soon"


RESOLVED_BY = {
    FindingKind.DISABLED_THERE.value: (TaskKind.ENABLE_CLIENT, TaskKind.DISABLE_CLIENT),
    FindingKind.ENABLED_THERE.value: (TaskKind.DISABLE_CLIENT, TaskKind.ENABLE_CLIENT),
}
"""The task that resolves a difference, and the one that it takes the place of."""


class Finding(models.Model):
    """One difference that the last comparison of an environment found; the next one takes their place."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="findings")
    kind = models.CharField(max_length=20, choices=choices(FindingKind))
    account = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="findings")
    client_id = models.CharField(max_length=200)
    key_id = models.CharField(max_length=200, blank=True)
    expires_on = models.DateField(null=True)
    found_at = models.DateTimeField()

    class Meta:
        constraints = [known("kind", FindingKind, "finding_kind_is_known")]
        indexes = [
            models.Index(fields=["environment", "kind"], name="finding_of_environment"),
            models.Index(fields=["client_id", "id"], name="finding_by_client"),
        ]
