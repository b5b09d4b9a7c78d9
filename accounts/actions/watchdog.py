"""Tell Support, once a day, that something stands still that must go on by itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from django.db.models import Q

from accounts.actions import engine
from accounts.actions.engine import Change, Owed
from accounts.lifecycle.actor import Actor
from accounts.lifecycle.alive import Late
from accounts.lifecycle.states import Audience
from accounts.lifecycle.transition import Tell
from accounts.models import Watchdog
from accounts.models.watchdog import THE_WATCHDOG

_TO_SUPPORT = Owed((Tell("jobs_not_running", Audience.SUPPORT),))


def tell(late: Sequence[Late], *, today: date, by: Actor, now: datetime) -> bool:
    """Write the event and the mail of ``today`` (Europe/Oslo) about what is ``late``.

    False when there is nothing to tell, or when it was told today: of several watchdogs one tells.
    """
    row, _made = Watchdog.objects.get_or_create(pk=THE_WATCHDOG) if late else (None, False)
    if row is None or row.told_on == today:
        return False
    said = {"late": [{"part": one.part.value, **one.sentence.plain()} for one in late]}
    change = Change(
        columns={"told_on": today},
        still=Q(told_on__isnull=True) | Q(told_on__lt=today),
        data=lambda _row: said,
    )
    return bool(engine.record([row], "jobs_not_running", by=by, now=now, change=change, owed=_TO_SUPPORT))
