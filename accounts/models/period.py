"""The days that a report is about, in the portal's time zone, and the environment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from accounts.models.account import Account
from accounts.models.event import Event
from accounts.models.order import Order

LONGEST = 5 * 366  # days


@dataclass(frozen=True)
class Period:
    """From ``first`` to ``last``, both included; ``environment`` is a name, "" for all."""

    first: date
    last: date
    environment: str = ""

    @classmethod
    def of_days(cls, days: int, today: date, environment: str = "") -> Period:
        """The last ``days`` days up to and with ``today``."""
        return cls(today - timedelta(days=days - 1), today, environment)

    def bounds(self) -> dict[str, Any]:
        """The conditions on an event's ``at``."""
        return {"at__gte": begins(self.first), "at__lt": begins(self.last + timedelta(days=1))}

    def contains(self, at: datetime) -> bool:
        """Does ``at``, told in the portal's time zone, lie in it?"""
        return self.first <= at.date() <= self.last

    def months(self) -> list[tuple[date, date]]:
        """The calendar months that it touches, each as its first and last day inside of the period."""
        found, first = [], self.first
        while first <= self.last:
            following = (first.replace(day=1) + timedelta(days=32)).replace(day=1)
            found.append((first, min(self.last, following - timedelta(days=1))))
            first = following
        return found

    def of_orders(self, events: QuerySet[Event]) -> QuerySet[Event]:
        """Those of ``events`` that are about orders which ask for the environment."""
        if not self.environment:
            return events
        return events.filter(subject_id__in=Order.objects.filter(environments__name=self.environment).values("pk"))

    def of_accounts(self, events: QuerySet[Event]) -> QuerySet[Event]:
        """Those of ``events`` that are about accounts in the environment."""
        if not self.environment:
            return events
        return events.filter(subject_id__in=Account.objects.filter(environment__name=self.environment).values("pk"))


def begins(day: date) -> datetime:
    """The moment at which ``day`` begins in the portal's time zone."""
    return timezone.make_aware(datetime.combine(day, time.min))
