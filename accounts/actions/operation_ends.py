"""How operations end: used by the ordinary verbs, failed for good so that people take over, or begun again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from accounts import outbox
from accounts.actions import engine, new_secret, provider, results, setup
from accounts.actions.engine import Change, Owed
from accounts.lifecycle.actor import Actor
from accounts.lifecycle.errors import LostRace, NotAllowed, Refused
from accounts.lifecycle.sentence import Sentence
from accounts.lifecycle.sentence import Sentence as _
from accounts.lifecycle.states import Audience, OrderState, Role
from accounts.lifecycle.transition import Tell
from accounts.models import Account, Operation, OperationKind, OperationState, Order, Task
from accounts.models.encrypted import SealError
from accounts.people import connector_actor

LOOK_AGAIN = timedelta(hours=1)
TOLD_EVERY = timedelta(hours=1)
"""Support is told of the first failure of an environment in this time: one cause fails many operations."""
_TELLS = (Tell("connector_failed", Audience.SUPPORT), Tell("connector_failed_cegal", Audience.CEGAL))


def apply(operation: Operation, *, now: datetime) -> str:
    """Use an answered operation by the verb that a person would use; give what it counts as.

    An order waits until everything that it needs is there; ``complete_setup`` takes it then. When people were first,
    the operation is dropped; when the verb refuses it for good, it failed.
    """
    by = connector_actor(operation.environment)
    use = _of_task(operation, operation.task, by, now) if operation.task else _of_order(operation, by, now)
    if use is None:
        _answered(operation).update(due_at=now + LOOK_AGAIN)
        return "waiting"
    try:
        with transaction.atomic():
            use()
            _answered(operation).update(**_ended(OperationState.DONE, now))
    except LostRace as lost:
        _answered(operation).update(**_ended(OperationState.DROPPED, now), sentence=lost.sentence.plain())
        return "dropped"
    except SealError as error:
        return fail(operation, error.sentence, now=now)
    except Refused as refusal:
        return fail(operation, refusal.sentence, now=now)
    return "done"


def fail(operation: Operation, why: Sentence, *, now: datetime) -> str:
    """It failed for good: people take it over. What it made is destroyed; Support and Cegal are told."""
    with transaction.atomic():
        mine = Operation.objects.open().filter(pk=operation.pk)
        before = Operation.objects.filter(
            environment=operation.environment_id, state=OperationState.FAILED.value, ended_at__gt=now - TOLD_EVERY
        ).exists()
        if not mine.update(**_ended(OperationState.FAILED, now), sentence=why.plain(), attempts=operation.attempts + 1):
            return "dropped"
        said = {
            "operation": operation.kind, "environment": operation.environment.name, "why": why.plain()
        }  # fmt: skip
        engine.note(
            _subject(operation), "connector_failed", by=connector_actor(operation.environment), now=now,
            change=Change(data=lambda _subject: said), owed=Owed(() if before else _TELLS),
        )  # fmt: skip
    return "failed"


def begin_again(operation: Operation, *, by: Actor, now: datetime) -> None:
    """Let the connector try once more what failed, as the same operation.

    Raises NotAllowed for anybody but Support, Cegal and administrators, LostRace when it is not failed any more.
    """
    if not by.holds(Role.SUPPORT, Role.CEGAL, Role.ADMINISTRATOR):
        raise NotAllowed(_("Only Support, Cegal or an administrator can do this."))
    with transaction.atomic():
        failed = Operation.objects.filter(pk=operation.pk, state=OperationState.FAILED.value)
        fresh = {"state": OperationState.WAITING.value, "begun_at": now, "due_at": now, "attempts": 0, "ended_at": None}
        if not failed.update(**fresh, claim=None, claimed_until=None):
            raise LostRace(_("This is not waiting for anybody any more. Look at it again."))
        said = {"operation": operation.kind, "environment": operation.environment.name}
        engine.note(_subject(operation), "retry_connector", by=by, now=now, change=Change(data=lambda _subject: said))
    outbox.wake(outbox.OPERATE)


def _of_task(operation: Operation, seen: Task, by: Actor, now: datetime) -> Callable[[], object]:
    task = Task.objects.select_related("account__environment").get(pk=seen.pk)
    if operation.kind != OperationKind.ADD_SECRET.value:
        return lambda: provider.confirm(task, by=by, now=now)

    def enter() -> object:
        made = results.opened(Operation.objects.get(pk=operation.pk))
        return new_secret.enter_new_secret(
            task.account, client_secret=made.secret, expires_on=made.expires_on, key_id=made.key_id, by=by, now=now
        )

    return enter


def _of_order(operation: Operation, by: Actor, now: datetime) -> Callable[[], object] | None:
    """Complete the setup; None while something is missing that people, or another operation, must give."""
    order = Order.objects.select_related("concerns__environment").get(pk=str(operation.order_id))
    if order.state != OrderState.CEGAL_SETUP.value or not _is_all_there(order):
        return None
    return lambda: setup.complete_setup(order, by=by, now=now)


def _is_all_there(order: Order) -> bool:
    mine = results.of_order(order)
    if mine.exclude(state=OperationState.ANSWERED.value).exists():
        return False
    if order.concerns_id is not None:
        return True
    wanted = set(order.environments.values_list("pk", flat=True))
    return wanted == set(mine.values_list("environment_id", flat=True))


def _answered(operation: Operation) -> Any:
    return Operation.objects.filter(pk=operation.pk, state=OperationState.ANSWERED.value)


def _ended(state: OperationState, now: datetime) -> dict[str, Any]:
    return {"state": state.value, "sealed_secret": "", "ended_at": now}


def _subject(operation: Operation) -> Order | Account:
    if operation.order is not None:
        return Order.objects.select_related("requester").get(pk=operation.order.pk)
    assert operation.account is not None  # noqa: S101 - the database holds it for an operation of a task
    return Account.objects.select_related("owner").get(pk=operation.account.pk)
