"""Who acts: an actor for a user, a signed link, the system."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.core import signing

from accounts.lifecycle.actor import SYSTEM, Actor, ActorKind
from accounts.models import Notice, Person

__all__ = ["SYSTEM", "NoticeLink", "actor_of", "link_actor", "notice_token", "read_notice_token"]

_NOTICE_SALT = "accounts.notice"


def actor_of(person: Person) -> Actor:
    """The actor for somebody who signed in, with the roles they hold now. One query; ask once per request."""
    return Actor(ActorKind.PERSON, str(person), id=person.pk, email=person.email, roles=person.roles)


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
    return Actor(ActorKind.LINK, f"{link.email} (link in the email)", email=link.email, owns=notice.account_id)
