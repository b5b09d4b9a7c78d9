"""The engine: every change of a subject is one guarded UPDATE, its events, messages and tasks, in one commit.

``move`` changes one subject or many with the same code. The database decides who was first: the UPDATE names
the state and the version that the caller saw, and its count must be that of the subjects (compare and swap).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import groupby
from typing import Any, TypeVar
from uuid import UUID

from django.db import models, transaction
from django.db.models import Q

from accounts import outbox
from accounts.actions import swap
from accounts.lifecycle import transition
from accounts.lifecycle.accounts import ACCOUNT
from accounts.lifecycle.actor import Actor
from accounts.lifecycle.deputies import in_place_of
from accounts.lifecycle.errors import LostRace
from accounts.lifecycle.facts import Facts
from accounts.lifecycle.orders import ORDER
from accounts.lifecycle.states import TaskKind
from accounts.lifecycle.transition import Table, Tell, Transition
from accounts.models import Account, Event, Order, Subject
from accounts.models.among import among
from accounts.models.event import DEPUTY_FOR, SET_UP_BY
from accounts.models.facts import who_was_first
from accounts.models.insert import insert_row, insert_rows
from accounts.models.prepared import Prepared, Slot

S = TypeVar("S", bound=Subject)
TABLES: dict[type[Subject], Table] = {Order: ORDER, Account: ACCOUNT}


NOTE_ATTEMPTS = 10

_EVENT: Callable[[str], Any] = Event._meta.get_field
_HEAD = Prepared(
    lambda: Event.objects.filter(
        subject_type=Slot("kind", _EVENT("subject_type")), subject_id=Slot("subject", _EVENT("subject_id")),
        seq=Slot("seq", _EVENT("seq")),
    ).values_list("hash")
)  # fmt: skip
"""The hash of one event, by its place in the chain."""


@dataclass(frozen=True)
class Owed:
    """The messages and tasks that a change owes; a transition's row says them for every move."""

    tells: Sequence[Tell] = ()
    owes: Sequence[TaskKind] = ()


@dataclass(frozen=True)
class Change:
    """What a verb says besides the move itself, alike for every subject of one call.

    ``columns`` are set in the same UPDATE; ``still`` is an extra condition on the row, asked by that UPDATE
    itself; ``data`` gives the particulars that the event keeps of one subject (plain JSON, never a secret).
    ``also`` writes the verb's other rows for the subjects that moved, before the messages are posted;
    ``notices`` names the notice that each account's messages belong to.
    """

    comment: str = ""
    columns: Mapping[str, Any] = field(default_factory=dict)
    still: Q = field(default_factory=Q)
    data: Callable[[Any], dict[str, Any]] = lambda _subject: {}
    also: Callable[[list[tuple[Any, Event]]], None] = lambda _changes: None
    notices: Mapping[UUID, UUID] = field(default_factory=dict)


def move(subject: Subject, verb: str, *, by: Actor, now: datetime, facts: Facts, change: Change | None = None) -> Event:
    """Move one subject along the row of ``verb``.

    Raises NotAllowed (role, separation of duties), NotReady (state, guards) or LostRace (somebody was first,
    with who did what); then nothing is written. Gives the event.
    """
    row = transition.find(TABLES[type(subject)], verb, subject.state)  # type: ignore[attr-defined]  # what has a table has a state
    transition.check(row, facts)
    change = _as_deputy(row, facts, change or Change())
    moved = _write([subject], row.verb, by=by, now=now, change=change, owed=_of(row, facts), target=row.target)
    if not moved:
        raise LostRace(who_was_first(subject))
    return moved[0][1]


def move_many(
    subjects: Sequence[S], verb: str, *, by: Actor, now: datetime, facts: Facts, change: Change | None = None
) -> list[tuple[S, Event]]:
    """Move many subjects of one kind in one transaction; give those that moved, with their events.

    One that somebody else changed first, or whose ``still`` does not hold any more, is left alone: losing is a
    normal answer. ``facts`` hold for all of them. Raises as ``move`` does, before anything is written.
    """
    if not subjects:
        return []
    row = transition.find(TABLES[type(subjects[0])], verb, subjects[0].state)  # type: ignore[attr-defined]  # what has a table has a state
    transition.check(row, facts)
    return _write(
        subjects, row.verb, by=by, now=now, change=change or Change(), owed=_of(row, facts), target=row.target
    )


def _as_deputy(row: Transition, facts: Facts, change: Change) -> Change:
    """The event of what a deputy does also says in whose place they did it."""
    principal = in_place_of(row, facts)
    if principal is None:
        return change
    return replace(change, data=lambda subject: {**change.data(subject), DEPUTY_FOR: principal.name})


def _of(row: Transition, facts: Facts) -> Owed:
    return Owed(row.told(facts), row.owes)


def record(
    subjects: Sequence[S],
    verb: str,
    *,
    by: Actor,
    now: datetime,
    change: Change | None = None,
    owed: Owed | None = None,
) -> list[tuple[S, Event]]:
    """Write an event, and what it owes, that leaves the state as it is (a reminder, say).

    The caller has checked that ``by`` may. Gives the subjects that were still as the caller saw them.
    """
    return _write(subjects, verb, by=by, now=now, change=change or Change(), owed=owed or Owed())


def note(
    subject: S, verb: str, *, by: Actor, now: datetime, change: Change | None = None, owed: Owed | None = None
) -> Event:
    """As ``record`` for one subject, whatever else happened to it meanwhile: it is looked at anew until it fits.

    For facts that stay true however the subject changed (a secret was revealed, a credential was checked).
    """
    for _attempt in range(NOTE_ATTEMPTS):
        subject.version = type(subject)._default_manager.values_list("version", flat=True).get(pk=subject.pk)
        if hasattr(subject, "state"):
            subject.state = type(subject)._default_manager.values_list("state", flat=True).get(pk=subject.pk)
        if written := record([subject], verb, by=by, now=now, change=change, owed=owed):
            return written[0][1]
    raise LostRace(who_was_first(subject))


