"""Compare and swap: the guarded UPDATE by which the database decides who was first."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, TypeVar

from django.db import models, transaction
from django.db.models import F, Q, Value
from django.db.models.functions import Coalesce
from django.db.models.lookups import Exact

from accounts.models import Subject
from accounts.models.among import among
from accounts.models.prepared import PreparedUpdate, Slot

S = TypeVar("S", bound=Subject)


def compare_and_swap(group: Sequence[S], source: str, version: int, values: Mapping[str, Any], still: Q) -> Sequence[S]:
    """Set ``values`` where the rows of ``group`` are in state ``source`` and version ``version``, and ``still`` holds.

    The UPDATE's count must be the number of subjects; otherwise it is taken back, those that somebody else changed are
    dropped, and the rest is tried again. Gives the subjects that were changed. ``source`` is "" for what has no state.
    """
    if len(group) == 1 and not still and not any(isinstance(one, models.Expression | Q) for one in values.values()):
        return group if _swap_one(group[0], source, version, values) else []
    model = type(group[0])
    condition = Q(version=version) & still
    if hasattr(group[0], "state"):
        condition &= Q(_is_in(source))
    while group:
        rows = model._default_manager.filter(condition, among("pk", [subject.pk for subject in group]))
        if len(group) == 1:  # there is nothing to take back
            return group if rows.update(**values) else []
        with transaction.atomic():
            if rows.update(**values) == len(group):
                return group
            transaction.set_rollback(True)
        left = set(rows.values_list("pk", flat=True))
        group = [subject for subject in group if subject.pk in left]
    return []


def _swap_one(subject: Subject, source: str, version: int, values: Mapping[str, Any]) -> bool:
    """The same for one subject and plain values, which is what most verbs do: by a statement that is kept."""
    new = {f"new_{name}": one.pk if isinstance(one, models.Model) else one for name, one in values.items()}
    statement = one_update(type(subject), tuple(values))
    return statement.run(pk=subject.pk, source=source, version=version, **new) == 1


@cache
def one_update(model: type[Subject], names: tuple[str, ...]) -> PreparedUpdate:
    """The UPDATE of the columns ``names`` of one row that is still in the state and version given."""

    def build() -> tuple[models.QuerySet[Any], dict[str, Any]]:
        field: Callable[[str], Any] = model._meta.get_field
        condition = Q(pk=Slot("pk", field("id")), version=Slot("version", field("version")))
        if hasattr(model, "state"):
            condition &= Q(_is_in(Slot("source", field("state"))))
        new = {name: Slot(f"new_{name}", _stored(field(name))) for name in names}
        return model._default_manager.filter(condition), new

    return PreparedUpdate(build)


def _stored(field: Any) -> Any:
    return field.target_field if isinstance(field, models.ForeignKey) else field


def _is_in(state: Any) -> Exact:
    """The condition on the state, hidden from SQLite's indexes: it knows no numbers, and would rather look through
    all rows of that state than find a thousand by their ids."""
    return Exact(Coalesce(F("state"), Value("")), state)
