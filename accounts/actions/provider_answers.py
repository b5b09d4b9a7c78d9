"""Answers that come by themselves: a provider by webhook says, signed, what became of an operation."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from standardwebhooks import Webhook, WebhookVerificationError

from accounts import outbox
from accounts.actions import connectors, results
from accounts.actions.operation_ends import fail
from accounts.gateways.provider import Made
from accounts.gateways.talk import is_storable
from accounts.lifecycle.errors import LostRace, NotAllowed, NotReady
from accounts.lifecycle.sentence import Sentence as _
from accounts.models import Connector, Operation, OperationState, ProviderKind
from accounts.models.account import normal_client_id
from accounts.models.encrypted import SealError

FIELDS = ("operation", "outcome", "client_id", "client_secret", "key_id", "expires_on", "reason")
LONGEST = {"client_id": 200, "client_secret": 500, "key_id": 100, "expires_on": 10, "reason": 300}
TAKES_AN_ANSWER = (OperationState.WAITING.value, OperationState.ASKED.value, OperationState.FAILED.value)
"""Also one that was given up: an answer that comes late is still one, as long as people were not first."""


@dataclass(frozen=True)
class Answer:
    """What became of a callback; ``replayed``: it had come before, and changed nothing more."""

    operation: Operation
    replayed: bool = False


def take(environment_id: UUID, body: bytes, headers: Mapping[str, str], *, now: datetime) -> Answer:
    """Take the answer in ``body``, and wake a worker that uses it.

    Raises NotAllowed for a signature that is none, or too old; NotReady for what cannot be read or used; LostRace
    when it was answered before, or is not waited for any more.
    """
    said = _verified(environment_id, body, headers)
    _check(said)
    id = next(value for name, value in headers.items() if name.lower() == "webhook-id")[:200]
    with transaction.atomic():
        operation = _operation(environment_id, said)
        if operation.answer_id == id:
            return Answer(operation, replayed=True)
        if operation.state not in TAKES_AN_ANSWER:
            raise LostRace(_("This operation was answered already, or people did it: nothing was changed."))
        if said.get("outcome") == "refused":
            _refused(operation, said, id, now)
        else:
            _done(operation, said, id, now)
    outbox.wake(outbox.OPERATE)
    return Answer(operation)


def _verified(environment_id: UUID, body: bytes, headers: Mapping[str, str]) -> dict[str, Any]:
    """The JSON object of a rightly signed request. An environment without such a provider refuses like a stranger."""
    wrong = NotAllowed(_("The signature is wrong, missing, or older than five minutes. Nothing was read."))
    found = Connector.objects.filter(environment=environment_id, kind=ProviderKind.WEBHOOK.value).first()
    if found is None:
        raise wrong
    try:
        Webhook(connectors.secret_of(found)).verify(body, dict(headers), json_parse=False)
    except (WebhookVerificationError, ValueError, SealError):
        raise wrong from None
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        raise NotReady(_("Send one JSON object."))
    return said


def _check(said: Mapping[str, Any]) -> None:
    if unknown := sorted(said.keys() - set(FIELDS)):
        raise NotReady(_("There is no field %(names)s. Known: %(known)s.", names=", ".join(unknown)[:200],
                         known=", ".join(FIELDS)))  # fmt: skip
    for name, value in said.items():
        if not isinstance(value, str) or len(value) > LONGEST.get(name, 40) or not is_storable(value):
            raise NotReady(_("%(name)s must be a text of at most %(most)s characters.", name=name,
                             most=LONGEST.get(name, 40)))  # fmt: skip
    if said.get("outcome") not in ("done", "refused"):
        raise NotReady(_("outcome must be done or refused."))
    if said["outcome"] == "refused" and not said.get("reason", "").strip():
        raise NotReady(_("Say in reason why it is refused: people read it."))


def _operation(environment_id: UUID, said: Mapping[str, Any]) -> Operation:
    try:
        pk = UUID(said.get("operation", ""))
    except ValueError:
        raise NotReady(_("operation must be the id that stood in the request.")) from None
    rows = Operation.objects.select_for_update(of=("self",)).select_related("environment", "account", "order", "task")
    found = rows.filter(pk=pk, environment=environment_id).first()
    if found is None:
        raise NotReady(_("There is no such operation in this environment."))
    return found


def _refused(operation: Operation, said: Mapping[str, Any], id: str, now: datetime) -> None:
    if operation.state == OperationState.FAILED.value:
        raise LostRace(_("This operation was given up already: people do it now."))
    fail(operation, _("The provider refused it: %(reason)s", reason=said["reason"].strip()), now=now)
    Operation.objects.filter(pk=operation.pk).update(answer_id=id)


def _done(operation: Operation, said: Mapping[str, Any], id: str, now: datetime) -> None:
    columns: dict[str, Any] = {"sealed_secret": "", "sentence": {}}
    if operation.kind in results.WITH_SECRET:
        columns["sealed_secret"] = results.sealed(operation.pk, _made(operation, said))
    Operation.objects.filter(pk=operation.pk).update(
        state=OperationState.ANSWERED.value, answer_id=id, due_at=now, ended_at=None, claim=None, claimed_until=None,
        **columns,
    )  # fmt: skip


def _made(operation: Operation, said: Mapping[str, Any]) -> Made:
    secret, client_id = said.get("client_secret", "").strip(), said.get("client_id", "").strip()
    if operation.account is not None and not client_id:
        client_id = operation.account.client_id
    if not secret or not client_id:
        raise NotReady(_("Send client_id and client_secret."))
    if operation.account is not None and normal_client_id(client_id) != operation.account.client_id:
        raise NotReady(_("client_id is not that of the account of which this was asked."))
    return Made(client_id, secret, said.get("key_id", "").strip(), _day(said.get("expires_on", "")))


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise NotReady(_("expires_on must be a date, such as 2027-01-31.")) from None
