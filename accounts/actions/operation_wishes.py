"""An operation as its adapter is asked for it."""

from __future__ import annotations

import uuid
from datetime import date, timedelta

from accounts.gateways.provider import PREFIX, Wish
from accounts.lifecycle.errors import NotReady
from accounts.lifecycle.sentence import Sentence as _
from accounts.models import Connector, Operation, OperationKind

WITH_NEW_SECRET = (OperationKind.SET_UP.value, OperationKind.ADD_SECRET.value)


def wish_of(operation: Operation, connector: Connector, *, today: date) -> Wish:
    """What is asked. Raises NotReady where the portal does not know enough: then people must."""
    return Wish(
        id=str(operation.pk),
        environment=operation.environment.name,
        client_id=operation.account.client_id if operation.account else "",
        name=_name(operation),
        label=_label(operation),
        key_id=_key_id(operation),
        until=today + timedelta(days=connector.secret_days) if operation.kind in WITH_NEW_SECRET else None,
    )


def _name(operation: Operation) -> str:
    """The unique name of a new client: the same however often the order is sent, so that there is one."""
    if operation.kind != OperationKind.SET_UP.value or operation.order_id is None:
        return ""
    return f"{PREFIX}{uuid.uuid5(operation.order_id, str(operation.environment_id))}"


def _label(operation: Operation) -> str:
    order = operation.order
    return f"{order.organisation_name} ({order.reference})" if order is not None else ""


def _key_id(operation: Operation) -> str:
    if operation.kind != OperationKind.REMOVE_SECRET.value:
        return ""
    credential = operation.task.credential if operation.task else None
    if credential is None or not credential.key_id:
        raise NotReady(_("The portal does not know the provider’s id of this secret. Remove it by hand."))
    return credential.key_id
