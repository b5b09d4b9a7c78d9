"""Usage comes in: counted per account and day, and how far an environment's feed is complete (DOMAIN.md, "Known use").

A file is read once, counted into a temporary table, and merged in one short transaction: all or nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import BinaryIO
from zoneinfo import ZoneInfo

from django.db import OperationalError, transaction
from django.utils import timezone

from accounts.actions.lines import BadFile, Progress, Source, silent
from accounts.actions.usage_lines import Counts, Reading, UsageFormat
from accounts.actions.usage_merge import Merged, StagedUsage
from accounts.lifecycle.actor import Actor
from accounts.lifecycle.errors import NotAllowed, NotReady
from accounts.lifecycle.sentence import Sentence as _
from accounts.lifecycle.states import Role
from accounts.models import Coverage, Environment, UsageFile
from accounts.models.account import normal_client_id
from accounts.models.watch import watch_of

ONE_DAY = timedelta(days=1)
ACCEPTED_GAP = "accepted gap"  # the source of days that Support accepts as unknown

DEADLOCK = "40P01"
MERGE_ATTEMPTS = 3

Stretch = tuple[date, date]


@dataclass(frozen=True)
class Taken:
    """What became of one file. Days are days in Europe/Oslo, both ends of a stretch included.

    ``lines`` have a call; ``failed`` of them did not succeed and are no use. ``covered`` is the new statement,
    None when everything up to its end was covered before. ``gap`` are the days that stay unknown before it.
    ``taken_before`` is when this same file came before: then only accounts made since then were counted.
    """

    lines: int
    failed: int
    merged: Merged
    covered: Stretch | None
    covered_through: date
    gap: Stretch | None
    taken_before: datetime | None
    notes: tuple[_, ...] = ()


def take_in(
    stream: BinaryIO,
    *,
    environment: Environment,
    covers_through: date,
    by: Actor,
    now: datetime,
    covers_from: date | None = None,
    form: UsageFormat | None = None,
    source: str = "file",
    progress: Progress = silent,
) -> Taken:
    """Take in one file of usage of ``environment``, and the statement that it covers its days completely.

    ``stream`` is read once. ``form`` is guessed from its first character when it is None: ``{`` begins gateway
    log lines. ``covers_from`` is by default the day after what was known before; on a first file its earliest
    day, and on an empty first file ``covers_through`` itself. Lines outside the covered days count as well.
    The same file twice, by its SHA-256, changes no count. ``last_used_on`` only ever moves forward.

    Raises BadFile (with the bad lines), NotReady (days that make no sense) or NotAllowed; then nothing is written.
    """
    today = timezone.localdate(now)
    if not by.holds(Role.SYSTEM, Role.SUPPORT, Role.ADMINISTRATOR):
        raise NotAllowed(_("Only Support can take in usage."))
    _check_days(covers_from, covers_through, today)
    lines = Source(stream, progress)
    with StagedUsage() as staged:
        reading = Reading(today, _portal_zone(), lambda counts: staged.add(_normal(counts)))
        reading.read(lines, form or guess_format(lines))
        reading.problems.raise_if_any()
        staged.settle()
        said = _Said(environment, source, covers_from, covers_through)
        return _merge(staged, reading, lines.digest, said, now)


def guess_format(lines: Source) -> UsageFormat:
    """Gateway log lines begin with ``{``; anything else is CSV. An empty file is well either way."""
    first = lines.first_character()
    if first == "[":
        raise BadFile(_("This is a JSON list. Write one JSON object a line (NDJSON)."))
    return UsageFormat.NDJSON if first in ("{", "") else UsageFormat.CSV


def accept_gap(
    environment: Environment, first_day: date, last_day: date, *, by: Actor, reason: str, now: datetime
) -> Coverage:
    """Support accepts that nobody will ever say what happened on these days: they do not hold a suspension any more.

    Asked again for the same days, the first acceptance stands. Raises NotAllowed for anybody but Support,
    NotReady without a reason, for days to come, or when none of the days is unknown.
    """
    if not by.holds(Role.SUPPORT):
        raise NotAllowed(_("Only Support can accept a gap."))
    if not reason.strip():
        raise NotReady(_("Write why these days may be taken as known. The reason is kept."))
    _check_days(first_day, last_day, timezone.localdate(now))
    with transaction.atomic():
        Environment.objects.select_for_update().get(pk=environment.pk)
        same = Coverage.objects.filter(
            environment=environment, source=ACCEPTED_GAP, first_day=first_day, last_day=last_day
        ).first()
        if same is not None:
            return same
        if watch_of(environment.pk).known_through(first_day - ONE_DAY) >= last_day:
            raise NotReady(_("There is no gap: usage is known for all of these days."))
        return Coverage.objects.create(
            environment=environment, source=ACCEPTED_GAP, first_day=first_day, last_day=last_day, received_at=now,
            accepted_by=by.name[:200], reason=reason.strip()[:1000],
        )  # fmt: skip


@dataclass(frozen=True)
class _Said:
    """What a file is said to be: of which environment, from whom, complete for which days."""

    environment: Environment
    source: str
    covers_from: date | None
    covers_through: date


def _merge(staged: StagedUsage, counted: Reading, digest: str, said: _Said, now: datetime) -> Taken:
    """One transaction; the loser of a deadlock with other work on the same accounts (PostgreSQL) tries again."""
    for _attempt in range(MERGE_ATTEMPTS - 1):
        try:
            return _merge_once(staged, counted, digest, said, now)
        except OperationalError as error:
            if getattr(error.__cause__, "sqlstate", "") != DEADLOCK:
                raise
    return _merge_once(staged, counted, digest, said, now)


@transaction.atomic
def _merge_once(staged: StagedUsage, counted: Reading, digest: str, said: _Said, now: datetime) -> Taken:
    environment = Environment.objects.select_for_update().get(pk=said.environment.pk)  # one file after the other
    files = UsageFile.objects.filter(environment=environment, digest=digest)
    before = files.values_list("received_at", flat=True).first() if counted.lines else None
    merged = staged.merge(environment, made_after=before)
    if counted.lines:
        kept = {"received_at": now, "lines": counted.lines}
        UsageFile.objects.update_or_create(environment=environment, digest=digest, defaults=kept)
    covered, gap, notes = _cover(said, counted.first_day, now)
    return Taken(counted.lines, counted.failed, merged, covered, said.covers_through, gap, before, notes)


def _cover(said: _Said, earliest: date | None, now: datetime) -> tuple[Stretch | None, Stretch | None, tuple[_, ...]]:
    """Record the days that the file covers; give them, the days that stay unknown before them, and what to say."""
    stretches = watch_of(said.environment.pk).stretches
    known_through = stretches[-1][1] if stretches else None
    first, notes = (said.covers_from, ()) if said.covers_from else _default_from(known_through, earliest, said)
    if first > said.covers_through:
        return None, None, notes
    Coverage.objects.get_or_create(
        environment=said.environment, source=said.source, first_day=first, last_day=said.covers_through,
        defaults={"received_at": now},
    )  # fmt: skip
    known_before = max((last for start, last in stretches if start < first), default=None)
    if known_before is None or known_before + ONE_DAY >= first:
        return (first, said.covers_through), None, notes
    return (first, said.covers_through), (known_before + ONE_DAY, first - ONE_DAY), notes


def _default_from(known_through: date | None, earliest: date | None, said: _Said) -> tuple[date, tuple[_, ...]]:
    if known_through is not None:
        return known_through + ONE_DAY, ()
    if earliest is not None and earliest <= said.covers_through:
        return earliest, ()
    note = _(
        "Nothing says from which day on this first file is complete, so only %(day)s counts as covered. "
        "Name the first day to cover more.",
        day=said.covers_through.isoformat(),
    )
    return said.covers_through, (note,)


def _check_days(first: date | None, last: date, today: date) -> None:
    if last > today:
        raise NotReady(_("%(day)s lies in the future: nobody knows it yet.", day=last.isoformat()))
    if first is not None and first > last:
        days = {"first": first.isoformat(), "last": last.isoformat()}
        raise NotReady(_("The first day %(first)s is later than the last day %(last)s.", **days))


def _normal(counts: Counts) -> Iterator[tuple[str, str, int]]:
    """The counts as rows of the temporary table, with every client id as accounts have it."""
    for (client, day), calls in counts.items():
        yield normal_client_id(client).replace("\0", "\ufffd")[:300], day.isoformat(), calls


def _portal_zone() -> ZoneInfo:
    zone = timezone.get_default_timezone()
    assert isinstance(zone, ZoneInfo)  # noqa: S101 - Django makes it so
    return zone
