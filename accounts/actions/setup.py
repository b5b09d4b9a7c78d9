"""The hand-over to Cegal and back: send, hand back, complete the setup."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts import outbox
from accounts.actions import engine, provider, results, searching, secrets
from accounts.actions.engine import Change
from accounts.lifecycle import guards
from accounts.lifecycle.actor import Actor
from accounts.lifecycle.errors import NotReady
from accounts.lifecycle.sentence import Sentence as _
from accounts.lifecycle.states import OrderKind, TaskKind
from accounts.models import Account, Credential, Event, Order, Person
from accounts.models.account import normal_client_id
from accounts.models.facts import order_facts
from accounts.models.setup import Setup


def send_to_cegal(order: Order, *, by: Actor, now: datetime, comment: str = "") -> Event:
    """approved -> cegal setup. For a reactivation this also asks Cegal to enable the client again."""

    def ask_to_enable(changes: list[tuple[Order, Event]]) -> None:
        if order.reactivates is not None:
            provider.supersede(order.reactivates, TaskKind.DISABLE_CLIENT, by=by, now=now)
            outbox.owe([(order.reactivates, changes[0][1])], [TaskKind.ENABLE_CLIENT], now=now)
        outbox.wake(outbox.OPERATE)

    change = Change(comment=comment, columns={"sent_to_cegal_at": now}, also=ask_to_enable)
    return engine.move(order, "send_to_cegal", by=by, now=now, facts=order_facts(order, by), change=change)


def hand_back(order: Order, *, by: Actor, now: datetime, comment: str) -> Event:
    """cegal setup -> approved, with the reason why it cannot be set up.

    The suspended account of a reactivation stays suspended, so Cegal owes again that its client is disabled.
    """

    def ask_to_disable(changes: list[tuple[Order, Event]]) -> None:
        if order.reactivates is not None:
            provider.supersede(order.reactivates, TaskKind.ENABLE_CLIENT, by=by, now=now)
            outbox.owe([(order.reactivates, changes[0][1])], [TaskKind.DISABLE_CLIENT], now=now)

    facts = order_facts(order, by, comment=comment)
    change = Change(comment=comment, also=ask_to_disable)
    return engine.move(order, "hand_back", by=by, now=now, facts=facts, change=change)


def complete_setup(order: Order, *, by: Actor, now: datetime, setups: Sequence[Setup] = (), comment: str = "") -> Event:
    """cegal setup -> credential issue: a client id and secret for each environment creates the accounts.

    The secrets are encrypted before they reach the database. For a reactivation Cegal confirms instead that the
    client is enabled, and enters a new secret where the last one expired or may have leaked; for a secret rotation
    Cegal adds a second secret and leaves the first one. Raises NotReady when a client id already belongs to another
    account, or an environment stands twice.
    What connectors made for the order is taken where nothing was entered by hand.
    """
    made = results.made_for(order, setups)
    setups = [*_filled(setups), *made]
    _check_once_each(setups)

    def create(changes: list[tuple[Order, Event]]) -> None:
        if order.reactivates is not None:
            provider.confirm_kind(order.reactivates, TaskKind.ENABLE_CLIENT, by=by, now=now)
            if setups:
                _renew(order.reactivates, setups[0], by, now)
        elif order.rotates is not None:
            _add_second(order, order.rotates, setups[0], by, now)
        elif setups:
            _create_accounts(order, setups, by, now)
        results.use(order, made, now=now)

    entered = any(setup.client_secret.strip() for setup in setups)
    facts = order_facts(
        order, by, not_set_up=_not_set_up(order, setups), secret_entered=entered,
        expired_on=_expired_on(order, timezone.localdate(now)),
    )  # fmt: skip
    change = Change(comment=comment, also=create)
    try:
        with transaction.atomic():
            return engine.move(order, "complete_setup", by=by, now=now, facts=facts, change=change)
    except IntegrityError as error:
        raise NotReady(_taken(setups)) from error


def needs_new_secret(order: Order, *, by: Actor, today: date) -> bool:
    """Must ``by`` give a new secret for this order before its setup can be complete?"""
    return guards.secret_renewed(order_facts(order, by, expired_on=_expired_on(order, today))) is not None


def _filled(setups: Sequence[Setup]) -> list[Setup]:
    return [setup for setup in setups if setup.client_id.strip() or setup.client_secret.strip()]


def _expired_on(order: Order, today: date) -> str:
    """The day on which the last secret of a reactivated account expired; "" when it has not, or nobody knows."""
    known = Credential.objects.filter(account=order.concerns_id).order_by("-entered_at")
    last = known.values_list("expires_on", flat=True).first() if order.concerns_id else None
    return last.isoformat() if last is not None and last <= today else ""


def _renew(account: Account, setup: Setup, by: Actor, now: datetime) -> None:
    """Store the new secret of a reactivated account; the last one, and a wish for another, are done with."""
    secrets.destroy_stored(account, now=now)
    provider.supersede(account, TaskKind.NEW_SECRET, by=by, now=now)
    secrets.store([_sealed(account, setup, by, now)])
    engine.note(account, "enter_new_secret", by=by, now=now)


def _add_second(order: Order, account: Account, setup: Setup, by: Actor, now: datetime) -> None:
    """Store the second secret of an account; the one that it has goes on working."""
    secrets.store([_sealed(account, setup, by, now, rotation=order)])
    engine.note(account, "add_secret", by=by, now=now, change=Change(data=lambda _a: {"order": order.reference}))


def _check_once_each(setups: Sequence[Setup]) -> None:
    names = [setup.environment.name for setup in setups]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise NotReady(_("%(environments)s stands twice. Enter one client for each environment.",
                         environments=", ".join(twice)))  # fmt: skip


def _not_set_up(order: Order, setups: Sequence[Setup]) -> tuple[str, ...]:
    if order.kind != OrderKind.NEW_ACCESS.value:
        return ()
    filled = {s.environment.pk for s in setups if s.client_id.strip() and s.client_secret.strip()}
    return tuple(environment.name for environment in order.environments.all() if environment.pk not in filled)


def _create_accounts(order: Order, setups: Sequence[Setup], by: Actor, now: datetime) -> None:
    owner = _owner(order, now)
    ordered = {environment.pk for environment in order.environments.all()}
    wanted = [setup for setup in setups if setup.environment.pk in ordered]
    accounts = [_account(order, setup, owner, now) for setup in wanted]
    engine.begin(accounts, "create", by=by, now=now, change=Change(data=lambda _a: {"order": order.reference}))
    searching.index([order.pk])
    secrets.store(_sealed(account, setup, by, now) for account, setup in zip(accounts, wanted, strict=True))


def _sealed(account: Account, setup: Setup, by: Actor, now: datetime, rotation: Order | None = None) -> Credential:
    return secrets.sealed(
        account, setup.client_secret.strip(), by=by, now=now, expires_on=setup.expires_on, key_id=setup.key_id,
        rotation=rotation,
    )  # fmt: skip


def _account(order: Order, setup: Setup, owner: Person, now: datetime) -> Account:
    assert order.organisation is not None  # noqa: S101 - the database holds it for every order that was sent
    return Account(
        client_id=normal_client_id(setup.client_id), environment=setup.environment, state_since=now, created_at=now,
        organisation=order.organisation, order=order, owner=owner, technical_name=order.technical_name,
        technical_email=order.technical_email.lower(), as_seller=order.as_seller, as_broker=order.as_broker,
        system=order.system, purpose=order.purpose,
    )  # fmt: skip


def _owner(order: Order, now: datetime) -> Person:
    """The person named as owner; somebody new is written in the requester's language."""
    known = Person.objects.filter(email__iexact=order.owner_email).first()
    if known is not None:
        return known
    language = order.requester.language
    return Person.objects.create_user(order.owner_email, order.owner_name, language=language, created_at=now)


def _taken(setups: Sequence[Setup]) -> _:
    for setup in setups:
        taken = Account.objects.filter(client_id=normal_client_id(setup.client_id), environment=setup.environment)
        if taken.exists():
            return _(
                "The client id %(client_id)s already belongs to an account in %(environment)s.",
                client_id=setup.client_id.strip(),
                environment=setup.environment.name,
            )
    return _("Somebody else set up one of these clients a moment ago. Look at the order again.")
