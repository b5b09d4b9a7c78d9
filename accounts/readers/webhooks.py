"""Webhook endpoints and their messages, for the administrators' pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, Q

from accounts.models import Account, MessageState, Order, WebhookEndpoint, WebhookMessage


@dataclass(frozen=True)
class EndpointRow:
    """An endpoint, and how many messages wait for it or were given up."""

    endpoint: WebhookEndpoint
    waiting: int
    given_up: int


@dataclass(frozen=True)
class MessageRow:
    """A message, and what its event is about: an order's reference or an account's client id."""

    message: WebhookMessage
    about: str


def endpoints(rows: Sequence[WebhookEndpoint]) -> list[EndpointRow]:
    """The endpoints with their numbers. One query."""
    waiting, given_up = Q(state=MessageState.QUEUED.value), Q(state=MessageState.GIVEN_UP.value)
    found = WebhookMessage.objects.filter(waiting | given_up, endpoint__in=[row.pk for row in rows])
    counted = found.order_by().values_list("endpoint_id").annotate(
        waits=Count("pk", filter=waiting), gone=Count("pk", filter=given_up)
    )  # fmt: skip
    numbers = {pk: (waits, gone) for pk, waits, gone in counted}
    return [EndpointRow(row, *numbers.get(row.pk, (0, 0))) for row in rows]


def messages(rows: Sequence[WebhookMessage]) -> list[MessageRow]:
    """The messages with what they are about. Two queries."""
    ids = {row.event.subject_id for row in rows}
    names = dict(Order.objects.filter(pk__in=ids).values_list("pk", "reference"))
    names |= dict(Account.objects.filter(pk__in=ids).values_list("pk", "client_id"))
    return [MessageRow(row, names.get(row.event.subject_id, "")) for row in rows]