def begin(subjects: Sequence[S], verb: str, *, by: Actor, now: datetime, change: Change | None = None) -> list[Event]:
    """Insert new subjects, each with the first event of its chain. ``columns`` and ``still`` do not apply."""
    change = change or Change()
    with transaction.atomic():
        for subject in subjects:
            subject.version = 1
        type(subjects[0])._default_manager.bulk_create(subjects, batch_size=500)
        events = [_event(s, verb, "", getattr(s, "state", ""), by, now, change, previous="") for s in subjects]
        _insert(events)
        change.also(list(zip(subjects, events, strict=True)))
        outbox.call(zip(subjects, events, strict=True), now=now)
    return events


def _write(
    subjects: Sequence[S],
    verb: str,
    *,
    by: Actor,
    now: datetime,
    change: Change,
    owed: Owed,
    target: str | None = None,
) -> list[tuple[S, Event]]:
    changes: list[tuple[S, Event]] = []
    with _as_before_if_it_fails(subjects), transaction.atomic():
        for group in _alike(subjects):
            changes += _write_alike(group, verb, by, now, change, target)
        if changes:
            change.also(changes)
            outbox.post(changes, owed.tells, now=now, notices=change.notices)
            outbox.call(changes, now=now)
            outbox.owe([(s, e) for s, e in changes if isinstance(s, Account)], owed.owes, now=now)
    return changes


@contextmanager
def _as_before_if_it_fails(subjects: Sequence[Subject]) -> Iterator[None]:
    """Nothing was written: then the caller's objects must not say otherwise."""
    before = [dict(vars(subject)) for subject in subjects]
    try:
        yield
    except BaseException:
        for subject, kept in zip(subjects, before, strict=True):
            vars(subject).clear()
            vars(subject).update(kept)
        raise


def _alike(subjects: Sequence[S]) -> list[list[S]]:
    """The subjects in groups of one state and one version, so that one UPDATE can name both."""
    key = _state_and_version
    return [list(group) for _key, group in groupby(sorted(subjects, key=key), key=key)]


def _state_and_version(subject: Subject) -> tuple[str, int]:
    return getattr(subject, "state", ""), subject.version


def _write_alike(
    group: list[S], verb: str, by: Actor, now: datetime, change: Change, goal: str | None
) -> list[tuple[S, Event]]:
    source, version = _state_and_version(group[0])
    target = source if goal is None else str(goal)
    won = _compare_and_swap(group, source, version, target, now, change)
    if not won:
        return []
    heads = _heads(won, version)
    events = []
    for subject in won:
        subject.version = version + 1
        _apply(subject, target, now, change, moved=target != source)
        events.append(_event(subject, verb, source, target, by, now, change, previous=heads.get(subject.pk, "")))
    _insert(events)
    return list(zip(won, events, strict=True))


def _compare_and_swap(group: list[S], source: str, version: int, target: str, now: datetime, change: Change) -> list[S]:
    """Those of ``group`` that the guarded UPDATE changed; see ``swap``."""
    values: dict[str, Any] = {"version": version + 1, **change.columns}
    if hasattr(group[0], "state") and target != source:
        values |= {"state": target, "state_since": now}
    return list(swap.compare_and_swap(group, source, version, values, change.still))


def _apply(subject: Subject, target: str, now: datetime, change: Change, *, moved: bool) -> None:
    """Bring the caller's object in step with the row."""
    if moved:
        subject.state = target  # type: ignore[attr-defined]  # what has a table has a state
        subject.state_since = now  # type: ignore[attr-defined]  # what has a table has a state
    for name, value in change.columns.items():
        if not isinstance(value, models.expressions.BaseExpression):
            setattr(subject, name, value)


def _heads(subjects: Sequence[Subject], version: int) -> dict[UUID, str]:
    """The hash of the last event of each subject; the rows are ours since the UPDATE, so no one adds another."""
    if len(subjects) == 1:
        head = _HEAD.rows(kind=subjects[0].subject_type(), subject=subjects[0].pk, seq=version)
        return {subjects[0].pk: head[0][0]} if head else {}
    chain = Event.objects.filter(subject_type=subjects[0].subject_type(), seq=version)
    return dict(chain.filter(among("subject_id", [s.pk for s in subjects])).values_list("subject_id", "hash"))


def _insert(events: Sequence[Event]) -> None:
    """Write events of one kind of subject and one number in the chain, and read back the ids they got."""
    if len(events) == 1:
        events[0].pk = insert_row(Event, vars(events[0]))
        return
    insert_rows(Event, map(vars, events))
    written = Event.objects.filter(subject_type=events[0].subject_type, seq=events[0].seq)
    written = written.filter(among("subject_id", [event.subject_id for event in events]))
    ids = dict(written.values_list("subject_id", "pk"))
    for event in events:
        event.pk = ids[event.subject_id]


def _event(
    subject: Subject,
    verb: str,
    source: str,
    target: str,
    by: Actor,
    now: datetime,
    change: Change,
    *,
    previous: str,
) -> Event:
    data = change.data(subject)
    if by.set_up_by is not None:
        data = {**data, SET_UP_BY: str(by.set_up_by)}
    event = Event(
        subject_type=subject.subject_type(), subject_id=subject.pk, seq=subject.version, at=now, verb=verb,
        source=source, target=target, actor_kind=by.kind.value, actor_id=by.id, actor_name=by.name,
        comment=change.comment.strip(), data=data, previous=previous,
    )  # fmt: skip
    event.hash = event.computed_hash()
    return event
