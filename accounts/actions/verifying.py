"""Asking a token URL whether a stored secret works: the request, what is kept of it, and when it is asked again.

A new secret may take a while to work everywhere, so a round of asking lasts two minutes. When to ask next stands in
the credential's row: a worker that is killed in between costs a lease, and no round is lost.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet
from django.views.decorators.debug import sensitive_variables

from accounts import outbox
from accounts.actions import engine, secrets
from accounts.actions.engine import Change
from accounts.gateways import loop, sales
from accounts.lifecycle.actor import Actor
from accounts.models import Account, Credential
from accounts.models.encrypted import SealError

ROUND = timedelta(minutes=2)
LEASE = timedelta(seconds=45)
"""Longer than both conversations of one check: so long nobody else asks about the same credential."""
PAUSE, PAUSE_MOST = timedelta(seconds=5), timedelta(seconds=20)


@dataclass(frozen=True)
class Checked:
    """What came of one check. ``sales`` is None where no sale was asked for."""

    token: loop.TokenCheck
    sales: sales.SalesCheck | None = None


def due(now: datetime) -> QuerySet[Credential]:
    """The stored credentials about which a token URL is to be asked by ``now``, the longest waiting first."""
    return Credential.objects.filter(destroyed_at__isnull=True, check_due_at__lte=now).order_by("check_due_at", "pk")


def claim(credential: Credential, now: datetime) -> bool:
    """Take the check of ``credential`` for LEASE, so that no other worker makes it too. False: somebody else has it."""
    mine = Credential.objects.filter(pk=credential.pk, destroyed_at=None, check_due_at=credential.check_due_at)
    return bool(mine.update(check_due_at=now + LEASE, check_tries=F("check_tries") + 1))


@sensitive_variables()
def ask(account: Account, credential: Credential, now: datetime) -> Checked:
    """Ask for a token, and with it for one sale where the environment says so; both are dropped.

    Outside any transaction; whatever the other side does is an outcome. Raises SealError when the key is gone.
    """
    where, found = account.environment, list[sales.SalesCheck]()
    private = where.private_addresses_allowed

    def one_sale(token: str) -> None:
        if where.sales_checked:
            found.append(sales.check_sales(sales.first_sale(where.base_url), token, allow_private=private))

    token = loop.check_token(
        where.token_url, account.client_id, secrets.opened(credential),
        allow_private=private, by_basic=where.token_by_basic, now=now, then=one_sale,
    )  # fmt: skip
    return Checked(token, found[0] if found else None)


def not_opened(error: SealError) -> Checked:
    """What is kept of a check that could not be made because the secret's key is gone."""
    return Checked(loop.TokenCheck(loop.Outcome.NOT_OPENED, error.sentence.text, dict(error.sentence.params)))


def begin_again(credential: Credential, now: datetime) -> bool:
    """Begin a new round with the next worker that looks; False when the secret is gone."""
    mine = Credential.objects.filter(pk=credential.pk, destroyed_at=None)
    begun = mine.update(check_due_at=now, check_until=None, check_tries=0)
    outbox.wake(outbox.VERIFY)
    return bool(begun)


def next_check(credential: Credential, checked: Checked, now: datetime) -> datetime | None:
    """When the token URL is asked again in this round by itself; None: the round is over."""
    until = credential.check_until or now + ROUND
    if checked.token.outcome in loop.LASTING or now >= until:
        return None
    pause = min(PAUSE * max(1, credential.check_tries), PAUSE_MOST)
    return min(now + pause, until)


def keep(
    credential: Credential, account: Account, checked: Checked, *, by: Actor, now: datetime, again: datetime | None
) -> None:
    """Keep the outcome in the row, and bring the caller's object in step.

    ``again`` says when the round goes on, and a worker is woken then; None: it is over, which is an event.
    """
    token = checked.token
    outcome: dict[str, Any] = {
        "checked_at": now,
        "check_outcome": token.outcome.value,
        "check_sentence": str(token)[:500],
        "check_facts": _facts(checked),
        "check_due_at": again,
        "check_until": (credential.check_until or now + ROUND) if again else None,
        "verified_at": now if token.ok else None,
    }
    with transaction.atomic():
        Credential.objects.filter(pk=credential.pk, destroyed_at__isnull=True).update(**outcome)
        if again is None:
            kept = {"outcome": token.outcome.value, "elapsed_ms": token.elapsed_ms}
            kept |= {"sales": checked.sales.outcome.value} if checked.sales else {}
            engine.note(account, "verify_credential", by=by, now=now, change=Change(data=lambda _a: kept))
        else:
            outbox.wake(outbox.VERIFY, after=(again - now).total_seconds())
    for name, value in outcome.items():
        setattr(credential, name, value)


def _facts(checked: Checked) -> dict[str, Any]:
    """What the pages tell of a check, in words that can be translated."""
    token, found = checked.token, checked.token.claims
    facts: dict[str, Any] = {
        "sentence": token.sentence,
        "params": token.params,
        "elapsed_ms": token.elapsed_ms,
        "expires_in": token.expires_in,
        "opaque": found.opaque,
        "client": found.client,
        "audience": found.audience,
        "expires_at": found.expires_at.isoformat() if found.expires_at else "",
    }
    if checked.sales is not None:
        told = asdict(checked.sales)
        facts["sales"] = {**told, "outcome": checked.sales.outcome.value}
    return facts
