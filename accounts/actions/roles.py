"""Who may work here: people invited, their roles changed, deactivated and let in again (issue of administrators).

The last administrator stays one, however many administrators act at the same moment: whoever changes roles holds the
administrators' grants locked, and must still be one.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.contrib.auth.hashers import make_password
from django.db import transaction

from accounts.actions import assigning, engine, people, settings
from accounts.actions.engine import Change, Owed
from accounts.actions.people import Known
from accounts.lifecycle.actor import Actor, ActorKind
from accounts.lifecycle.errors import NotAllowed, NotReady
from accounts.lifecycle.sentence import Sentence as _
from accounts.lifecycle.states import GRANTED_ROLES, Audience, Role
from accounts.lifecycle.transition import Tell
from accounts.models import Event, Person, RoleGrant


@transaction.atomic
def invite(
    email: str, *, by: Actor, now: datetime, roles: Collection[Role] = (), name: str = "", language: str = ""
) -> Known:
    """Make somebody known, give them ``roles`` besides those they hold, and mail them a way in.

    Asked again for the same person it mails again. Raises NotReady for an address or role that cannot be or somebody
    deactivated, NotAllowed for anybody but an administrator and for roles given to oneself.
    """
    lock_administrators(by)
    there = Person.objects.filter(email__iexact=email.strip()).first()
    if there is not None:
        _check_active(there)
        _check_not_oneself(there, set(roles) - there.roles, by)
    known = people.create_person(email, by=by, now=now, roles=roles, name=name, language=language)
    known.person.refresh_from_db()
    owed = Owed((Tell("invited", Audience.PERSON),))
    said = {"roles": words(known.person.roles)}
    engine.note(known.person, "invite", by=by, now=now, change=Change(data=lambda _person: said), owed=owed)
    return known


@transaction.atomic
def change_roles(
    person: Person, roles: Collection[Role], *, by: Actor, now: datetime, comment: str, seen: int | None = None
) -> Event | None:
    """Let ``person`` hold exactly ``roles`` from now on, with a reason; they are mailed what changed.

    Raises NotReady (no reason, the last administrator), NotAllowed, or LostRace when the person is not the version
    ``seen`` any more. None when they hold just these.
    """
    holders = lock_administrators(by)
    settings.must_say_why(comment)
    settings.must_be_as_seen(person, seen)
    held, wanted = person.roles, frozenset(roles) & frozenset(GRANTED_ROLES)
    given, taken = wanted - held, held - wanted
    if not given and not taken:
        return None
    _check_not_oneself(person, given, by)
    if Role.ADMINISTRATOR in taken:
        _check_not_last(person, holders)
    change = Change(
        comment=comment,
        data=lambda _person: {"given": words(given), "taken": words(taken)},
        also=lambda _changes: _write(person, given, taken, by, now),
    )
    owed = Owed((Tell("role_changed", Audience.PERSON),)) if person.is_active else None
    return settings.record_one(person, "change_roles", by=by, now=now, change=change, owed=owed)


@transaction.atomic
def deactivate(person: Person, *, by: Actor, now: datetime, comment: str, seen: int | None = None) -> Event:
    """Let ``person`` in no more: every session of theirs ends now, what they own stays theirs. With a reason.

    Orders that they worked on are nobody's again. No mail tells them: their address may not be theirs any more.
    Raises as ``change_roles``.
    """
    holders = lock_administrators(by)
    settings.must_say_why(comment)
    settings.must_be_as_seen(person, seen)
    _check_active(person)
    if person.pk == by.id:
        raise NotAllowed(_("You cannot deactivate yourself. Ask another administrator."))
    _check_not_last(person, holders)
    # a session is bound to the password's hash: another one ends them all, also after the person was let in again
    change = Change(
        comment=comment,
        columns={"is_active": False, "password": make_password(None)},
        also=lambda _changes: assigning.release_all(person, by=by, now=now),
    )
    return settings.record_one(person, "deactivate", by=by, now=now, change=change)


@transaction.atomic
def reactivate(person: Person, *, by: Actor, now: datetime, comment: str, seen: int | None = None) -> Event:
    """Let ``person`` in again, with the roles they held. With a reason. Raises as ``change_roles``."""
    lock_administrators(by)
    settings.must_say_why(comment)
    settings.must_be_as_seen(person, seen)
    if person.is_active:
        raise NotReady(_("%(name)s is active already.", name=str(person)))
    change = Change(comment=comment, columns={"is_active": True})
    return settings.record_one(person, "reactivate", by=by, now=now, change=change)


def lock_administrators(by: Actor) -> set[UUID]:
    """Everybody who is an administrator now, locked until the end of the transaction; ``by`` must be one of them."""
    settings.must_be_administrator(by)
    held = RoleGrant.objects.select_for_update().filter(role=Role.ADMINISTRATOR.value, person__is_active=True)
    holders = set(held.order_by("pk").values_list("person_id", flat=True))
    if by.kind is ActorKind.PERSON and by.id not in holders:
        raise NotAllowed(_("You are not an administrator any more: somebody took the role away a moment ago."))
    return holders


def _check_not_last(person: Person, holders: set[UUID]) -> None:
    if holders == {person.pk}:
        raise NotReady(_("%(name)s is the last administrator. Make somebody else one first.", name=str(person)))


def _check_not_oneself(person: Person, given: Collection[Role], by: Actor) -> None:
    """Who runs the portal does not approve or issue by that: roles come from somebody else (DOMAIN.md, "Who")."""
    if given and by.id is not None and person.pk == by.id:
        raise NotAllowed(_("You cannot give a role to yourself. Ask another administrator."))


def _check_active(person: Person) -> None:
    if not person.is_active:
        raise NotReady(_("%(name)s is deactivated.", name=str(person)))


def _write(person: Person, given: Collection[Role], taken: Collection[Role], by: Actor, now: datetime) -> None:
    if Role.SUPPORT in taken:
        assigning.release_all(person, by=by, now=now)
    person.grants.filter(role__in=[role.value for role in taken]).delete()
    RoleGrant.objects.bulk_create(
        RoleGrant(person=person, role=role.value, granted_by=by.name[:200], granted_at=now) for role in given
    )


def words(roles: Collection[Role]) -> list[str]:
    """The roles as an event keeps them."""
    return sorted(role.value for role in roles)
