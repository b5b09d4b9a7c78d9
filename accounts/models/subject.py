"""What orders, accounts, people and what administrators set have in common: they are subjects of a history."""

from __future__ import annotations

import uuid
from enum import StrEnum

from django.db import models
from django.db.models import Q


class Subject(models.Model):
    """A row with a chain of events. ``version`` is the number of its events and guards every change of it.

    Only ``actions.engine`` writes a subject's state and version.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    version = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        abstract = True

    @classmethod
    def subject_type(cls) -> str:
        """The word under which events name this kind of subject: order, account, person, environment, ..."""
        return cls._meta.model_name or ""


def known(field: str, enum: type[StrEnum], name: str) -> models.CheckConstraint:
    """The rule, said to the database, that ``field`` holds one of the words of ``enum``."""
    return models.CheckConstraint(condition=Q(**{f"{field}__in": [word.value for word in enum]}), name=name)


def choices(enum: type[StrEnum]) -> list[tuple[str, str]]:
    """The words of ``enum`` as Django's choices; the pages' words come from the state badges."""
    return [(word.value, word.value.replace("_", " ")) for word in enum]


def both_or_neither(first: str, second: str, name: str) -> models.CheckConstraint:
    """The rule, said to the database, that two nullable fields are filled together."""
    together = Q(**{f"{first}__isnull": True, f"{second}__isnull": True})
    filled = Q(**{f"{first}__isnull": False, f"{second}__isnull": False})
    return models.CheckConstraint(condition=together | filled, name=name)
