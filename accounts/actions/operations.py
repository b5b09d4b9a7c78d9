"""Operations: what is asked of connectors, opened for tasks and orders, worked by any worker, used by the usual verbs.

The other side is asked outside any transaction; what it made is stored, sealed, in a commit of its own before anything
else happens. Whatever is cut off in between is done again with the same id, which the other side knows already.
"""

from __future__ import annotations

import logging
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from accounts.actions import connectors, results, setup
from accounts.actions.operation_ends import apply, fail
from accounts.actions.operation_wishes import wish_of
from accounts.gateways.provider import Outcome, Provider, Verdict
from accounts.lifecycle.errors import NotReady
from accounts.lifecycle.sentence import Sentence
from accounts.lifecycle.sentence import Sentence as _
from accounts.lifecycle.states import OrderKind, OrderState, TaskKind
from accounts.models import (
    AUTOMATIC,
    OF_TASK,
    Account,
    Connector,
    Operation,
    OperationKind,
    OperationState,
    Order,
    Task,
)
from accounts.models.encrypted import SealError
from accounts.people import connector_actor

logger = logging.getLogger(__name__)

Clock = Callable[[], datetime]
LEASE = timedelta(minutes=5)
RUN_FOR = timedelta(minutes=1)
GIVE_UP_AFTER = timedelta(days=3)
PAUSES = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2), timedelta(hours=6))
ASK_AGAIN = (timedelta(hours=1), timedelta(hours=6), timedelta(hours=12))
"""How long an answer that comes by itself is waited for before it is asked for again."""
OPENED_AT_ONCE = 1000
_OF_ORDER = {
    OrderKind.NEW_ACCESS.value: (OperationKind.SET_UP,),
    OrderKind.REACTIVATION.value: (OperationKind.ENABLE,),
    OrderKind.SECRET_ROTATION.value: (OperationKind.ADD_SECRET,),
}


@dataclass
class _Run:
    """One worker's round: its clock, counts, and an adapter for each environment."""

    clock: Clock
    between: Callable[[], None]
    adapter_of: Callable[[Connector], Provider]
    counts: Counter[str] = field(default_factory=Counter)
    adapters: dict[UUID, Provider] = field(default_factory=dict)
    seen: list[UUID] = field(default_factory=list)


def work_due(
    *,
    clock: Clock,
    between: Callable[[], None] = lambda: None,
    adapter_of: Callable[[Connector], Provider] | None = None,
) -> dict[str, int]:
    """Open what is wanted, and work on what is due; give how many were done, asked, postponed, failed, dropped.

    Safe in several processes. ``between`` is called after each (a job renews its lease there).
    """
    run = _Run(clock, between, adapter_of or (lambda connector: connectors.adapter(connector, clock=clock)))
    opened, dropped = open_wanted(now=clock()), drop_overtaken(now=clock())
    run.counts.update({"opened": opened, "dropped": dropped})
    end = clock() + RUN_FOR
    while clock() < end and (operation := _claim(clock(), but=run.seen)) is not None:
        run.seen.append(operation.pk)
        _work(operation, run)
        _give_back(operation)  # not after a mistake of ours: then the others come first
        between()
    return {name: number for name, number in run.counts.items() if number}


def open_wanted(*, now: datetime) -> int:
    """Open an operation for each open task, and for each order at Cegal, of environments with a connector."""
    return _open_for_tasks(now) + _open_for_orders(now)


def drop_overtaken(*, now: datetime) -> int:
    """Drop what people have done by hand meanwhile, and what belongs to an order that has left Cegal."""
    waiting = Operation.objects.exclude(state__in=[OperationState.DONE.value, OperationState.DROPPED.value])
    gone = waiting.filter(_OVERTAKEN)
    said = _("It was done by hand, or is not needed any more.").plain()
    ids = list(gone.values_list("pk", flat=True)[:OPENED_AT_ONCE])
    return waiting.filter(pk__in=ids).update(
        state=OperationState.DROPPED.value, sealed_secret="", sentence=said, ended_at=now, claim=None,
        claimed_until=None,
    )  # fmt: skip


_AT_CEGAL = Q(order__state=OrderState.CEGAL_SETUP.value, order__sent_to_cegal_at=F("sent_at"))
_OVERTAKEN = Q(task__done_at__isnull=False) | (Q(order__isnull=False) & ~_AT_CEGAL)


def _open_for_tasks(now: datetime) -> int:
    known = Operation.objects.filter(task=OuterRef("pk"))
    kinds = [kind.value for kind in OF_TASK]
    tasks = Task.objects.providers().open().filter(kind__in=kinds, account__environment__provider__in=AUTOMATIC)
    wanted = tasks.filter(~Exists(known)).select_related("account").order_by("opened_at", "pk")[:OPENED_AT_ONCE]
    rows = [
        _new(OF_TASK[TaskKind(task.kind)], task.account.environment_id, now, task=task, account=task.account)
        for task in wanted
    ]
    return len(Operation.objects.bulk_create(rows, ignore_conflicts=True, batch_size=500)) if rows else 0


def _open_for_orders(now: datetime) -> int:
    orders = Order.objects.filter(state=OrderState.CEGAL_SETUP.value).filter(
        Q(environments__provider__in=AUTOMATIC) | Q(concerns__environment__provider__in=AUTOMATIC)
    )
    some = orders.select_related("concerns__environment").prefetch_related("environments").distinct()
    rows = [row for order in some for row in _of_order(order, now)]
    known = Operation.objects.filter(order__in={row.order_id for row in rows})
    there = set(known.values_list("order_id", "environment_id", "kind", "sent_at"))
    new = [row for row in rows if (row.order_id, row.environment_id, row.kind, row.sent_at) not in there]
    return len(Operation.objects.bulk_create(new, ignore_conflicts=True, batch_size=500)) if new else 0


