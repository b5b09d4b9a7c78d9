"""Gaps that Support accepts: days of which nobody will ever say what happened (DOMAIN.md, "Held")."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils import timezone

from accounts.actions.usage_days import check_days
from accounts.lifecycle.actor import Actor
from accounts.lifecycle.errors import NotAllowed, NotReady
from accounts.lifecycle.sentence import Sentence as _
from accounts.lifecycle.states import Role
from accounts.models import Coverage, Environment
from accounts.models.watch import watch_of

ONE_DAY = timedelta(days=1)
ACCEPTED_GAP = "accepted gap"  # the source of days that Support accepts as unknown


def accept_gap(
    environment: Environment, first_day: date, last_day: date, *, by: Actor, reason: str, now: datetime
) -> Coverage:
    """Support accepts that nobody will ever say what happened on these days: they do not hold a suspension any more.

    Asked again for the same days, the first acceptance stands. Raises NotAllowed for anybody but Support,
    NotReady without a reason, for days that are not over, or when none of the days is unknown.
    """
    if not by.holds(Role.SUPPORT):
        raise NotAllowed(_("Only Support can accept a gap."))
    if not reason.strip():
        raise NotReady(_("Write why these days may be taken as known. The reason is kept."))
    check_days(first_day, last_day, timezone.localdate(now))
    if last_day >= timezone.localdate(now):
        raise NotReady(_("Only days that are over can be accepted: calls of today may still come."))
    with transaction.atomic():
        Environment.objects.select_for_update().get(pk=environment.pk)
        same = Coverage.objects.filter(
            environment=environment, source=ACCEPTED_GAP, first_day=first_day, last_day=last_day
        ).first()
        if same is not None:
            return same
        if watch_of(environment.pk).known_through(first_day - ONE_DAY) >= last_day:
            raise NotReady(_("There is no gap: usage is known for all of these days."))
        return Coverage.objects.create(
            environment=environment, source=ACCEPTED_GAP, first_day=first_day, last_day=last_day, received_at=now,
            accepted_by=by.name[:200], reason=reason.strip()[:1000],
        )  # fmt: skip
