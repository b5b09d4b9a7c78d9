"""Reconciliation: how the clients stand at each provider, compared with what the portal says. Changes neither side.

What differs is kept until the next comparison; a person decides what is done about it.
"""

from __future__ import annotations

import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts import outbox
from accounts.actions import connectors, provider, results, settings
from accounts.actions.engine import Change, Owed
from accounts.gateways.provider import Client, Provider, Seen
from accounts.lifecycle.actor import Actor
from accounts.lifecycle.errors import NotAllowed, NotReady
from accounts.lifecycle.sentence import Sentence
from accounts.lifecycle.sentence import Sentence as _
from accounts.lifecycle.states import AccountState, Role, TaskKind
from accounts.models import (
    Account,
    Connector,
    Credential,
    Event,
    Finding,
    FindingKind,
    Operation,
    OperationKind,
    OperationState,
    Task,
)
from accounts.models.connector import RESOLVED_BY
from accounts.models.encrypted import SealError
from accounts.models.insert import insert_rows

SOON = timedelta(days=30)
CHUNK = 1000
_STOPPED = (AccountState.SUSPENDED.value, AccountState.CLOSED.value)


@dataclass
class _Known:
    """What the portal knows of the secrets of one account: their ids, and how many it has no id of."""

    keys: set[str] = field(default_factory=set)
    nameless: int = 0


def reconcile(
    *,
    clock: Callable[[], datetime],
    between: Callable[[], None] = lambda: None,
    adapter_of: Callable[[Connector], Provider] | None = None,
) -> dict[str, int]:
    """Compare every environment with a connector; give how many were compared, and could not be, and differ."""
    counts: Counter[str] = Counter()
    adapt = adapter_of or (lambda connector: connectors.adapter(connector, clock=clock))
    for connector in Connector.objects.select_related("environment"):
        ids = list(Account.objects.filter(environment=connector.environment_id).values_list("client_id", flat=True))
        try:
            seen = adapt(connector).look(ids)
        except SealError as error:
            seen = Seen(problem=error.sentence.text, params=error.sentence.params)
        counts.update(_keep(connector, seen, clock()))
        between()
    return dict(counts)


def ask_for_comparison(*, by: Actor) -> None:
    """Have a worker compare now. Raises NotAllowed for anybody but Support and administrators."""
    _check_staff(by)
    outbox.wake(outbox.RECONCILE)


def open_again(finding: Finding, *, by: Actor, now: datetime) -> Event:
    """Ask the provider once more to bring the client in step with the account.

    Raises NotReady where no task resolves the difference, or the account is not as it was when they were compared;
    NotAllowed, LostRace.
    """
    _check_staff(by)
    account = Account.objects.select_related("owner").get(pk=str(finding.account_id)) if finding.account_id else None
    if account is None or finding.kind not in RESOLVED_BY:
        raise NotReady(_("No task resolves this difference. See what the page says about it."))
    wanted, other = RESOLVED_BY[finding.kind]
    if (account.state in _STOPPED) is not (wanted is TaskKind.DISABLE_CLIENT):
        raise NotReady(_("The account has changed since the comparison. Compare again."))
    if account.tasks.filter(kind=wanted.value, done_at__isnull=True).exists():
        raise NotReady(_("This task is open already."))

    def supersede(_changes: list[tuple[Account, Event]]) -> None:
        provider.supersede(account, other, by=by, now=now)

    change = Change(also=supersede, data=lambda _account: {"task": wanted.value})
    return settings.record_one(
        account, "ask_provider_again", by=by, now=now, change=change, owed=Owed(owes=(wanted,))
    )  # fmt: skip


def _check_staff(by: Actor) -> None:
    if not by.holds(Role.SUPPORT, Role.ADMINISTRATOR):
        raise NotAllowed(_("Only Support or an administrator can do this."))


def _keep(connector: Connector, seen: Seen, now: datetime) -> dict[str, int]:
    """Put what differs in the place of what differed before; an incomplete look leaves that as it was."""
    said = Sentence(seen.problem, **seen.params).plain() if seen.problem else {}
    with transaction.atomic():
        mine = Connector.objects.filter(pk=connector.pk)
        if not mine.update(look_possible=seen.possible, look_problem=said, looked_at=now):
            return {}  # it was chosen anew meanwhile
        if not seen.possible:
            Finding.objects.filter(environment=connector.environment_id).delete()
            return {"not_possible": 1}
        if seen.problem:
            return {"incomplete": 1}
        Finding.objects.filter(environment=connector.environment_id).delete()
        rows = _differences(connector, seen.clients, timezone.localdate(now))
        number = insert_rows(Finding, rows, environment_id=connector.environment_id, found_at=now)
    return {"compared": 1, "differences": number}


