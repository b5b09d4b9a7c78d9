"""Who acts: a person, a signed link out of a mail, a program with a token, or the portal itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from accounts.lifecycle.sentence import Sentence
from accounts.lifecycle.sentence import Sentence as _
from accounts.lifecycle.states import Role

BY_LINK, BY_TOKEN = " (link in the email)", " (API token)"
"""How the name ends that is kept of whoever followed a mail's link without signing in, and of a program."""


class ActorKind(StrEnum):
    PERSON = "person"
    LINK = "link"
    TOKEN = "token"  # noqa: S105 - a kind of actor
    SYSTEM = "system"


@dataclass(frozen=True)
class Principal:
    """A service responsible, as the one for whom a deputy acts today."""

    id: UUID
    name: str


@dataclass(frozen=True)
class Actor:
    """Somebody who may press a button.

    ``roles`` are the roles held everywhere; the relations to one subject (its requester, its owner) are
    worked out by ``plays``. ``stands_in_for``: those from whom a deputy has the role SERVICE_RESPONSIBLE today;
    empty for whoever holds it themselves. A link out of a mail acts for the owner of ``owns``, one account, and
    nothing else. ``scopes`` are what a program's token allows, ``set_up_by`` is the person who made that token.
    """

    kind: ActorKind
    name: str
    id: UUID | None = None
    email: str = ""
    roles: frozenset[Role] = field(default_factory=frozenset)
    owns: UUID | None = None
    stands_in_for: tuple[Principal, ...] = ()
    scopes: frozenset[str] = field(default_factory=frozenset)
    set_up_by: UUID | None = None

    def holds(self, *roles: Role) -> bool:
        """Does this actor hold one of ``roles``, whatever the subject?"""
        return not self.roles.isdisjoint(roles)

    def plays(self, *, subject_id: UUID | None, requester_id: UUID | None, owner_id: UUID | None) -> frozenset[Role]:
        """The roles this actor has towards one subject: those held, and the relations to it."""
        relations = set()
        if self.kind is ActorKind.PERSON and self.id is not None:
            if self.id == requester_id:
                relations.add(Role.REQUESTER)
            if self.id == owner_id:
                relations.add(Role.OWNER)
        if self.kind is ActorKind.LINK and self.owns is not None and self.owns == subject_id:
            relations.add(Role.OWNER)
        return self.roles | relations


def named(kept: str) -> Sentence:
    """A name as it was kept of an actor, to be said in the reader's language."""
    if kept.endswith(BY_LINK):
        return _("%(name)s (link in the email)", name=kept.removesuffix(BY_LINK))
    if kept.endswith(BY_TOKEN):
        return _("%(name)s (API token)", name=kept.removesuffix(BY_TOKEN))
    return Sentence("%(name)s", name=kept)


SYSTEM = Actor(ActorKind.SYSTEM, "Loop access portal", roles=frozenset({Role.SYSTEM}))
"""The scheduled jobs act as the portal itself and obey the same table as people."""

SINGLE_SIGN_ON = Actor(ActorKind.SYSTEM, "single sign-on", roles=frozenset({Role.SYSTEM}))
"""Who gives and takes the roles that follow from groups at single sign-on."""
