"""Messages: emails owed to someone, written in the transaction of the change that causes them."""

from __future__ import annotations

import uuid
from enum import StrEnum

from django.db import models
from django.db.models import Q

from accounts.models.event import Event
from accounts.models.notice import Notice
from accounts.models.person import Person
from accounts.models.subject import choices, known


class MessageState(StrEnum):
    QUEUED = "queued"
    DELIVERED = "delivered"
    GIVEN_UP = "given_up"


class Message(models.Model):
    """One email owed to one address. The post room claims it with a lease, renders, sends and stamps it.

    ``delivered`` means that the mail server accepted it. ``due_at`` moves on with every failed attempt.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="messages")
    kind = models.CharField(max_length=40)
    notice = models.ForeignKey(Notice, null=True, on_delete=models.PROTECT, related_name="messages")
    person = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="messages")
    to_email = models.EmailField(max_length=254)
    to_name = models.CharField(max_length=200, blank=True)
    language = models.CharField(max_length=2, default="en")
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
            known("state", MessageState, "message_state_is_known"),
            models.CheckConstraint(condition=~Q(to_email=""), name="message_address_is_given"),
            models.CheckConstraint(
                condition=Q(state=MessageState.DELIVERED.value, delivered_at__isnull=False)
                | (~Q(state=MessageState.DELIVERED.value) & Q(delivered_at__isnull=True)),
                name="message_delivered_has_time",
            ),
            models.UniqueConstraint(fields=["event", "kind", "to_email"], name="message_once_per_event"),
        ]
        indexes = [
            models.Index(fields=["due_at"], name="message_queued", condition=Q(state=MessageState.QUEUED.value)),
            models.Index(fields=["state", "-created_at", "id"], name="message_by_state"),
            models.Index(fields=["-created_at", "id"], name="message_by_time"),
        ]
