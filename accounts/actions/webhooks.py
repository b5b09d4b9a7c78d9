"""Webhook endpoints: made by administrators, their secret shown once; messages sent again, a range replayed."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings as conf
from django.db import transaction

from accounts import outbox
from accounts.actions import engine, settings
from accounts.actions.engine import Change, Owed
from accounts.gateways.webhook import url_problem
from accounts.lifecycle.actor import Actor
from accounts.lifecycle.errors import LostRace, NotReady
from accounts.lifecycle.sentence import Sentence as _
from accounts.lifecycle.states import Audience
from accounts.lifecycle.transition import Tell
from accounts.models import Account, Event, MessageState, Order, WebhookEndpoint, WebhookMessage
from accounts.models.encrypted import seal
from accounts.models.ids import ordered_ids

PREFIX = "whsec_"  # of the Standard Webhooks specification
SECRET_BYTES = 32
DISABLE_AFTER = timedelta(days=5)
MOST_REPLAYED = 10_000
AGAIN = {
    "state": MessageState.QUEUED.value, "attempts": 0, "delivered_at": None, "claim": None, "claimed_until": None,
    "last_error": "",
}  # fmt: skip


@dataclass(frozen=True)
class NewEndpoint:
    """An endpoint and its secret, which is seen only now."""

    endpoint: WebhookEndpoint
    secret: str


def make(name: str, url: str, *, verbs: Collection[str], by: Actor, now: datetime) -> NewEndpoint:
    """Make an endpoint that is told of ``verbs`` (none: of all) from now on. Raises NotReady, NotAllowed."""
    settings.must_be_administrator(by)
    if not name.strip():
        raise NotReady(_("Name the program that is told."))
    if problem := url_problem(url.strip(), allow_private=conf.WEBHOOK_PRIVATE_ADDRESSES):
        raise NotReady(_("%(why)s", why=problem))
    secret = PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()
    endpoint = WebhookEndpoint(name=name.strip()[:100], url=url.strip(), verbs=sorted(set(verbs)), created_at=now)
    endpoint.sealed_secret = seal(secret, context=endpoint.pk.bytes, keys=conf.CREDENTIAL_KEYS)
    said = {"name": endpoint.name, "url": endpoint.url, "verbs": endpoint.verbs}
    engine.begin([endpoint], "add", by=by, now=now, change=Change(data=lambda _endpoint: said))
    return NewEndpoint(endpoint, secret)


def set_active(endpoint: WebhookEndpoint, active: bool, *, by: Actor, now: datetime, comment: str = "") -> Event | None:
    """Switch an endpoint off, or on again; nothing when it is so already. What is queued when it is off is given up."""
    settings.must_be_administrator(by)
    if endpoint.active == active:
        return None
    columns = {"active": active, "failing_since": None}
    verb = "restore" if active else "retire"
    return settings.record_one(
        endpoint, verb, by=by, now=now, change=Change(comment=comment, columns=columns)
    )  # fmt: skip


def disable_failing(*, by: Actor, now: datetime) -> int:
    """Switch off the endpoints to which nothing got through for [5] days, tell the administrators; give how many."""
    long_ago = now - DISABLE_AFTER
    failing = WebhookEndpoint.objects.filter(active=True, failing_since__lte=long_ago)
    number = 0
    for endpoint in failing:
        change = Change(
            columns={"active": False},
            data=lambda one: {
                "name": one.name,
                "url": one.url,
                "failing_since": one.failing_since.isoformat() if one.failing_since else "",
            },
        )
        owed = Owed((Tell("webhook_disabled", Audience.ADMINISTRATOR),))
        number += len(engine.record([endpoint], "disable", by=by, now=now, change=change, owed=owed))
    return number


def send_again(message: WebhookMessage, *, by: Actor, now: datetime) -> None:
    """Queue one message once more, with the same id. Raises NotReady while it waits, LostRace, NotAllowed."""
    settings.must_be_administrator(by)
    if message.state == MessageState.QUEUED.value:
        raise NotReady(_("This message is still waiting: it goes out by itself."))
    if not message.endpoint.active:
        raise NotReady(_("The endpoint is switched off. Switch it on first."))
    mine = WebhookMessage.objects.filter(pk=message.pk, state=message.state)
    if not mine.update(**AGAIN, created_at=now, due_at=now):
        raise LostRace(_("Somebody else sent this message again a moment ago."))
    outbox.wake(outbox.CALL)


@transaction.atomic
def replay(endpoint: WebhookEndpoint, first: datetime, last: datetime, *, by: Actor, now: datetime) -> int:
    """Send all events from ``first`` to ``last`` that the endpoint wants, also those it was never told of.

    Each has its own id of before. Gives their number. Raises NotReady for a range that cannot be, NotAllowed.
    """
    settings.must_be_administrator(by)
    if first > last:
        raise NotReady(_("The last day lies before the first."))
    if not endpoint.active:
        raise NotReady(_("The endpoint is switched off. Switch it on first."))
    kinds = [Order.subject_type(), Account.subject_type()]
    found = Event.objects.filter(subject_type__in=kinds, at__gte=first, at__lte=last).order_by("at", "pk")
    wanted = [event for event in found[: MOST_REPLAYED + 1] if outbox.is_told(event) and outbox.wants(endpoint, event)]
    if len(wanted) > MOST_REPLAYED:
        raise NotReady(_("These are more than %(most)s events. Choose fewer days.", most=MOST_REPLAYED))
    again = WebhookMessage.objects.filter(endpoint=endpoint, event__in=[event.pk for event in wanted])
    again.exclude(state=MessageState.QUEUED.value).update(**AGAIN, created_at=now, due_at=now)
    there = set(again.values_list("event_id", flat=True))
    ids = ordered_ids(now)
    WebhookMessage.objects.bulk_create(
        [WebhookMessage(id=next(ids), endpoint=endpoint, event=event, created_at=now, due_at=now)
         for event in wanted if event.pk not in there], batch_size=500,
    )  # fmt: skip
    settings.record_one(
        endpoint, "replay", by=by, now=now,
        change=Change(data=lambda _one: {"first": first.isoformat(), "last": last.isoformat(), "number": len(wanted)}),
    )  # fmt: skip
    outbox.wake(outbox.CALL)
    return len(wanted)
