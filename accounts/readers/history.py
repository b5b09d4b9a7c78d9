"""The chain of events of one subject, and whether all chains are whole (DOMAIN.md, "Records")."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.lifecycle.sentence import Sentence
from accounts.lifecycle.sentence import Sentence as _
from accounts.models import (
    Account,
    ApiToken,
    Environment,
    Event,
    Order,
    Person,
    PolicyRecord,
    ReturnReason,
    Subject,
    UnreachableAddress,
    Watchdog,
    WebhookEndpoint,
)
from accounts.readers import timeline
from accounts.words import say

KINDS: tuple[type[Subject], ...] = (
    Order, Account, Person, Environment, ReturnReason, PolicyRecord, UnreachableAddress, WebhookEndpoint,
    Watchdog, ApiToken,
)  # fmt: skip
SUBJECTS: dict[str, type[Subject]] = {kind.subject_type(): kind for kind in KINDS}
CHUNK = 2000

_SETTING = {
    "add": _("added it"),
    "edit": _("changed it"),
    "retire": _("retired it"),
    "restore": _("took it into use again"),
}

_SAID: dict[str, dict[str, Sentence]] = {
    Person.subject_type(): {
        "create": _("made the person known"),
        "invite": _("invited the person"),
        "grant_role": _("gave a role"),
        "revoke_role": _("took a role away"),
        "change_roles": _("changed the roles"),
        "set_name": _("wrote the name"),
        "deactivate": _("deactivated the person"),
        "reactivate": _("let the person in again"),
        "reset_second_factor": _("took a lost second factor away"),
        "name_deputy": _("named a deputy"),
        "change_deputy": _("changed the days of a deputy"),
        "end_deputy": _("took a deputy back"),
        "become_deputy": _("made this person a deputy for some days"),
        "stop_being_deputy": _("ended this person’s days as a deputy"),
    },
    Environment.subject_type(): {
        **_SETTING,
        "choose_provider": _("chose who makes its clients"),
        "try_provider": _("tried the connection to its provider"),
        "add_documentation": _("handed in documentation"),
        "show_documentation": _("showed documentation to everybody who signs in"),
        "hide_documentation": _("took the documentation away"),
    },
    ReturnReason.subject_type(): _SETTING,
    PolicyRecord.subject_type(): {"change_policy": _("changed the policy")},
    WebhookEndpoint.subject_type(): {
        **_SETTING,
        "disable": _("switched it off: nothing got through for days"),
        "replay": _("had past events sent again"),
    },
    ApiToken.subject_type(): {"add": _("made it"), "revoke": _("revoked it")},
    UnreachableAddress.subject_type(): {
        "mail_came_back": _("noted that mail to the address came back"),
        "mail_arrives": _("noted that mail arrives at the address again"),
    },
    Watchdog.subject_type(): {"jobs_not_running": _("told Support that something stands still")},
}
"""What completes "<name> ..." for subjects that have no lifecycle."""


def sentence(event: Event) -> str:
    """What was done, to come after the name of who did it, in the language that is active now."""
    said = _SAID.get(event.subject_type, {}).get(event.verb)
    return say(said) if said else timeline.sentence(event)


def known() -> dict[str, str]:
    """Every verb of the subjects that have no lifecycle, with what completes "<name> ..."."""
    return {verb: say(done) for said in _SAID.values() for verb, done in said.items()}


def chain(subject: Subject) -> Iterator[dict[str, Any]]:
    """Every event of ``subject``, the first one first, as plain values; times are in Europe/Oslo."""
    for event in _events(subject.subject_type()).filter(subject_id=subject.pk).iterator(CHUNK):
        yield plain(event)


def plain(event: Event) -> dict[str, Any]:
    """An event as plain values, for other programs; the time is in Europe/Oslo."""
    return {
        "seq": event.seq,
        "at": timezone.localtime(event.at).isoformat(timespec="seconds"),
        "actor": say(event.who),
        "verb": event.verb,
        "from": event.source,
        "to": event.target,
        "sentence": sentence(event),
        "comment": event.comment,
        "data": event.data,
        "hash": event.hash,
    }


@dataclass(frozen=True)
class Break:
    """A place where a chain is broken: the subject, the number of the event, and what is wrong there."""

    subject: str
    seq: int
    why: Sentence

    def __str__(self) -> str:
        return f"{self.subject}, event {self.seq}: {self.why}"


@dataclass
class Verified:
    """What was read by ``verify``, while it runs and after it: events and chains."""

    events: int = 0
    chains: int = 0


def verify(
    verified: Verified, only: Subject | None = None, read: Callable[[int], None] = lambda _events: None
) -> Iterator[Break]:
    """Recompute every chain, or that of one subject, and give the places where one is broken.

    A chain is whole when its numbers run from 1 without a gap, each event carries the hash of the one before and
    its own, and the subject's row stands where its last event left it: version and state. Memory stays flat, no query
    stays open; rows that change meanwhile are looked at again before they are called broken. ``read`` is told after
    each chunk how many more events were read.
    """
    for kind, model in SUBJECTS.items():
        if only is not None and not isinstance(only, model):
            continue
        events, rows = _events(kind), model._default_manager.all()
        if only is not None:
            events, rows = events.filter(subject_id=only.pk), rows.filter(pk=only.pk)
        yield from _links(events, verified, read)
        yield from _ends(kind, rows)
        if only is None:
            yield from _orphans(kind, model)


def _events(kind: str) -> QuerySet[Event]:
    return Event.objects.filter(subject_type=kind).order_by("subject_id", "seq")


def _links(events: QuerySet[Event], verified: Verified, read: Callable[[int], None]) -> Iterator[Break]:
    before: Event | None = None
    for event in _in_chunks(events, read):
        if before is None or before.subject_id != event.subject_id:
            before = None
            verified.chains += 1
        verified.events += 1
        why = _wrong(event, before)
        if why is not None:
            yield Break(_name(event), event.seq, why)
        before = event


def _in_chunks(events: QuerySet[Event], read: Callable[[int], None]) -> Iterator[Event]:
    """``events`` along the index of the chains, a short query for each chunk."""
    found = list(events[:CHUNK])
    while found:
        yield from found
        read(len(found))
        last = found[-1]
        rest = Q(subject_id__gt=last.subject_id) | Q(subject_id=last.subject_id, seq__gt=last.seq)
        found = list(events.filter(rest, subject_id__gte=last.subject_id)[:CHUNK])


def _wrong(event: Event, before: Event | None) -> Sentence | None:
    expected = before.seq + 1 if before else 1
    if event.seq != expected:
        return _("event %(expected)s is missing", expected=expected)
    if event.previous != (before.hash if before else ""):
        return _("it does not carry the hash of the event before it")
    if event.hash != event.computed_hash():
        return _("its hash does not fit what it says")
    return None


def _ends(kind: str, rows: QuerySet[Subject]) -> Iterator[Break]:
    """Subjects whose row does not stand where their last event left it."""
    for row in _unlike_their_last(kind, rows).iterator(CHUNK):
        again = _unlike_their_last(kind, rows.filter(pk=row.pk)).first()  # it may have moved on meanwhile
        if again is None:
            continue
        if again.last_seq == 0:  # type: ignore[attr-defined]
            said = _("the row has no history at all")
        elif again.version != again.last_seq:  # type: ignore[attr-defined]
            said = _("the row says that there are %(version)s events", version=again.version)
        else:
            state = again.state  # type: ignore[attr-defined]
            said = _("the row’s state is “%(state)s”, which is not where the last event left it", state=state)
        yield Break(f"{kind} {again}", again.last_seq, said)  # type: ignore[attr-defined]


def _unlike_their_last(kind: str, rows: QuerySet[Subject]) -> QuerySet[Subject]:
    last = Event.objects.filter(subject_type=kind, subject_id=OuterRef("pk")).order_by("-seq")
    rows = rows.annotate(last_seq=Coalesce(Subquery(last.values("seq")[:1]), 0))
    wrong = ~Q(version=F("last_seq"))
    if hasattr(SUBJECTS[kind], "state"):
        rows = rows.annotate(last_target=Subquery(last.values("target")[:1]))
        wrong |= Q(last_seq=0) | ~Q(last_target=F("state"))
    return rows.filter(wrong).order_by("pk")


def _orphans(kind: str, model: type[Subject]) -> Iterator[Break]:
    """Chains whose subject is gone."""
    there = model._default_manager.filter(pk=OuterRef("subject_id"))
    firsts = Event.objects.filter(subject_type=kind, seq=1).annotate(there=Subquery(there.values("pk")[:1]))
    for event in firsts.filter(there=None).order_by("subject_id").iterator(CHUNK):
        yield Break(_name(event), event.seq, _("the row that this history is about is gone"))


def _name(event: Event) -> str:
    model = SUBJECTS[event.subject_type]
    row = model._default_manager.filter(pk=event.subject_id).first()
    return f"{event.subject_type} {row or event.subject_id}"
