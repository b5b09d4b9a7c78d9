"""What the pages of documentation show: which environments have some, the version that is shown, all versions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import OuterRef, Q, QuerySet, Subquery

from accounts.models import Documentation, Environment, Event

HEAVY = ("content", "outline")


@dataclass(frozen=True)
class Difference:
    """What one version has and another has not, as "GET /sales"."""

    added: list[str]
    removed: list[str]


def environments() -> list[Environment]:
    """The environments that can be ordered or are documented, with ``shown_at``: since when. One query."""
    found = _with_documentation().filter(Q(active=True) | Q(documentation__isnull=False))
    return list(found.defer(*(f"documentation__{name}" for name in HEAVY)))


def named(name: str) -> Environment | None:
    """The environment called ``name``, whatever its case, with its documentation and ``shown_at``. One query."""
    return _with_documentation().defer("documentation__content").filter(name__iexact=name).first()


def versions(environment: Environment) -> list[Documentation]:
    """Every version of ``environment``, the newest first, without the files themselves. One query."""
    return list(environment.documentations.defer(*HEAVY).select_related("uploaded_by").order_by("-number"))


def difference(version: Documentation, shown: Documentation | None) -> Difference:
    """Which operations ``version`` adds to what is shown now, and which it does not have any more."""
    here, there = _operations(version.outline), _operations(shown.outline if shown else {})
    return Difference([one for one in here if one not in there], [one for one in there if one not in here])


def _with_documentation() -> QuerySet[Environment]:
    shown = Event.objects.filter(
        subject_type=Environment.subject_type(), subject_id=OuterRef("pk"), verb="show_documentation"
    )
    shown_at: Subquery = Subquery(shown.order_by("-seq").values("at")[:1])
    return Environment.objects.select_related("documentation").annotate(shown_at=shown_at)


def _operations(outline: dict[str, Any]) -> dict[str, None]:
    """The operations as words, in their order, quick to look up."""
    groups = outline.get("groups", [])
    return {f"{one['method']} {one['path']}": None for group in groups for one in group["operations"]}


def shown_at(environment: Environment) -> datetime | None:
    """Since when the version of ``environment`` is shown, as the queries above found it."""
    found: datetime | None = getattr(environment, "shown_at", None)
    return found if environment.documentation_id else None
