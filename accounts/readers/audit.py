"""The audit trail: every event of everything, newest first; who, what, about what and when can be asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from accounts.lifecycle.actor import ActorKind
from accounts.models import Event, JobRun, Person, RunState
from accounts.models.among import among
from accounts.models.period import begins
from accounts.models.subject import Subject
from accounts.readers import called, history, paging, timeline
from accounts.readers.details import Detail, details
from accounts.readers.finding import contains
from accounts.words import say

NEWEST_FIRST = paging.Order("at", falling=True, ties_fall=True)
PEOPLE, PORTAL, LINKS = "people", "portal", "links"
MOST_PEOPLE = 20
CHUNK = 2000
JOB = "verify_history"

_OF_KIND = {
    PEOPLE: Q(actor_id__isnull=False),  # as the index has it
    PORTAL: Q(actor_kind=ActorKind.SYSTEM.value),
    LINKS: Q(actor_kind=ActorKind.LINK.value),
}


@dataclass(frozen=True)
class Asked:
    """What is looked for; "" and None are anything. ``subject``: the ids that the typed name stands for, or None.

    ``first`` and ``last`` are days in the portal's time zone, both included.
    """

    who: str = ""
    kind: str = ""
    verb: str = ""
    subject: Sequence[UUID] | None = None
    first: date | None = None
    last: date | None = None


@dataclass(frozen=True)
class Row:
    """An event as it is drawn: the subject (None where it is gone), and whether the event is as it was written."""

    event: Event
    subject: Subject | None
    intact: bool
    labels: Mapping[str, Any] = field(default_factory=dict)

    @property
    def what(self) -> str:
        """What was done, as a sentence of its own."""
        return str(capfirst(history.sentence(self.event)))

    @property
    def icon(self) -> str:
        return timeline.look(self.event.verb)[0]

    @property
    def who(self) -> str:
        """Who did it; "" for the portal itself."""
        return "" if self.event.actor_kind == ActorKind.SYSTEM.value else say(self.event.who)

    @property
    def kind(self) -> str:
        """The word for the kind of the subject."""
        return called.kind_of(self.event.subject_type)

    @property
    def name(self) -> str:
        """What the subject is called, or its id where it is gone."""
        return called.name_of(self.subject) if self.subject else str(self.event.subject_id)

    @property
    def key(self) -> str:
        """What to type to find everything about this subject."""
        return called.key_of(self.subject) if self.subject else str(self.event.subject_id)

    @property
    def moved(self) -> bool:
        return self.event.source != self.event.target

    @property
    def details(self) -> list[Detail]:
        """What the event keeps besides: before and after, in words."""
        return details(self.event.data, self.labels)


def matching(asked: Asked) -> QuerySet[Event]:
    """The events that ``asked`` names. One query to find the people, where some are named."""
    found = Event.objects.all()
    if asked.who:
        found = found.filter(actor_id__in=_people(asked.who))
    if asked.kind in _OF_KIND:
        found = found.filter(_OF_KIND[asked.kind])
    if asked.verb:
        found = found.filter(verb=asked.verb)
    if asked.subject is not None:
        found = found.filter(among("subject_id", asked.subject), subject_type__in=list(history.SUBJECTS))
    if asked.first:
        found = found.filter(at__gte=begins(asked.first))
    if asked.last:
        found = found.filter(at__lt=begins(asked.last + timedelta(days=1)))
    return found


def page(asked: Asked, at: Mapping[str, str], labels: Mapping[str, Any]) -> tuple[list[Row], paging.Page[Event]]:
    """One page of the trail, the newest first. ``labels`` names the order form's fields.

    Three queries besides those of ``matching`` and one for each kind of subject among the rows.
    """
    shown = paging.page(matching(asked), NEWEST_FIRST, at)
    return rows_of(shown.rows, labels), shown


def rows_of(events: Sequence[Event], labels: Mapping[str, Any]) -> list[Row]:
    """Events with their subjects, each held against its own hash and the event before it."""
    subjects, before = called.subjects_of(events), _hashes_before(events)
    return [Row(e, subjects.get((e.subject_type, e.subject_id)), _intact(e, before), labels) for e in events]


def stream(asked: Asked) -> Iterator[Row]:
    """Every event that ``asked`` names, the newest first, in chunks: memory stays flat, no query stays open."""
    rows, after = matching(asked), ""
    while True:
        chunk = paging.page(rows, NEWEST_FIRST, {"after": after} if after else {}, size=CHUNK)
        yield from rows_of(chunk.rows, {})
        after = chunk.after
        if not after:
            return


@dataclass(frozen=True)
class Verdict:
    """What the last full verification of all chains found; ``at`` is None where none has ended yet."""

    at: datetime | None = None
    events: int = 0
    broken: int = 0


def last_verdict() -> Verdict:
    """The last full verification that the schedule did. One query."""
    done = JobRun.objects.filter(job=JOB, state=RunState.DONE.value).order_by("-started_at").first()
    if done is None:
        return Verdict()
    return Verdict(done.ended_at, done.counts.get("events", 0), done.counts.get("broken", 0))


def verbs() -> list[tuple[str, list[tuple[str, str]]]]:
    """Every verb that events know, grouped by what it is done to, each with its words."""
    of_lifecycles = timeline.known()
    others = {verb: said for verb, said in history.known().items() if verb not in of_lifecycles}
    groups = {_("Orders and accounts"): of_lifecycles, _("People and settings"): others}
    return [
        (label, sorted(((verb, str(capfirst(said))) for verb, said in known.items()), key=lambda one: one[1]))
        for label, known in groups.items()
    ]


def _people(text: str) -> list[UUID]:
    """The people whose name or address contains ``text``; somebody with exactly that address is meant alone."""
    exact = Person.objects.filter(email__iexact=text).values_list("pk", flat=True).first()
    if exact:
        return [exact]
    found = Person.objects.filter(contains(text, "name", "email")).order_by("email")
    return list(found.values_list("pk", flat=True)[:MOST_PEOPLE])


def _hashes_before(events: Sequence[Event]) -> dict[tuple[str, UUID, int], str]:
    """The hashes of the events right before these, in their chains. One query, over the chains' index."""
    wanted = {event.seq - 1 for event in events if event.seq > 1}
    if not wanted:
        return {}
    kinds = {event.subject_type for event in events}
    found = Event.objects.filter(among("subject_id", {e.subject_id for e in events}), subject_type__in=kinds)
    rows = found.filter(seq__in=wanted).values_list("subject_type", "subject_id", "seq", "hash")
    return {(kind, pk, seq): said for kind, pk, seq, said in rows.iterator(CHUNK)}


def _intact(event: Event, before: Mapping[tuple[str, UUID, int], str]) -> bool:
    expected = before.get((event.subject_type, event.subject_id, event.seq - 1)) if event.seq > 1 else ""
    return event.previous == expected and event.hash == event.computed_hash()
