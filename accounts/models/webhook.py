"""Webhooks: where programs are told of events, and the messages that are owed to them."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from accounts.models.event import Event
from accounts.models.message import MessageState
from accounts.models.subject import Subject, choices, known


class WebhookEndpoint(Subject):
    """One address that is told of events. ``verbs`` are those it wants to know of; none named means all.

    ``failing_since`` is the time of the first failure after which nothing got through; the post room writes it.
    """

    name = models.CharField(max_length=100)
    url = models.URLField(max_length=500)
    sealed_secret = models.TextField(help_text="v1.<key id>.<base64> of whsec_...")
    verbs = models.JSONField(default=list)
    active = models.BooleanField(default=True)
    created_at = models.DateTimeField()
    failing_since = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(name=""), name="webhook_name_is_given"),
            models.CheckConstraint(condition=~Q(url=""), name="webhook_url_is_given"),
            models.CheckConstraint(condition=~Q(sealed_secret=""), name="webhook_secret_is_given"),
        ]

    def __str__(self) -> str:
        return self.name


class WebhookMessage(models.Model):
    """One event owed to one endpoint: written with the event, claimed with a lease, signed and sent by the post room.

    Its id is the ``webhook-id`` of every attempt, so that the receiver knows what it has already.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    endpoint = models.ForeignKey(WebhookEndpoint, on_delete=models.PROTECT, related_name="messages")
    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="webhook_messages")
    state = models.CharField(max_length=12, choices=choices(MessageState), default=MessageState.QUEUED.value)
    created_at = models.DateTimeField()
    due_at = models.DateTimeField()
    claim = models.UUIDField(null=True)
    claimed_until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    delivered_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            known("state", MessageState, "webhook_message_state_is_known"),
            models.CheckConstraint(
                condition=Q(state=MessageState.DELIVERED.value, delivered_at__isnull=False)
                | (~Q(state=MessageState.DELIVERED.value) & Q(delivered_at__isnull=True)),
                name="webhook_delivered_has_time",
            ),
            models.UniqueConstraint(fields=["endpoint", "event"], name="webhook_once_per_event"),
        ]
        indexes = [
            models.Index(fields=["due_at"], name="webhook_queued", condition=Q(state=MessageState.QUEUED.value)),
            models.Index(fields=["endpoint", "-created_at", "id"], name="webhook_of_endpoint"),
        ]
