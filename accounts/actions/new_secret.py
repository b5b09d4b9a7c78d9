"""A new secret for an account whose last one is gone or wrong: Support asks Cegal, Cegal enters it (DOMAIN.md)."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils import timezone

from accounts.actions import engine, secrets
from accounts.actions.engine import Change, Owed
from accounts.lifecycle.actor import Actor
from accounts.lifecycle.errors import LostRace, NotAllowed, NotReady
from accounts.lifecycle.sentence import Sentence as _
from accounts.lifecycle.states import AccountState, Audience, OrderKind, OrderState, Role, TaskKind
from accounts.lifecycle.transition import Tell
from accounts.models import AUTOMATIC, Account, Credential, Event, Order, current_policy
from accounts.models.facts import who_was_first


def ask_for_new_secret(account: Account, *, by: Actor, now: datetime, comment: str = "") -> Event:
    """Support asks Cegal for a new secret; no new approval is needed.

    For a living account whose last secret is gone; and before the issue, for one that was never verified: the
    wrong secret is destroyed with the asking. Raises NotAllowed, NotReady, or LostRace when somebody changed the
    account since it was read.
    """
    if not by.holds(Role.SUPPORT):
        raise NotAllowed(_("Only Support can ask Cegal for a new secret."))
    if account.state == AccountState.CLOSED.value:
        raise NotReady(_("Only an account that is in use can get a new secret."))
    under_way = Order.objects.asking_for(account.pk, OrderKind.SECRET_ROTATION).first()
    if under_way is not None and under_way.state != OrderState.CREDENTIAL_ISSUE.value:
        raise NotReady(_("Order %(reference)s already asks for this.", reference=under_way.reference))
    if account.tasks.filter(kind=TaskKind.NEW_SECRET.value, done_at__isnull=True).exists():
        raise NotReady(_("Cegal was asked for a new secret already."))
    stored = account.credentials.filter(destroyed_at__isnull=True)
    wrong = stored.filter(verified_at__isnull=True, collect_by__isnull=True)
    if stored.filter(collect_by__isnull=False).exists():
        raise NotReady(_("The last secret still waits for its owner to collect it."))
    if stored.exists() and not wrong.exists():
        raise NotReady(_("The secret was verified. Issue the credentials."))

    def destroy(_changes: list[tuple[Account, Event]]) -> None:
        wrong.update(sealed_secret="", destroyed_at=now)

    by_connector = account.environment.provider in AUTOMATIC  # then people have nothing to do
    owed = Owed(() if by_connector else (Tell("new_secret_asked", Audience.CEGAL),), (TaskKind.NEW_SECRET,))
    change = Change(comment=comment, also=destroy)
    asked = engine.record([account], "ask_for_new_secret", by=by, now=now, change=change, owed=owed)
    if not asked:
        raise LostRace(who_was_first(account))
    return asked[0][1]


def enter_new_secret(
    account: Account,
    *,
    client_secret: str,
    by: Actor,
    now: datetime,
    expires_on: date | None = None,
    key_id: str = "",
) -> Event:
    """Cegal enters the secret that Support asked for.

    The owner is told and may collect it for [14] days; before the issue Support is told, who issues it.
    """
    if not by.holds(Role.CEGAL):
        raise NotAllowed(_("Only Cegal can enter a client secret."))
    if not client_secret.strip():
        raise NotReady(_("Paste the client secret."))
    with transaction.atomic():
        asked = account.tasks.filter(kind=TaskKind.NEW_SECRET.value, done_at__isnull=True)
        if not asked.update(done_at=now, done_by=by.name):
            raise LostRace(_("Nobody waits for a new secret of this account: it was entered already."))
        credential = secrets.sealed(
            account, client_secret.strip(), by=by, now=now, expires_on=expires_on, key_id=key_id,
            rotation=_rotation_of(account),
        )  # fmt: skip
        tells = _hand_over(account, credential, now)
        secrets.store([credential])
        return engine.note(account, "enter_new_secret", by=by, now=now, owed=Owed(tells))


def _rotation_of(account: Account) -> Order | None:
    """What takes the place of a second secret, lost or wrong, is one too: the old secret stays beside it."""
    last = account.credentials.select_related("rotation").order_by("-entered_at", "-pk").first()
    return last.rotation if last is not None and last.overlap_ended_at is None else None


def _hand_over(account: Account, credential: Credential, now: datetime) -> list[Tell]:
    """Say from when on it may be collected, and who is told: Support, or those who may collect it."""
    as_it_is = Account.objects.get(pk=account.pk)
    waits = Order.objects.asking_for(account.pk, OrderKind.SECRET_ROTATION).exists()
    if waits or as_it_is.state == AccountState.PENDING.value:
        return [Tell("new_secret_entered", Audience.SUPPORT)]
    credential.collect_by = timezone.localdate(now) + timedelta(days=current_policy().secret_days)
    collectors = [Audience.OWNER, Audience.TECHNICAL_CONTACT] if as_it_is.technical_may_collect else [Audience.OWNER]
    return [Tell("new_secret_ready", to) for to in collectors]
