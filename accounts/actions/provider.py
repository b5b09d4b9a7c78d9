"""Tasks of the provider: disable or enable a client, open until somebody confirms it (DOMAIN.md)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from accounts.actions import engine
from accounts.actions.engine import Change
from accounts.lifecycle.actor import Actor
from accounts.lifecycle.errors import LostRace, NotAllowed, NotReady
from accounts.lifecycle.sentence import Sentence as _
from accounts.lifecycle.states import Role, TaskKind
from accounts.models import Account, Event, Task


def confirm(task: Task, *, by: Actor, now: datetime, comment: str = "") -> Event:
    """Close an open task: Cegal confirms that the client was disabled or enabled, Support that its work is done.

    Raises NotAllowed for the wrong role, LostRace when somebody confirmed it first.
    """
    if task.kind == TaskKind.NEW_SECRET.value:
        raise NotReady(_("Enter the new secret; that closes this task."))
    if not by.holds(Role.CEGAL if task.is_providers else Role.SUPPORT):
        raise NotAllowed(_("Only Cegal can confirm this.") if task.is_providers else _("Only Support can do this."))
    with transaction.atomic():
        if not Task.objects.filter(pk=task.pk, done_at__isnull=True).update(done_at=now, done_by=by.name):
            task.refresh_from_db()
            raise LostRace(_("%(name)s confirmed this already.", name=task.done_by))
        account = Account.objects.get(pk=task.account_id)
        change = Change(comment=comment, data=lambda _account: {"task": task.kind})
        return engine.note(account, "confirm_task", by=by, now=now, change=change)


def confirm_kind(account: Account, kind: TaskKind, *, by: Actor, now: datetime) -> None:
    """Close the open task of ``kind`` of ``account``, if there is one."""
    for task in Task.objects.filter(account=account, kind=kind.value, done_at__isnull=True):
        confirm(task, by=by, now=now)


def supersede(account: Account, kind: TaskKind, *, by: Actor, now: datetime) -> None:
    """Close a task that a later one takes the place of: nobody should disable what is to be enabled."""
    Task.objects.filter(account=account, kind=kind.value, done_at__isnull=True).update(
        done_at=now, done_by=by.name, superseded=True
    )
