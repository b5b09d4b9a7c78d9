"""Plain rows for tests that start in the middle: an account that exists, a person with roles."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from accounts.actions import engine
from accounts.lifecycle.actor import SYSTEM, Actor
from accounts.lifecycle.states import AccountState, Role
from accounts.models import Account, Environment, Organisation, Person, RoleGrant
from accounts.people import actor_of

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
TODAY = date(2026, 11, 23)
NUMBER = "923609016"


def environment(name: str = "TEST") -> Environment:
    """One of the two environments that the migrations install."""
    return Environment.objects.get(name=name)


def person(email: str, *roles: Role, name: str = "", **fields: Any) -> Person:
    """Somebody with roles; the same address gives the same person."""
    found = Person.objects.filter(email=email).first()
    found = found or Person.objects.create_user(email, name or email.split("@")[0].title(), **fields)
    for role in roles:
        RoleGrant.objects.create(person=found, role=role.value, granted_by="test", granted_at=NOW)
    return found


def actor(email: str, *roles: Role) -> Actor:
    """Somebody with roles, as actions see them."""
    return actor_of(person(email, *roles), today=TODAY)


def account(client_id: str, environment_name: str = "TEST", **fields: Any) -> Account:
    """An active account with the first event of its chain."""
    organisation, _made = Organisation.objects.get_or_create(number=NUMBER, defaults={"name": "Equinor ASA"})
    values = {
        "state": AccountState.ACTIVE.value,
        "state_since": NOW,
        "created_at": NOW,
        "organisation": organisation,
        "owner": person("owner@equinor.example"),
        "as_seller": True,
        "purpose": "Sends surplus valves to Loop every night.",
        "activated_on": date(2025, 1, 1),
        **fields,
    }
    made = Account(client_id=client_id, environment=environment(environment_name), **values)
    engine.begin([made], "import", by=SYSTEM, now=NOW)
    made.refresh_from_db()
    return made
