"""The history of one subject as programs read it: forward, as much of it as the role may see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from accounts.lifecycle.actor import Actor
from accounts.lifecycle.states import Role
from accounts.models import Event, Subject
from accounts.readers import timeline
from accounts.words import say

PAGE = 100  # events
STAFF = (Role.SUPPORT, Role.SERVICE_RESPONSIBLE, Role.ADMINISTRATOR)


@dataclass(frozen=True)
class Entries:
    """Some events, and the number after which the following ones begin (None at the end)."""

    items: list[dict[str, Any]]
    next: int | None


def happened(subject: Subject, by: Actor, after: int) -> Entries:
    """The events of ``subject`` that come after number ``after``, the first one first. One query.

    Staff read everything; others neither what is internal nor comments that were not written for them.
    """
    events = Event.objects.filter(subject_type=subject.subject_type(), subject_id=subject.pk, seq__gt=after)
    if not by.holds(*STAFF):
        events = events.exclude(verb__in=timeline.HIDDEN)
    found = list(events.order_by("seq")[: PAGE + 1])
    shown = found[:PAGE]
    return Entries([plain(event, by) for event in shown], shown[-1].seq if len(found) > PAGE else None)


def plain(event: Event, by: Actor) -> dict[str, Any]:
    """One event as plain values, in the language that is active now. Never what its ``data`` keeps."""
    shown = by.holds(*STAFF) or event.verb in timeline.SHOWN
    return {
        "seq": event.seq,
        "at": event.at,
        "verb": event.verb,
        "actor": say(event.who),
        "sentence": timeline.sentence(event),
        "from_state": event.source,
        "to_state": event.target,
        "comment": event.comment if shown else "",
    }
