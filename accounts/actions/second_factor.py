"""A second factor that was lost: an administrator takes it away, and the person sets up another one."""

from __future__ import annotations

from datetime import datetime

from allauth.mfa.models import Authenticator
from django.contrib.auth.hashers import make_password
from django.db import transaction

from accounts.actions import settings
from accounts.actions.engine import Change, Owed
from accounts.lifecycle.actor import Actor
from accounts.lifecycle.errors import NotAllowed, NotReady
from accounts.lifecycle.sentence import Sentence as _
from accounts.lifecycle.states import Audience
from accounts.lifecycle.transition import Tell
from accounts.models import Event, Person


@transaction.atomic
def reset(person: Person, *, by: Actor, now: datetime, comment: str, seen: int | None = None) -> Event:
    """Take every second factor of ``person`` away, with a reason; all their sessions end, and they are mailed.

    Raises NotAllowed for anybody but another administrator, NotReady (no reason, nothing to take away), or LostRace
    when the person is not the version ``seen`` any more.
    """
    settings.must_be_administrator(by)
    if by.id is not None and person.pk == by.id:
        raise NotAllowed(_("You cannot reset your own second factor. Ask another administrator."))
    settings.must_say_why(comment)
    settings.must_be_as_seen(person, seen)
    held = Authenticator.objects.select_for_update().filter(user=person)
    kinds = sorted({str(kind) for kind in held.values_list("type", flat=True)})
    if not kinds:
        raise NotReady(_("%(name)s has no second factor.", name=str(person)))
    change = Change(
        comment=comment,
        # a session is bound to the password's hash: another one ends them all
        columns={"password": make_password(None)},
        data=lambda _person: {"second_factors": kinds},
        also=lambda _changes: _forget(person),
    )
    owed = Owed((Tell("second_factor_reset", Audience.PERSON),)) if person.is_active else None
    return settings.record_one(person, "reset_second_factor", by=by, now=now, change=change, owed=owed)


def _forget(person: Person) -> None:
    Authenticator.objects.filter(user=person).delete()
