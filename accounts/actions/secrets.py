"""The only place where a client secret is sealed and unsealed (DOMAIN.md, "Credentials")."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import date, datetime

from django.conf import settings

from accounts import outbox
from accounts.lifecycle.actor import Actor
from accounts.models import Account, Credential, Order
from accounts.models.encrypted import seal, unseal

LONG_ENOUGH = 16
"""Of a secret with so many characters the last three may stay: they say which one it is, and not what it is."""


def sealed(
    account: Account,
    secret: str,
    *,
    by: Actor,
    now: datetime,
    expires_on: date | None = None,
    key_id: str = "",
    rotation: Order | None = None,
) -> Credential:
    """A new credential, not inserted yet, whose secret is encrypted for its own row and no other.

    ``key_id`` is the provider's id of it; ``rotation`` the order for which it comes beside the secret before it.
    """
    row = uuid.uuid4()
    return Credential(
        id=row,
        account=account,
        sealed_secret=seal(secret, context=row.bytes, keys=settings.CREDENTIAL_KEYS),
        entered_at=now,
        check_due_at=now,
        entered_by=by.name,
        expires_on=expires_on,
        ending=ending_of(secret),
        key_id=key_id.strip(),
        rotation=rotation,
    )


def ending_of(secret: str) -> str:
    """The last three characters, by which people tell two secrets apart; "" for one that is too short for that."""
    return secret[-3:] if len(secret) >= LONG_ENOUGH else ""


def store(credentials: Iterable[Credential]) -> None:
    """Insert new credentials; a worker is woken to verify them at their token_url."""
    Credential.objects.bulk_create(credentials)
    outbox.wake(outbox.VERIFY)


def destroy_stored(account: Account, *, now: datetime) -> None:
    """Destroy the secret of ``account`` that nobody has collected, if there is one."""
    stored = Credential.objects.filter(account=account, destroyed_at__isnull=True)
    stored.update(sealed_secret="", destroyed_at=now)


def opened(credential: Credential) -> str:
    """The secret in clear, for the moment it is needed. Raises SealError when its key is gone."""
    return unseal(credential.sealed_secret, context=credential.pk.bytes, keys=settings.CREDENTIAL_KEYS)
