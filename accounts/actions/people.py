"""People made known and given their first roles; ``actions.roles`` changes what is there."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction

from accounts.actions import engine, preferences, searching, settings
from accounts.actions.engine import Change
from accounts.lifecycle.actor import Actor
from accounts.lifecycle.errors import NotReady
from accounts.lifecycle.sentence import Sentence as _
from accounts.lifecycle.states import GRANTED_ROLES, Role
from accounts.models import Event, Person, RoleGrant

LANGUAGES = ("en", "nb")


@dataclass(frozen=True)
class Known:
    """A person after ``create_person``: were they made now, and which roles are new to them?"""

    person: Person
    made: bool
    granted: tuple[Role, ...]


@transaction.atomic
def create_person(
    email: str, *, by: Actor, now: datetime, roles: Collection[Role] = (), name: str = "", language: str = ""
) -> Known:
    """Make somebody known by their email address and give them ``roles``; safe to run twice.

    Somebody who is known keeps their name, gets it if it is empty, and keeps the roles they have. Raises NotReady
    for an address, a language or a role that cannot be, NotAllowed for anybody but an administrator.
    """
    settings.must_be_administrator(by)
    _check(email, language, roles)
    person = Person.objects.filter(email__iexact=email.strip()).first()
    made = person is None
    if person is None:
        person = Person(email=email.strip().lower(), name=name.strip(), language=language, created_at=now)
        person.set_unusable_password()
        engine.begin([person], "create", by=by, now=now)
    elif name.strip() and not person.name:
        engine.note(person, "set_name", by=by, now=now, change=Change(columns={"name": name.strip()}))
        searching.index_of_person(person.pk)
    if language and language != person.language:
        preferences.choose_language(person, language)
    granted = tuple(role for role in roles if grant(person, role, by=by, now=now))
    return Known(person, made, granted)


def grant(person: Person, role: Role, *, by: Actor, now: datetime) -> Event | None:
    """Give ``role`` to ``person``; nothing when they hold it. Only an administrator gives roles."""
    settings.must_be_administrator(by)
    _check_role(role)
    if person.grants.filter(role=role.value).exists():
        return None

    def give(_changes: object) -> None:
        RoleGrant.objects.create(person=person, role=role.value, granted_by=by.name[:200], granted_at=now)

    change = Change(data=lambda _person: {"role": role.value}, also=give)
    try:
        with transaction.atomic():
            return engine.note(person, "grant_role", by=by, now=now, change=change)
    except IntegrityError:
        return None  # somebody else gave it a moment ago


def _check(email: str, language: str, roles: Collection[Role]) -> None:
    try:
        validate_email(email.strip())
    except ValidationError:
        raise NotReady(_("“%(email)s” is no email address.", email=email[:200])) from None
    if language and language not in LANGUAGES:
        raise NotReady(_("There is no language “%(language)s”. Known: %(known)s.",
                         language=language, known=", ".join(LANGUAGES)))  # fmt: skip
    for role in roles:
        _check_role(role)


def _check_role(role: Role) -> None:
    if role not in GRANTED_ROLES:
        known = ", ".join(granted.value for granted in GRANTED_ROLES)
        raise NotReady(_("The role %(role)s is not given to people. Known: %(known)s.", role=role.value, known=known))
