"""API tokens: made and shown once, recognised by their hash, revoked for good."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from accounts.actions import engine, settings
from accounts.actions.engine import Change
from accounts.lifecycle.actor import Actor, ActorKind
from accounts.lifecycle.errors import LostRace, NotAllowed, NotReady
from accounts.lifecycle.sentence import Sentence as _
from accounts.lifecycle.states import Role
from accounts.models import ApiToken, Scope
from accounts.models.token import LONGEST_DAYS, PROGRAM_ROLES, digest_of

PREFIX = "lap_"  # so that a token is known for one wherever it turns up
HINT = 9  # characters that are kept in clear
RANDOM_BYTES = 32
TOUCH_EVERY = timedelta(minutes=1)


@dataclass(frozen=True)
class NewToken:
    """A token and its text, which is nowhere kept: this is the only time that it is seen."""

    token: ApiToken
    text: str


def make(
    name: str, *, scopes: Collection[Scope], days: int, by: Actor, now: datetime, roles: Collection[Role] = ()
) -> NewToken:
    """Make a token called ``name`` that may do what ``scopes`` say, acting in ``roles``, for ``days`` (1 to [730]).

    Raises NotReady for what cannot be, NotAllowed for anybody but an administrator.
    """
    _check_administrator(by)
    if not name.strip():
        raise NotReady(_("Name the program that will use the token."))
    if not scopes:
        raise NotReady(_("Choose what the token may be used for."))
    if needing := sorted({*scopes} - {Scope.USAGE_WRITE}) if not roles else []:
        raise NotReady(
            _("Choose a role for the program: %(scopes)s opens nothing without one.", scopes=", ".join(needing))
        )
    if not set(roles) <= set(PROGRAM_ROLES):
        raise NotReady(_("A program cannot have this role."))
    if not 1 <= days <= LONGEST_DAYS:
        raise NotReady(_("A token is valid for 1 to %(most)s days.", most=LONGEST_DAYS))
    text = PREFIX + secrets.token_urlsafe(RANDOM_BYTES)
    token = ApiToken(
        name=name.strip()[:100], hint=text[:HINT], digest=digest_of(text), created_at=now, created_by=by.name[:200],
        scopes=sorted({scope.value for scope in scopes}), expires_at=now + timedelta(days=days),
        roles=sorted({role.value for role in roles}), maker_id=by.id if by.kind is ActorKind.PERSON else None,
    )  # fmt: skip
    said = {"name": token.name, "hint": token.hint, "scopes": token.scopes, "roles": token.roles, "days": days}
    engine.begin([token], "add", by=by, now=now, change=Change(data=lambda _token: said))
    return NewToken(token, text)


def revoke(token: ApiToken, *, by: Actor, now: datetime) -> None:
    """From now on nobody gets in with ``token``. Raises LostRace when it was revoked already."""
    _check_administrator(by)
    if token.revoked_at is not None:
        raise LostRace(_("This token was revoked before."))
    settings.record_one(
        token, "revoke", by=by, now=now, change=Change(columns={"revoked_at": now, "revoked_by": by.name[:200]})
    )


def recognise(text: str, *, now: datetime) -> ApiToken | None:
    """The token with this text if it is usable at ``now``, else None; that it was used is kept, by the minute."""
    token = ApiToken.objects.filter(digest=digest_of(text)).first()
    if token is None or token.state_at(now) != "usable":
        return None
    if token.last_used_at is None or token.last_used_at + TOUCH_EVERY <= now:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
    return token


def _check_administrator(by: Actor) -> None:
    if not by.holds(Role.ADMINISTRATOR, Role.SYSTEM):
        raise NotAllowed(_("Only an administrator can make and revoke tokens."))
