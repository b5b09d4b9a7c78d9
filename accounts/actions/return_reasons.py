"""The catalogue of reasons to return an order: added, worded, ordered, retired by administrators."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max

from accounts.actions import settings
from accounts.lifecycle.actor import Actor
from accounts.lifecycle.errors import NotReady
from accounts.lifecycle.sentence import Sentence as _
from accounts.models import Event, ReturnReason

TEXTS = ("title_en", "title_nb", "text_en", "text_nb")


def add_return_reason(texts: Mapping[str, str], *, by: Actor, now: datetime) -> ReturnReason:
    """A new reason at the end of the catalogue. ``texts`` holds ``field`` and TEXTS.

    Raises NotReady when a text is missing or too long, NotAllowed for anybody but an administrator.
    """
    settings.must_be_administrator(by)
    last = ReturnReason.objects.aggregate(last=Max("position"))["last"]
    reason = ReturnReason(position=(last or 0) + 1, **_cleaned(texts))
    _check(reason)
    taken = _("This reason is there already.")
    settings.add(reason, taken, by=by, now=now, data={"title": reason.title_en})
    return reason


def edit_return_reason(
    reason: ReturnReason, texts: Mapping[str, str], *, by: Actor, now: datetime, seen: int | None = None
) -> Event | None:
    """Word ``reason`` anew in both languages; orders that were returned with it keep what was written then.

    Raises NotReady, NotAllowed, or LostRace when it is not the version ``seen`` any more. None when nothing differs.
    """
    settings.must_be_administrator(by)
    said = _cleaned(texts)
    _check(ReturnReason(position=reason.position, **said))
    return settings.edit(reason, said, by=by, now=now, seen=seen)


def set_active(
    reason: ReturnReason, active: bool, *, by: Actor, now: datetime, seen: int | None = None, comment: str = ""
) -> Event | None:
    """Offer ``reason`` to Support, or not any more."""
    return settings.set_active(reason, active, by=by, now=now, seen=seen, comment=comment)


@transaction.atomic
def move(reason: ReturnReason, *, up: bool, by: Actor, now: datetime) -> list[Event]:
    """Swap ``reason`` with its neighbour above or below. Nothing at the end of the list. Gives the events."""
    settings.must_be_administrator(by)
    rows = list(ReturnReason.objects.select_for_update().order_by("position", "title_en", "pk"))
    place = next((number for number, row in enumerate(rows) if row.pk == reason.pk), None)
    other = None if place is None else place - 1 if up else place + 1
    if place is None or other is None or not 0 <= other < len(rows):
        return []
    rows[place], rows[other] = rows[other], rows[place]
    events = [settings.edit(row, {"position": n}, by=by, now=now, seen=None) for n, row in enumerate(rows, start=1)]
    return [event for event in events if event is not None]


def _cleaned(texts: Mapping[str, str]) -> dict[str, Any]:
    return {name: texts.get(name, "").strip() for name in ("field", *TEXTS)}


def _check(reason: ReturnReason) -> None:
    try:
        reason.full_clean(validate_unique=False)
    except ValidationError as error:
        raise NotReady(_("Fill in both languages: %(why)s", why=" ".join(error.messages))) from None
