"""The old secret of a rotation goes: owed to the provider only where the new one works and its owner has it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from django.utils import timezone

from accounts import outbox
from accounts.actions import engine
from accounts.lifecycle import rotation as rule
from accounts.lifecycle.actor import Actor
from accounts.lifecycle.errors import LostRace, NotReady
from accounts.lifecycle.sentence import Sentence as _
from accounts.lifecycle.states import TaskKind
from accounts.models import Account, Credential, Event, Task
from accounts.models.rotation import removals, second_secret


def ask_to_remove(new: Credential, verb: str, *, by: Actor, now: datetime, confirmed: bool) -> Event:
    """Owe the removal of every secret that is older than ``new``; the event on its account is called ``verb``.

    ``confirmed``: its owner said that the new one is in use. Call it inside a transaction. Raises NotReady where the
    old one must stay, LostRace when somebody asked first.
    """
    Account.objects.select_for_update(no_key=True).get(pk=new.account_id)
    new = Credential.objects.select_related("account__owner").get(pk=new.pk)
    refusal = rule.removal_refusal(replace(second_secret(new, timezone.localdate(now)), confirmed=confirmed))
    if refusal is not None:
        raise NotReady(refusal)
    waiting = Credential.objects.in_overlap()
    if not waiting.filter(pk=new.pk).update(overlap_ended_at=now, in_use_at=now if confirmed else None):
        raise LostRace(_("Cegal was asked to remove the old secret already."))
    waiting.filter(account=new.account_id, entered_at__lt=new.entered_at).update(overlap_ended_at=now)
    event = engine.note(new.account, verb, by=by, now=now)
    Task.objects.bulk_create(
        [Task(kind=TaskKind.REMOVE_SECRET.value, account=new.account, event=event, opened_at=now, credential=old)
         for old in _to_remove(new)],
        ignore_conflicts=True,
    )  # fmt: skip
    outbox.wake(outbox.OPERATE)
    return event


def _to_remove(new: Credential) -> list[Credential | None]:
    """The older secrets; None stands for what an account had before the portal knew it, until it is removed."""
    old: list[Credential | None] = list(Credential.objects.older_than(new).defer("sealed_secret"))
    if new.account.order_id is not None:
        return old
    gone = removals(new.account).filter(credential__isnull=True, done_at__isnull=False, superseded=False)
    return old if gone.exists() else [None, *old]
