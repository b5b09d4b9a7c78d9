"""Proposals to replace a secret before it expires: each step once, several missed as one, all of them in sets."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from accounts import outbox
from accounts.actions import engine
from accounts.actions.engine import Change, Owed
from accounts.lifecycle import rotation as rule
from accounts.lifecycle.actor import Actor
from accounts.lifecycle.states import Audience
from accounts.lifecycle.transition import Tell
from accounts.models import Account, Credential, Event

CHUNK = 500

Due = tuple[UUID, UUID, date]
"""A credential, its account, and the day on which it expires."""

_COPY = Tell("secrets_expire_copy", Audience.SUPPORT)
_SOON = Owed((Tell("secret_expires", Audience.OWNER), Tell("secret_expires", Audience.TECHNICAL_CONTACT)))
_OVER = Owed((Tell("secret_expired", Audience.OWNER), Tell("secret_expired", Audience.TECHNICAL_CONTACT)))


def propose(*, today: date, now: datetime, by: Actor) -> dict[str, int]:
    """Tell owner and technical contact [60, 30, 14, 7 and 1] days before an account's last working secret expires,
    and once after it did; Support gets one mail a run. A new secret under way silences only the early ones of these.
    Gives the number of accounts.
    """
    due = _due(today)
    total, told = sum(map(len, due.values())), 0
    for step, rows in sorted(due.items()):
        for start in range(0, len(rows), CHUNK):
            told += _tell(rows[start : start + CHUNK], step, total, told == 0, today, now, by)
    return {"proposed": told}


def _due(today: date) -> dict[int, list[Due]]:
    """What is due today, by the step that is told. One query; of an account only its last secret."""
    furthest, late = today + timedelta(days=rule.PROPOSAL_DAYS[0]), today + timedelta(days=rule.LATE_DAYS)
    rows = Credential.objects.to_propose(furthest, late).order_by("expires_on", "pk")
    found: dict[int, dict[UUID, Due]] = {}
    for pk, account, expires_on, told in rows.values_list("pk", "account_id", "expires_on", "expiry_told").iterator():
        if expires_on is not None and (step := rule.proposal_due(expires_on, told, today)) is not None:
            found.setdefault(step, {})[account] = (pk, account, expires_on)
    return {step: list(by_account.values()) for step, by_account in found.items()}


def _tell(rows: Sequence[Due], step: int, total: int, first: bool, today: date, now: datetime, by: Actor) -> int:
    """One event an account, with its mails; Support's one mail hangs on the first of all."""
    of = {account: (pk, expires_on) for pk, account, expires_on in rows}
    accounts = Account.objects.filter(pk__in=of).select_related("owner", "environment").order_by("pk")

    def stamp(changes: list[tuple[Account, Event]]) -> None:
        stamped = Credential.objects.filter(pk__in=[of[account.pk][0] for account, _event in changes])
        stamped.update(expiry_told=step)
        if first:
            nearest = min(changes, key=lambda change: of[change[0].pk][1])
            outbox.post([nearest], [_COPY], now=now)

    def data(account: Account) -> dict[str, str | int]:
        expires_on = of[account.pk][1]
        return {"day": expires_on.isoformat(), "days": (expires_on - today).days, "number": total}

    verb, owed = ("propose_rotation", _SOON) if step else ("secret_expired", _OVER)
    return len(engine.record(list(accounts), verb, by=by, now=now, change=Change(data=data, also=stamp), owed=owed))
