"""The post room for programs: claim the webhook messages that are due, sign, send, stamp; retry, give up visibly.

Signed by the Standard Webhooks specification: headers ``webhook-id``, ``webhook-timestamp``, ``webhook-signature``.
"""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone
from standardwebhooks import Webhook

from accounts.delivery import claim as claims
from accounts.delivery.claim import Claim
from accounts.delivery.post_room import RUN_FOR, Clock
from accounts.gateways import webhook
from accounts.gateways.client import GuardedClient
from accounts.models import Account, Event, MessageState, Order, WebhookEndpoint, WebhookMessage
from accounts.models.encrypted import SealError, unseal

logger = logging.getLogger(__name__)

BATCH = 20  # each may take ten seconds, and all of them fit into a lease
GIVE_UP_AFTER = timedelta(days=3)
PAUSES = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2), timedelta(hours=6))
SILENCES = 2
"""After so many failures in a row an endpoint's other messages of the batch wait, so that it holds up nobody else."""


def deliver_webhooks(
    now: datetime | Clock, *, client: GuardedClient | None = None, between: Callable[[], None] = lambda: None
) -> dict[str, int]:
    """Deliver what is due; give how many were ``delivered``, ``postponed``, ``given_up``. Safe in several processes.

    ``now`` is a time or a clock; ``between`` is called after each message (a job renews its lease there).
    """
    clock: Clock = now if callable(now) else lambda: now
    end, counts = clock() + RUN_FOR, Counter[str]()
    while clock() < end:
        claim = claims.take(clock(), BATCH, WebhookMessage)
        if claim is None:
            break
        try:
            _deliver(claim, clock, counts, client, between)
        finally:
            claim.release()
    return dict(counts)


def payload(event: Event, subject: Order | Account) -> dict[str, Any]:
    """What a receiver is told: what happened to what. Who did it and the words stay behind the API."""
    kind = event.subject_type
    about = {"reference": subject.reference} if isinstance(subject, Order) else {
        "id": str(subject.pk), "client_id": subject.client_id, "environment": subject.environment.name}  # fmt: skip
    return {
        "type": f"{kind}.{event.verb}",
        "timestamp": timezone.localtime(event.at).isoformat(),
        "data": {"seq": event.seq, "from": event.source, "to": event.target, kind: about},
    }


def pause(attempts: int) -> timedelta:
    """How long to wait after so many failed attempts: longer and longer, at most six hours."""
    return PAUSES[min(attempts, len(PAUSES)) - 1]


def _deliver(
    claim: Claim, clock: Clock, counts: Counter[str], client: GuardedClient | None, between: Callable[[], None]
) -> None:
    messages = list(claim.held().select_related("endpoint", "event").order_by("due_at", "event_id"))
    subjects, silent = _subjects(messages), Counter[Any]()
    for message in messages:
        now = clock()
        if claim.runs_out(now):
            return
        if silent[message.endpoint_id] >= SILENCES:
            counts[
                _not_now(message, claim, now, "Waits: the messages before it did not get through.", tried=False)
            ] += 1
            continue
        why = _send(message, subjects.get(message.event.subject_id), now, client)
        silent[message.endpoint_id] = silent[message.endpoint_id] + 1 if why else 0
        counts[_not_now(message, claim, now, why) if why else _delivered(message, claim, now)] += 1
        between()


def _subjects(messages: list[WebhookMessage]) -> dict[Any, Order | Account]:
    ids = {message.event.subject_id for message in messages}
    return {**Order.objects.in_bulk(ids), **Account.objects.select_related("environment").in_bulk(ids)}


def _send(message: WebhookMessage, subject: Order | Account | None, now: datetime, client: GuardedClient | None) -> str:
    """Sign and send one message; why it did not get through, "" when it did."""
    endpoint = message.endpoint
    if not endpoint.active:
        return "The endpoint is switched off."
    if subject is None:
        return "What the event is about is not there any more."
    try:
        secret = unseal(endpoint.sealed_secret, context=endpoint.pk.bytes, keys=settings.CREDENTIAL_KEYS)
    except SealError as error:
        logger.exception("the secret of a webhook cannot be opened", extra={"endpoint": str(endpoint.pk)})
        return str(error.sentence)
    content = json.dumps(payload(message.event, subject), ensure_ascii=False)
    headers = {
        "Content-Type": "application/json",
        "webhook-id": str(message.pk),
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign(str(message.pk), now, content),
    }
    private = settings.WEBHOOK_PRIVATE_ADDRESSES
    return webhook.send(endpoint.url, headers, content.encode(), allow_private=private, client=client).why


def _delivered(message: WebhookMessage, claim: Claim, now: datetime) -> str:
    stamped = _stamp(
        message, claim, state=MessageState.DELIVERED.value, delivered_at=now, attempts=message.attempts + 1,
        last_error="",
    )  # fmt: skip
    if not stamped:
        logger.warning("a webhook was sent after its claim had run out", extra={"message_id": str(message.pk)})
    WebhookEndpoint.objects.filter(pk=message.endpoint_id, failing_since__isnull=False).update(failing_since=None)
    return "delivered"


def _not_now(message: WebhookMessage, claim: Claim, now: datetime, why: str, *, tried: bool = True) -> str:
    """Due again after a pause that grows, or given up some days after it was owed."""
    attempts, end = message.attempts + tried, message.created_at + GIVE_UP_AFTER
    if tried:
        WebhookEndpoint.objects.filter(pk=message.endpoint_id, failing_since__isnull=True).update(failing_since=now)
    if now >= end or not message.endpoint.active:
        _stamp(message, claim, state=MessageState.GIVEN_UP.value, due_at=now, attempts=attempts, last_error=why[:500])
        return "given_up"
    due_at = min(now + pause(max(attempts, 1)), end)
    _stamp(message, claim, due_at=due_at, attempts=attempts, last_error=why[:500])
    return "postponed"


def _stamp(message: WebhookMessage, claim: Claim, **columns: object) -> bool:
    mine = WebhookMessage.objects.filter(pk=message.pk, claim=claim.token, state=MessageState.QUEUED.value)
    return bool(mine.update(claim=None, claimed_until=None, **columns))
