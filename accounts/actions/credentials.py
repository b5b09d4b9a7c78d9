"""Credentials: verify them, issue them, reveal each secret once, destroy what nobody collected (DOMAIN.md)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.actions import engine, provider, secrets, verifying
from accounts.actions.collecting import may_collect
from accounts.actions.engine import Change, Owed
from accounts.actions.verifying import Checked
from accounts.gateways import loop
from accounts.lifecycle.actor import SYSTEM, Actor
from accounts.lifecycle.errors import LostRace, NotAllowed, NotReady
from accounts.lifecycle.sentence import Sentence as _
from accounts.lifecycle.states import AccountState, Audience, OrderState, Role, TaskKind
from accounts.lifecycle.transition import Tell
from accounts.models import Account, Credential, Event, Order, current_policy
from accounts.models.encrypted import SealError
from accounts.models.facts import account_facts, order_facts

NOT_YOURS = _(
    "Only the account’s owner, or the technical contact whom the owner lets do it, can collect the client secret."
)
CLOSED = _("The account is closed.")
NOT_STORED = _("This secret is not stored any more, so it cannot be verified.")


def verify(credential: Credential, *, by: Actor, now: datetime) -> loop.TokenCheck:
    """Ask the environment's token_url for a token with this credential, and keep the outcome in words.

    The request is made outside any transaction; neither the secret nor the token is kept. Raises NotAllowed, or
    NotReady when the secret is gone or its key is.
    """
    account = _to_verify(credential, by)
    try:
        checked = verifying.ask(account, credential, now)
    except SealError as error:
        raise NotReady(error.sentence) from error
    _keep(credential, account, checked, by=by, now=now, again=None)
    return checked.token


def ask_to_verify(credential: Credential, *, by: Actor, now: datetime) -> Event:
    """Have a worker ask the token_url about this credential, for up to two minutes; a page shows how it goes.

    Raises NotAllowed, or NotReady when the secret is gone.
    """
    account = _to_verify(credential, by)
    with transaction.atomic():
        if not verifying.begin_again(credential, now):
            raise NotReady(NOT_STORED)
        return engine.note(account, "ask_to_verify", by=by, now=now)


def verify_new(
    *, clock: Callable[[], datetime], by: Actor, between: Callable[[], None] = lambda: None
) -> dict[str, int]:
    """Ask about each stored credential that is due: a new one at once, then again while it is not accepted.

    Gives how many were ``verified``, ``refused`` in the end, and are asked about ``again``.
    """
    counts = Counter[str]()
    for credential in verifying.due(clock()).select_related("account__environment"):
        if verifying.claim(credential, clock()):
            counts[_one_check(credential, clock, by)] += 1
        between()
    return dict(counts)


def issue_credentials(
    order: Order,
    *,
    by: Actor,
    now: datetime,
    loop_references: Mapping[UUID, str] | None = None,
    override: bool = False,
    comment: str = "",
) -> Event:
    """credential issue -> issued: the accounts become active and their owner may collect the secrets.

    ``loop_references`` gives the reference in Loop by account id. Every credential must be verified, or
    ``override`` set with a reason in ``comment``. For a reactivation the suspended account becomes active again; for a
    secret rotation the owner may collect the second secret.
    """
    references = loop_references or {}
    accounts = list(order.accounts.select_related("environment").order_by("environment"))
    for account in accounts:
        account.loop_reference = references.get(account.pk, account.loop_reference).strip()
    facts = order_facts(
        order, by, comment=comment, override=override, override_reason=comment,
        secret_entered=_renewed(order).exists(),
        without_reference=tuple(a.environment.name for a in accounts if not a.loop_reference),
        unverified=_unverified(accounts) if order.concerns_id is None else _unverified_renewal(order),
    )  # fmt: skip
    unverified = list(facts.unverified)
    change = Change(
        comment=comment,
        data=lambda _order: {"unverified": unverified} if unverified else {},
        also=lambda _changes: _activate(order, accounts, by, now),
    )
    return engine.move(order, "issue_credentials", by=by, now=now, facts=facts, change=change)


def reveal(credential: Credential, *, by: Actor, now: datetime) -> str:
    """Give the secret in clear, once, to whoever may collect it, and destroy it in the same transaction.

    Raises NotAllowed for anybody else, NotReady before it is issued or once the account is closed, LostRace when it is
    gone: with who and when.
    """
    account = Account.objects.get(pk=credential.account_id)
    _must_collect(account, by)
    if credential.collect_by is None and credential.destroyed_at is None:
        raise NotReady(_("The client secret is not issued yet."))
    with transaction.atomic():
        row = Credential.objects.get(pk=credential.pk)
        secret = "" if row.destroyed_at else secrets.opened(row)
        mine = Credential.objects.filter(pk=row.pk, destroyed_at__isnull=True)
        overlap = _overlap(row, now)
        gone = {"sealed_secret": "", "destroyed_at": now, "revealed_at": now, "revealed_by": by.name, **overlap}
        if row.destroyed_at or not mine.update(**gone):
            row.refresh_from_db()
            raise LostRace(_already_gone(row))
        # it may have been taken back, handed over or closed a moment ago
        _must_collect(Account.objects.select_for_update().get(pk=row.account_id), by)
        until = {name.removeprefix("overlap_"): day.isoformat() for name, day in overlap.items()}
        change = Change(data=lambda _a: until)
        engine.note(account, "reveal_secret", by=by, now=now, change=change, owed=Owed(_collected(row, account, by)))
    return secret


def destroy_uncollected(*, today: date, now: datetime, by: Actor) -> dict[str, int]:
    """Destroy every secret whose day to collect has passed; the owner and Support are told. Gives the count."""
    due = Credential.objects.filter(destroyed_at__isnull=True, collect_by__lt=today).select_related("account__owner")
    owed = Owed((Tell("secret_not_collected", Audience.OWNER), Tell("secret_not_collected_copy", Audience.SUPPORT)))
    destroyed = 0
    for credential in due.order_by("pk").iterator(chunk_size=500):
        with transaction.atomic():
            mine = Credential.objects.filter(pk=credential.pk, destroyed_at__isnull=True)
            if mine.update(sealed_secret="", destroyed_at=now):
                engine.note(credential.account, "destroy_secret", by=by, now=now, owed=owed)
                destroyed += 1
    return {"destroyed": destroyed}


def _must_collect(account: Account, by: Actor) -> None:
    """Refuse whoever may not collect, and anybody once the account is closed."""
    if not may_collect(account, by):
        raise NotAllowed(NOT_YOURS)
    if account.state == AccountState.CLOSED.value:
        raise NotReady(CLOSED)


def _overlap(row: Credential, now: datetime) -> dict[str, date]:
    """Both secrets work from the moment on in which the owner has the second one."""
    if row.rotation_id is None:
        return {}
    return {"overlap_until": timezone.localdate(now) + timedelta(days=current_policy().rotation_overlap_days)}


def _collected(row: Credential, account: Account, by: Actor) -> tuple[Tell, ...]:
    """The owner is told; the technical contact where it is a second secret, or where they collected it themselves."""
    if row.rotation_id is not None:
        return Tell("rotation_collected", Audience.OWNER), Tell("rotation_collected", Audience.TECHNICAL_CONTACT)
    owner = Tell("secret_collected", Audience.OWNER)
    return (owner,) if account.owner_id == by.id else (owner, Tell("secret_collected", Audience.TECHNICAL_CONTACT))


def _keep(
    credential: Credential, account: Account, checked: Checked, *, by: Actor, now: datetime, again: datetime | None
) -> None:
    """Keep what came of a check; a secret rotation that waited for the end of the round goes on with it.

    Whoever asks at once, and not in a round, sees for themselves that the secret does not work.
    """
    in_a_round = credential.check_due_at is not None
    with transaction.atomic():
        verifying.keep(credential, account, checked, by=by, now=now, again=again)
        if again is None and credential.rotation_id is not None and (checked.token.ok or in_a_round):
            _go_on(credential.rotation_id, checked.token.ok, by, now)


def _go_on(rotation: UUID, verified: bool, by: Actor, now: datetime) -> None:
    """A second secret that works is handed over by the portal itself; of one that does not, Support is told."""
    order = (
        Order.objects.select_related("concerns").filter(pk=rotation, state=OrderState.CREDENTIAL_ISSUE.value).first()
    )
    if order is None:
        return
    if not verified:
        engine.note(
            order, "rotation_waits", by=by, now=now, owed=Owed((Tell("rotation_not_verified", Audience.SUPPORT),))
        )
        return
    with suppress(LostRace, NotReady):  # somebody issued it first, or the account is not in use any more
        issue_credentials(order, by=SYSTEM, now=now)


def _activate(order: Order, accounts: list[Account], by: Actor, now: datetime) -> None:
    today = timezone.localdate(now)
    until = today + timedelta(days=current_policy().secret_days)
    if order.rotates is not None:
        _renewed(order).update(collect_by=until)
        change = Change(data=lambda _a: {"order": order.reference})
        owed = Owed((Tell("rotation_ready", Audience.OWNER), Tell("rotation_ready", Audience.TECHNICAL_CONTACT)))
        engine.note(order.rotates, "issue_second_secret", by=by, now=now, change=change, owed=owed)
        return
    if order.reactivates is not None:
        account = Account.objects.get(pk=order.reactivates.pk)
        change = Change(columns={"reactivated_on": today}, data=lambda _a: {"order": order.reference})
        engine.move(account, "reactivate", by=by, now=now, facts=account_facts(account, by), change=change)
        provider.supersede(account, TaskKind.SUSPENDED_IN_USE, by=by, now=now)
        _renewed(order).update(collect_by=until)
        return
    for account in accounts:
        columns = {"activated_on": today, "loop_reference": account.loop_reference}
        engine.move(account, "activate", by=by, now=now, facts=account_facts(account, by),
                    change=Change(columns=columns, data=lambda _a: {"order": order.reference}))  # fmt: skip
    Credential.objects.filter(account__in=accounts, destroyed_at__isnull=True).update(collect_by=until)


def _unverified(accounts: list[Account]) -> tuple[str, ...]:
    """The environments without a stored secret that was verified: also one that was taken back counts as none."""
    good = Credential.objects.filter(account__in=accounts, destroyed_at__isnull=True, verified_at__isnull=False)
    verified = set(good.values_list("account_id", flat=True))
    return tuple(account.environment.name for account in accounts if account.pk not in verified)


def _renewed(order: Order) -> QuerySet[Credential]:
    """The new secret that Cegal entered for a reactivation or a secret rotation, until it is issued."""
    stored = Credential.objects.filter(destroyed_at__isnull=True, collect_by__isnull=True)
    return stored.none() if order.concerns is None else stored.filter(account=order.concerns)


def _unverified_renewal(order: Order) -> tuple[str, ...]:
    wrong = _renewed(order).filter(verified_at__isnull=True)
    return tuple(wrong.values_list("account__environment__name", flat=True))


def _to_verify(credential: Credential, by: Actor) -> Account:
    """The account of a credential that ``by`` may have verified."""
    if not by.holds(Role.SUPPORT, Role.CEGAL, Role.SYSTEM):
        raise NotAllowed(_("Only Support or Cegal can verify credentials."))
    if credential.destroyed_at is not None:
        raise NotReady(NOT_STORED)
    return Account.objects.select_related("environment").get(pk=credential.account_id)


def _one_check(credential: Credential, clock: Callable[[], datetime], by: Actor) -> str:
    """One check of a credential that was claimed: what came of it."""
    credential.check_tries += 1
    try:
        checked = verifying.ask(credential.account, credential, clock())
    except SealError as error:
        checked = verifying.not_opened(error)
    now = clock()
    again = verifying.next_check(credential, checked, now)
    _keep(credential, credential.account, checked, by=by, now=now, again=again)
    return "verified" if checked.token.ok else "again" if again else "refused"


def _already_gone(credential: Credential) -> _:
    if credential.revealed_at is None:
        if Account.objects.filter(pk=credential.account_id, state=AccountState.CLOSED.value).exists():
            return CLOSED
        return _("The client secret was destroyed because nobody collected it in time. Ask Support for a new one.")
    when = timezone.localtime(credential.revealed_at)
    return _(
        "%(name)s collected the client secret on %(day)s at %(time)s. It is shown once and cannot be shown again.",
        name=credential.revealed_by,
        day=when.date().isoformat(),
        time=when.strftime("%H:%M"),
    )