def _differences(connector: Connector, there: Mapping[str, Client], today: date) -> Iterator[dict[str, Any]]:
    """A row for each difference; accounts are read a thousand at a time."""
    known = _being_made(connector)
    last = None
    while chunk := _accounts(connector, last):
        secrets, waiting = _secrets_of(chunk), _to_be_enabled(chunk)
        for account in chunk:
            known.add(account.client_id)
            client = there.get(account.client_id)
            yield from _of_state(account, client, account.pk in waiting)
            if client is not None and account.state != AccountState.CLOSED.value:
                yield from _of_secrets(account, client, secrets.get(account.pk, _Known()), today)
        last = chunk[-1].pk
    for client_id, client in there.items():
        if client.ours and client_id not in known:
            yield _row(FindingKind.UNKNOWN_CLIENT, client_id)


def _accounts(connector: Connector, last: UUID | None) -> list[Account]:
    rows = Account.objects.filter(environment=connector.environment_id).order_by("pk")
    rows = rows.filter(pk__gt=last) if last is not None else rows
    return list(rows.only("client_id", "state")[:CHUNK])


def _of_state(account: Account, client: Client | None, to_be_enabled: bool) -> Iterator[dict[str, Any]]:
    stopped = account.state in _STOPPED
    if client is None:
        if account.state != AccountState.CLOSED.value:
            yield _row(FindingKind.MISSING_THERE, account.client_id, account)
    elif stopped and client.enabled and not to_be_enabled:
        yield _row(FindingKind.ENABLED_THERE, account.client_id, account)
    elif not stopped and not client.enabled:
        yield _row(FindingKind.DISABLED_THERE, account.client_id, account)


def _of_secrets(account: Account, client: Client, known: _Known, today: date) -> Iterator[dict[str, Any]]:
    """Secrets that ended or end soon; and those that nobody told the portal of, once it knows one by its id."""
    for secret in client.secrets or ():
        if secret.expires_on is not None and secret.expires_on <= today + SOON:
            over = secret.expires_on <= today
            kind = FindingKind.EXPIRED_SECRET if over else FindingKind.EXPIRES_SOON
            yield _row(kind, account.client_id, account, secret.key_id, secret.expires_on)
    strange = [secret for secret in client.secrets or () if secret.key_id not in known.keys]
    if known.keys and len(strange) > known.nameless:
        for secret in strange:
            yield _row(FindingKind.UNKNOWN_SECRET, account.client_id, account, secret.key_id, secret.expires_on)


def _secrets_of(accounts: list[Account]) -> dict[UUID, _Known]:
    found: dict[UUID, _Known] = defaultdict(_Known)
    rows = Credential.objects.filter(account__in=accounts, removed_at__isnull=True)
    for account, key_id in rows.values_list("account_id", "key_id"):
        if key_id:
            found[account].keys.add(key_id)
        else:
            found[account].nameless += 1
    return found


def _to_be_enabled(accounts: list[Account]) -> set[UUID]:
    """Those whose client somebody is just about to enable: it may stand either way."""
    open_ones = Task.objects.open().filter(account__in=accounts, kind=TaskKind.ENABLE_CLIENT.value)
    return set(open_ones.values_list("account_id", flat=True))


def _being_made(connector: Connector) -> set[str]:
    """The clients that were made for orders whose setup is not complete yet."""
    ready = Operation.objects.filter(
        environment=connector.environment_id, kind=OperationKind.SET_UP.value, state=OperationState.ANSWERED.value
    )
    found = set()
    for operation in ready:
        try:
            found.add(results.opened(operation).client_id)
        except SealError:  # then nobody can use it either, and it is a stranger
            continue
    return found


def _row(
    kind: FindingKind, client_id: str, account: Account | None = None, key_id: str = "", expires_on: date | None = None
) -> dict[str, Any]:
    return {
        "id": uuid.uuid4(), "kind": kind.value, "client_id": client_id[:200],
        "account_id": account.pk if account else None, "key_id": key_id[:200], "expires_on": expires_on,
    }  # fmt: skip
