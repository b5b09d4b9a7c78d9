"""Who acts: an actor for a user, a signed link, the system."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, cast
from uuid import UUID, uuid5

from django.core import signing
from django.db.models import QuerySet, Value

from accounts.lifecycle.actor import BY_LINK, BY_TOKEN, SYSTEM, Actor, ActorKind, Principal
from accounts.lifecycle.states import Role
from accounts.models import ApiToken, Deputy, Environment, Notice, Person, ProviderKind, RoleGrant
from accounts.models.prepared import Prepared, Slot
from accounts.models.token import PROGRAM_ROLES

__all__ = [
    "SYSTEM", "NoticeLink", "actor_of", "connector_actor", "link_actor", "notice_token", "read_notice_token",
    "token_actor",
]  # fmt: skip

PROVIDER_NAMES = {
    ProviderKind.PEOPLE.value: "Cegal",
    ProviderKind.WEBHOOK.value: "Cegal’s system",
    ProviderKind.ENTRA.value: "Microsoft Entra ID",
}
"""How the providers are called in the history; names stay as they are in every language."""

_NOTICE_SALT = "accounts.notice"
_PROGRAM = UUID("6f1d1d1e-3c53-5b0e-9f7e-2f6f3f0a6c11")  # the namespace of programs


def actor_of(person: Person, *, today: date) -> Actor:
    """The actor for somebody who signed in, with the roles they hold now. One query; ask once per request.

    A deputy has the role of a service responsible on the days of their range (``today`` in Europe/Oslo), as long as
    the one they stand in for holds it and is active.
    """
    held = _HELD.rows(person=person.pk, today=today)
    own = frozenset(Role(role) for role, holder, _name, _email in held if holder == person.pk)
    others = [Principal(holder, name or email) for _role, holder, name, email in held if holder != person.pk]
    stands_in_for = () if Role.SERVICE_RESPONSIBLE in own else tuple(sorted(set(others), key=lambda one: one.name))
    roles = own | {Role.SERVICE_RESPONSIBLE} if stands_in_for else own
    return Actor(
        ActorKind.PERSON, str(person), id=person.pk, email=person.email, roles=roles, stands_in_for=stands_in_for
    )


def _held(person: Any, today: Any) -> QuerySet[RoleGrant, Any]:
    """The roles granted to ``person``, and those for whom they are deputy on the day ``today``."""
    granted = RoleGrant.objects.filter(person=person).values_list("role", "person_id", "person__name", "person__email")
    return granted.union(_stands_in(person, today), all=True)


_HELD = Prepared(
    lambda: _held(Slot("person", Person._meta.pk), Slot("today", cast("Any", Deputy._meta.get_field("starts_on"))))
)


def _stands_in(person: Any, today: Any) -> QuerySet[Deputy, Any]:
    """For whom ``person`` is deputy today, alike to the rows of the roles granted."""
    mine = Deputy.objects.standing_in(today).filter(deputy=person).annotate(role=Value(Role.SERVICE_RESPONSIBLE.value))
    return mine.values_list("role", "principal_id", "principal__name", "principal__email")


@dataclass(frozen=True)
class NoticeLink:
    """What a link out of an inactivity mail says: which notice, sent to which address."""

    notice_id: UUID
    email: str


def notice_token(notice_id: UUID, email: str) -> str:
    """The signed token of a mail's link. It is bound to one notice and void once that notice is over."""
    return signing.dumps({"n": str(notice_id), "e": email}, salt=_NOTICE_SALT, compress=False)


def read_notice_token(token: str) -> NoticeLink | None:
    """What ``token`` says, or None when it is not one of ours. Whether the notice is still open is for the caller."""
    try:
        said = signing.loads(token, salt=_NOTICE_SALT)
        return NoticeLink(UUID(said["n"]), str(said["e"]))
    except (signing.BadSignature, KeyError, TypeError, ValueError):
        return None


def link_actor(link: NoticeLink, notice: Notice) -> Actor:
    """The actor who follows a mail's link: they act for the owner of that notice's account, and nothing else."""
    return Actor(ActorKind.LINK, f"{link.email}{BY_LINK}", email=link.email, owns=notice.account_id)


def token_actor(token: ApiToken) -> Actor:
    """The actor for a program that showed ``token``: it acts in the roles that an administrator gave it, as far as
    its scopes allow. Tokens of one name are one program: separation of duties holds across them.
    """
    return Actor(
        ActorKind.TOKEN,
        f"{token.name}{BY_TOKEN}",
        id=uuid5(_PROGRAM, " ".join(token.name.casefold().split())),
        roles=frozenset(Role(role) for role in token.roles if role in PROGRAM_ROLES),
        scopes=frozenset(token.scopes),
        set_up_by=token.maker_id,
    )


def connector_actor(environment: Environment) -> Actor:
    """The program that does Cegal's work in ``environment``: it obeys the same table as Cegal's people."""
    name = f"{PROVIDER_NAMES[environment.provider]} ({environment.name})"
    return Actor(ActorKind.SYSTEM, name, roles=frozenset({Role.CEGAL}))
