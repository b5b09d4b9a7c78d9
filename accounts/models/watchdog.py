"""The watchdog: the one row that says when Support was last told that something stands still."""

from __future__ import annotations

from uuid import UUID

from django.db import models
from django.db.models import Q

from accounts.models.subject import Subject

THE_WATCHDOG = UUID(int=2)


class Watchdog(Subject):
    """Its history tells on which days what stood still. ``told_on`` (Europe/Oslo) keeps it to one mail a day.

    The row is made when it first has something to tell.
    """

    told_on = models.DateField(null=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=THE_WATCHDOG), name="watchdog_is_one")]

    def __str__(self) -> str:
        return "watchdog"
