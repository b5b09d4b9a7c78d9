"""Deputies as their page shows them: whom somebody named, for whom somebody stands in, and who may be named."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db.models import Q
from django.db.models.functions import Lower

from accounts.lifecycle.states import Role
from accounts.models import Deputy, Person

MOST = 50
NOW, LATER, OVER, ENDED = "now", "later", "over", "ended"


@dataclass(frozen=True)
class Row:
    """One range; ``state`` is now, later, over, or ended (taken back)."""

    deputy: Deputy
    state: str

    @property
    def open(self) -> bool:
        """Can it still be changed or taken back?"""
        return self.state in (NOW, LATER)


def named_by(person: Person, today: date) -> list[Row]:
    """The ranges for which ``person`` named somebody, the latest first. One query."""
    return _rows(Q(principal=person), today)


def stands_in(person: Person, today: date) -> list[Row]:
    """The ranges on which ``person`` stands in for somebody, the latest first. One query."""
    return _rows(Q(deputy=person), today)


def colleagues(person: Person) -> list[Person]:
    """Whom ``person`` may well name: everybody with a role here besides them and Cegal. One query."""
    staff = Person.objects.filter(is_active=True, grants__isnull=False).exclude(grants__role=Role.CEGAL.value)
    return list(staff.exclude(pk=person.pk).distinct().order_by(Lower("name"), "email")[:MOST])


def _rows(whose: Q, today: date) -> list[Row]:
    found = Deputy.objects.filter(whose).select_related("principal", "deputy").order_by("-ends_on", "-starts_on", "pk")
    return [Row(one, _state(one, today)) for one in found[:MOST]]


def _state(one: Deputy, today: date) -> str:
    if one.ended_at is not None:
        return ENDED
    if one.ends_on < today:
        return OVER
    return LATER if one.starts_on > today else NOW
