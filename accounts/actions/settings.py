"""What the actions on people, environments, return reasons and the policy have in common: who may, and one change."""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypeVar

from django.db import IntegrityError, transaction

from accounts.actions import engine
from accounts.actions.engine import Change
from accounts.lifecycle.actor import Actor
from accounts.lifecycle.errors import LostRace, NotAllowed, NotReady
from accounts.lifecycle.sentence import Sentence
from accounts.lifecycle.sentence import Sentence as _
from accounts.lifecycle.states import Role
from accounts.models import Environment, Event, ReturnReason, Subject
from accounts.models.facts import who_was_first

Setting = TypeVar("Setting", Environment, ReturnReason)


def must_be_administrator(by: Actor) -> None:
    """Raise NotAllowed for anybody but an administrator and the portal itself."""
    if not by.holds(Role.ADMINISTRATOR, Role.SYSTEM):
        raise NotAllowed(_("Only an administrator can do this."))


def must_be_as_seen(subject: Subject, seen: int | None) -> None:
    """Raise LostRace, with who changed it, when ``subject`` is not the version that the person looked at any more."""
    if seen is not None and seen != subject.version:
        raise LostRace(who_was_first(subject))


def must_say_why(comment: str) -> None:
    """Raise NotReady for an empty reason."""
    if not comment.strip():
        raise NotReady(_("Write a reason. It is kept in the history."))


def record_one(subject: Subject, verb: str, **said: Any) -> Event:
    """As ``engine.record`` for one subject; raises LostRace when somebody changed it a moment ago."""
    written = engine.record([subject], verb, **said)
    if not written:
        raise LostRace(who_was_first(subject))
    return written[0][1]


def add(
    setting: Environment | ReturnReason, taken: Sentence, *, by: Actor, now: datetime, data: dict[str, Any]
) -> Event:
    """Insert a new setting with its first event, which keeps ``data``. NotReady with ``taken`` when it is there."""
    try:
        with transaction.atomic():
            return engine.begin([setting], "add", by=by, now=now, change=Change(data=lambda _setting: data))[0]
    except IntegrityError:
        raise NotReady(taken) from None


def edit(setting: Setting, columns: dict[str, Any], *, by: Actor, now: datetime, seen: int | None) -> Event | None:
    """Write ``columns`` where they differ; the event keeps each as [before, after]. None when nothing differs."""
    must_be_as_seen(setting, seen)
    changed = {
        name: [getattr(setting, name), value] for name, value in columns.items() if getattr(setting, name) != value
    }
    if not changed:
        return None
    new = {name: columns[name] for name in changed}
    change = Change(columns=new, data=lambda _setting: {"changed": changed})
    return record_one(setting, "edit", by=by, now=now, change=change)


def set_active(
    setting: Environment | ReturnReason, active: bool, *, by: Actor, now: datetime, seen: int | None, comment: str
) -> Event | None:
    """Retire a setting, or take it into use again; nothing when it is so already. Administrators alone."""
    must_be_administrator(by)
    must_be_as_seen(setting, seen)
    if setting.active == active:
        return None
    change = Change(comment=comment, columns={"active": active})
    return record_one(setting, "restore" if active else "retire", by=by, now=now, change=change)
