"""Tasks of the provider: disable or enable a client, open until somebody confirms it (DOMAIN.md)."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from accounts import outbox
from accounts.actions import engine
from accounts.actions.engine import Change, Owed
from accounts.lifecycle.actor import Actor
from accounts.lifecycle.calendar import is_working_day, late_since
from accounts.lifecycle.errors import LostRace, NotAllowed, NotReady
from accounts.lifecycle.sentence import Sentence as _
from accounts.lifecycle.states import Audience, Role, TaskKind
from accounts.lifecycle.transition import Tell
from accounts.models import Account, Credential, Event, Task, current_policy

_TO_CEGAL = Tell("provider_tasks_open", Audience.CEGAL)
_TO_SUPPORT = Tell("provider_tasks_late", Audience.SUPPORT)


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
        owed = _removed(task, now) if task.kind == TaskKind.REMOVE_SECRET.value else Owed()
        return engine.note(account, "confirm_task", by=by, now=now, change=change, owed=owed)


def _removed(task: Task, now: datetime) -> Owed:
    """The provider removed an old secret; its people are told once none is left to remove."""
    Credential.objects.filter(tasks=task, removed_at__isnull=True).update(removed_at=now)
    if Task.objects.open().filter(account=task.account_id, kind=task.kind).exists():
        return Owed()
    return Owed((Tell("old_secret_removed", Audience.OWNER), Tell("old_secret_removed", Audience.TECHNICAL_CONTACT)))


def confirm_kind(account: Account, kind: TaskKind, *, by: Actor, now: datetime) -> None:
    """Close the open task of ``kind`` of ``account``, if there is one."""
    for task in Task.objects.filter(account=account, kind=kind.value, done_at__isnull=True):
        confirm(task, by=by, now=now)


def supersede(account: Account, kind: TaskKind, *, by: Actor, now: datetime) -> None:
    """Close a task that a later one takes the place of: nobody should disable what is to be enabled."""
    Task.objects.filter(account=account, kind=kind.value, done_at__isnull=True).update(
        done_at=now, done_by=by.name, superseded=True
    )


def remind_open(*, today: date, now: datetime, by: Actor) -> dict[str, int]:
    """Remind Cegal of the tasks that are open for more than [2] working days; after as long again, tell Support.

    Each once per task, in one mail a run. Nothing is sent on a day off: what falls due then comes with the first
    run on a working day. Gives counts.
    """
    if not is_working_day(today):
        return {"reminded": 0, "told_support": 0}
    days = current_policy().provider_reminder_days
    waiting = Task.objects.providers().open().select_related("account__environment").order_by("opened_at", "pk")
    late = waiting.filter(reminded_on__isnull=True, opened_at__date__lte=late_since(today, days))
    reminded = _tell(list(late), "remind_provider", _TO_CEGAL, "reminded_on", days, today, now, by)
    days *= 2
    late = waiting.filter(escalated_on__isnull=True, opened_at__date__lte=late_since(today, days))
    told = _tell(list(late), "provider_is_late", _TO_SUPPORT, "escalated_on", days, today, now, by)
    return {"reminded": reminded, "told_support": told}


def _tell(
    tasks: list[Task], verb: str, tell: Tell, column: str, days: int, today: date, now: datetime, by: Actor
) -> int:
    """An event on each account, the oldest task's with one mail about them all; the tasks are stamped with it."""
    accounts = {task.account_id: task.account for task in tasks}
    if not accounts:
        return 0
    about = {task.account_id: task.kind for task in reversed(tasks)}

    def stamp(changes: list[tuple[Account, Event]]) -> None:
        told = [account.pk for account, _event in changes]
        mine = Task.objects.filter(pk__in=[task.pk for task in tasks], account__in=told, done_at__isnull=True)
        mine.update(**{column: today})
        first = next(change for pk in accounts for change in changes if change[0].pk == pk)
        outbox.post([first], [tell], now=now)

    change = Change(also=stamp, data=lambda account: {"task": about[account.pk], "number": len(tasks), "days": days})
    return len(engine.record(list(accounts.values()), verb, by=by, now=now, change=change))
