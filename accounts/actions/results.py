"""What connectors made for an order: sealed until the order's setup takes it (see operations)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet

from accounts.gateways.provider import Made
from accounts.models import Operation, OperationKind, OperationState, Order
from accounts.models.encrypted import seal, unseal
from accounts.models.setup import Setup

WITH_SECRET = (OperationKind.SET_UP.value, OperationKind.ADD_SECRET.value)


def sealed(operation_id: UUID, made: Made) -> str:
    """The result of an operation, encrypted for its own row and no other."""
    text = json.dumps(
        {"client_id": made.client_id, "secret": made.secret, "key_id": made.key_id,
         "expires_on": made.expires_on.isoformat() if made.expires_on else ""}
    )  # fmt: skip
    return seal(text, context=operation_id.bytes, keys=settings.CREDENTIAL_KEYS)


def opened(operation: Operation) -> Made:
    """The result in clear, for the moment it is needed. Raises SealError when its key is gone."""
    said = json.loads(unseal(operation.sealed_secret, context=operation.pk.bytes, keys=settings.CREDENTIAL_KEYS))
    until = date.fromisoformat(said["expires_on"]) if said["expires_on"] else None
    return Made(said["client_id"], said["secret"], said["key_id"], until)


def of_order(order: Order) -> QuerySet[Operation]:
    """The operations that this sending of the order to Cegal began."""
    return Operation.objects.filter(order=order, sent_at=order.sent_to_cegal_at).select_related("environment")


def made_for(order: Order, entered: Sequence[Setup]) -> list[Setup]:
    """What connectors made for ``order`` in the environments of which nobody entered anything by hand."""
    by_hand = {setup.environment.pk for setup in entered if setup.client_secret.strip()}
    ready = of_order(order).filter(state=OperationState.ANSWERED.value, kind__in=WITH_SECRET)
    return [_setup(one) for one in ready if one.environment_id not in by_hand]


def use(order: Order, taken: Iterable[Setup], *, now: datetime) -> None:
    """The order's setup is complete: what it took of connectors is done with, what it did not take is dropped."""
    environments = {setup.environment.pk for setup in taken}
    answered = of_order(order).filter(state=OperationState.ANSWERED.value)
    ended = {"sealed_secret": "", "ended_at": now, "claim": None, "claimed_until": None}
    used = answered.filter(environment__in=environments) | answered.exclude(kind__in=WITH_SECRET)
    used.update(state=OperationState.DONE.value, **ended)
    open_or_failed = of_order(order).exclude(state__in=[OperationState.DONE.value, OperationState.DROPPED.value])
    open_or_failed.update(state=OperationState.DROPPED.value, **ended)


def _setup(operation: Operation) -> Setup:
    made = opened(operation)
    return Setup(operation.environment, made.client_id, made.secret, made.expires_on, made.key_id)
