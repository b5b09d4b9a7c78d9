"""Roles out of the groups that an issuer names at single sign-on, renewed at each sign-in.

They are kept apart from the roles that administrators give: those no sign-in takes away.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import structlog
from django.db import transaction

from accounts.actions import assigning, engine, roles
from accounts.actions.engine import Change
from accounts.lifecycle.actor import SINGLE_SIGN_ON
from accounts.lifecycle.states import GRANTED_ROLES, Role
from accounts.models import Event, Person, RoleGrant

log = structlog.get_logger(__name__)


@transaction.atomic
def map_roles(person: Person, wanted: Collection[Role], *, now: datetime) -> Event | None:
    """Let ``person`` hold ``wanted`` through single sign-on, and nothing else through it; None when nothing changes.

    A role that an administrator gave stays as it is, whatever the groups say. The last administrator stays one.
    """
    held = dict(person.grants.values_list("role", "by_single_sign_on"))
    given = {role for role in wanted if role in GRANTED_ROLES and role.value not in held}
    taken = {Role(role) for role, from_groups in held.items() if from_groups} - set(wanted)
    if Role.ADMINISTRATOR in taken and roles.lock_administrators(SINGLE_SIGN_ON) == {person.pk}:
        log.warning("last_administrator_kept", person=str(person.pk))
        taken -= {Role.ADMINISTRATOR}
    if not given and not taken:
        return None
    change = Change(
        data=lambda _person: {"given": roles.words(given), "taken": roles.words(taken)},
        also=lambda _changes: _write(person, given, taken, now),
    )
    return engine.note(person, "change_roles", by=SINGLE_SIGN_ON, now=now, change=change)


def _write(person: Person, given: Collection[Role], taken: Collection[Role], now: datetime) -> None:
    if Role.SUPPORT in taken:
        assigning.release_all(person, by=SINGLE_SIGN_ON, now=now)
    from_groups = person.grants.filter(by_single_sign_on=True)
    from_groups.filter(role__in=[role.value for role in taken]).delete()
    RoleGrant.objects.bulk_create(
        [
            RoleGrant(
                person=person, role=role.value, granted_by=SINGLE_SIGN_ON.name, granted_at=now, by_single_sign_on=True
            )
            for role in given
        ],
        ignore_conflicts=True,  # two windows of one person, signing in at once
    )