def _of_order(order: Order, now: datetime) -> list[Operation]:
    account = order.concerns
    environments = [account.environment] if account is not None else list(order.environments.all())
    kinds = list(_OF_ORDER[order.kind])
    if order.reactivates is not None and _needs_secret(order, now):
        kinds.append(OperationKind.ADD_SECRET)
    return [
        _new(kind, environment.pk, now, order=order, sent_at=order.sent_to_cegal_at, account=account)
        for environment in environments if environment.provider in AUTOMATIC for kind in kinds
    ]  # fmt: skip


def _needs_secret(order: Order, now: datetime) -> bool:
    assert order.concerns is not None  # noqa: S101 - a reactivation is about an account
    by = connector_actor(order.concerns.environment)
    return setup.needs_new_secret(order, by=by, today=timezone.localdate(now))


def _new(kind: OperationKind, environment_id: UUID, now: datetime, **about: Any) -> Operation:
    return Operation(
        kind=kind.value, environment_id=environment_id, created_at=now, begun_at=now, due_at=now, **about
    )  # fmt: skip


def _claim(now: datetime, but: Sequence[UUID] = ()) -> Operation | None:
    """Take the operation that is due longest and that nobody holds; of one account or order one at a time."""
    token = uuid.uuid4()
    with transaction.atomic():
        free = _free(now).exclude(pk__in=but).order_by("due_at", "pk").select_for_update(skip_locked=True, of=("self",))
        found = free.first()
        if found is None:
            return None
        if found.account_id:  # two workers must not disable and enable one client at once
            Account.objects.select_for_update().filter(pk=found.account_id).first()
        if not _free(now).filter(pk=found.pk).update(claim=token, claimed_until=now + LEASE):
            return None
    row = Operation.objects.select_related("environment", "account", "order", "task__credential").get(pk=found.pk)
    return row if row.claim == token else None


def _free(now: datetime) -> QuerySet[Operation]:
    nobodys = Q(claimed_until__isnull=True) | Q(claimed_until__lte=now)
    beside = Operation.objects.filter(account=OuterRef("account"), claimed_until__gt=now).exclude(pk=OuterRef("pk"))
    return Operation.objects.open().filter(nobodys, ~Exists(beside), due_at__lte=now)


def _mine(operation: Operation) -> QuerySet[Operation]:
    return Operation.objects.filter(pk=operation.pk, claim=operation.claim)


def _give_back(operation: Operation) -> None:
    _mine(operation).update(claim=None, claimed_until=None)


def _work(operation: Operation, run: _Run) -> None:
    """Ask, store what came of it, use it. One that was answered before is only used."""
    if Operation.objects.filter(_OVERTAKEN, pk=operation.pk).exists():
        run.counts["dropped"] += drop_overtaken(now=run.clock())
        return
    if operation.state != OperationState.ANSWERED.value:
        outcome = _ask(operation, run)
        run.counts[_store(operation, outcome, run.clock())] += 1
    if Operation.objects.filter(pk=operation.pk, state=OperationState.ANSWERED.value).exists():
        run.counts[apply(operation, now=run.clock())] += 1


def _ask(operation: Operation, run: _Run) -> Outcome:
    connector = Connector.objects.select_related("environment").filter(environment=operation.environment_id).first()
    if connector is None:
        said = _("People make the clients of this environment now.")
        return Outcome(Verdict.REFUSED, said.text, said.params)
    try:
        if connector.pk not in run.adapters:
            run.adapters[connector.pk] = run.adapter_of(connector)
        wish = wish_of(operation, connector, today=timezone.localdate(run.clock()))
    except (SealError, NotReady) as refusal:
        return Outcome(Verdict.REFUSED, refusal.sentence.text, refusal.sentence.params)
    outcome: Outcome = getattr(run.adapters[connector.pk], operation.kind)(wish)
    return outcome


def _store(operation: Operation, outcome: Outcome, now: datetime) -> str:
    """Keep what came of it. Raises nothing; one whose lease ran out meanwhile is somebody else's."""
    said = Sentence(outcome.sentence, **outcome.params)
    if outcome.verdict is Verdict.REFUSED:
        return fail(operation, said, now=now)
    attempts = operation.attempts + 1
    kept: dict[str, Any] = {"attempts": attempts, "sentence": said.plain()}
    if outcome.verdict is Verdict.DONE:
        kept |= {"state": OperationState.ANSWERED.value, "due_at": now}
        if outcome.made is not None:
            kept["sealed_secret"] = results.sealed(operation.pk, outcome.made)
        counted = "answered"
    elif now >= operation.begun_at + GIVE_UP_AFTER:
        return fail(operation, said, now=now)
    elif outcome.verdict is Verdict.ASKED:
        kept |= {"state": OperationState.ASKED.value, "due_at": now + ASK_AGAIN[min(attempts, len(ASK_AGAIN)) - 1]}
        counted = "asked"
    else:
        pause = max(PAUSES[min(attempts, len(PAUSES)) - 1], timedelta(seconds=outcome.wait or 0))
        kept |= {"due_at": min(now + pause, max(now, operation.begun_at + GIVE_UP_AFTER))}
        counted = "postponed"
    open_ones = _mine(operation).exclude(state=OperationState.ANSWERED.value)  # an answer may have come by itself
    if not open_ones.filter(pk__in=Operation.objects.open().values("pk")).update(**kept):
        logger.info("an operation was answered or taken over meanwhile", extra={"operation": str(operation.pk)})
    return counted
