"""Usage comes in: counted per account and day, and how far an environment's feed is complete (DOMAIN.md, "Known use").

A file is read once, counted into a temporary table, and merged in one short transaction: all or nothing. Every
delivery, refused ones too, leaves a line in the history of its feed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import BinaryIO, Protocol
from zoneinfo import ZoneInfo

from django.db import OperationalError, transaction
from django.utils import timezone

from accounts.actions import after_suspension, suspended_in_use, usage_history
from accounts.actions.feeds import feed_of
from accounts.actions.lines import BadFile, Progress, Source, silent
from accounts.actions.usage_days import Said, Stretch, Ticket, check_days, cover
from accounts.actions.usage_lines import Counts, Reading, UsageFormat
from accounts.actions.usage_merge import Merged, StagedUsage
from accounts.lifecycle.actor import Actor
from accounts.lifecycle.errors import NotAllowed, Refused
from accounts.lifecycle.sentence import Sentence as _
from accounts.lifecycle.states import Role
from accounts.models import Environment, Feed, FeedKind, Figure, Scope, UsageBatch, UsageFile
from accounts.models.account import normal_client_id

DEADLOCK = "40P01"
MERGE_ATTEMPTS = 3


@dataclass(frozen=True)
class Taken:
    """What became of one delivery. Days are days in Europe/Oslo, both ends of a stretch included.

    ``lines`` have a call; ``failed`` of them did not succeed and are no use. ``covered`` is the new statement,
    None when everything up to its end was covered before. ``gap`` are the days that stay unknown before it.
    ``taken_before`` is when this same file came before: then only accounts made since then were counted.
    ``batch`` is its line in the history. ``suspended_in_use`` accounts turned out to have been suspended by mistake.
    """

    lines: int
    failed: int
    merged: Merged
    covered: Stretch | None
    covered_through: date | None
    gap: Stretch | None
    taken_before: datetime | None
    batch: UsageBatch
    notes: tuple[_, ...] = ()
    suspended_in_use: int = 0


class Counted(Protocol):
    """What is known of a delivery once it was read."""

    lines: int
    failed: int
    days: set[date]


@dataclass
class _SignIns:
    """A report of last sign-ins: nothing failed, and no day says from when on it is complete."""

    lines: int
    failed: int = 0
    days: set[date] = field(default_factory=set)


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
    kind: FeedKind = FeedKind.FILE,
    ticket: Ticket | None = None,
    dry_run: bool = False,
    progress: Progress = silent,
) -> Taken:
    """Take in one file of usage of ``environment``, and the statement that it covers its days completely.

    ``stream`` is read once. ``form`` is guessed from its first character when it is None: ``{`` begins gateway
    log lines. ``covers_from`` is by default the day after what was known before; on a first file its earliest
    day, or that after the last long hole among its days, and on an empty first file ``covers_through`` itself.
    Lines outside the covered days count as well.
    The same file twice, by its SHA-256, changes no count. ``last_used_on`` only ever moves forward. ``source`` is
    the name of its feed, which is made if it is new. ``dry_run`` tries everything and keeps nothing.

    Raises BadFile (with the bad lines), NotReady (days that make no sense) or NotAllowed; then nothing is written
    but, for a BadFile, a line in the feed's history.
    """
    _check_may(by)
    check_days(covers_from, covers_through, timezone.localdate(now))
    feed = feed_of(environment, kind, source, now=now)

    def read(reading: Reading) -> str:
        lines = Source(stream, progress)
        reading.read(lines, form or guess_format(lines))
        return lines.digest

    return _take_in(Said(feed, by, now, covers_through, covers_from, ticket=ticket, dry_run=dry_run), read)


def take_in_counted(
    lines: Sequence[object],
    digest: str,
    *,
    environment: Environment,
    covers_through: date,
    by: Actor,
    now: datetime,
    covers_from: date | None = None,
    source: str = "api",
    ticket: Ticket | None = None,
) -> Taken:
    """As ``take_in``, for lines that a program counted: objects with ``client_id``, ``day`` and ``calls``.

    ``digest`` is the SHA-256 of the lines: the same lines twice change no count.
    """
    _check_may(by)
    check_days(covers_from, covers_through, timezone.localdate(now))
    feed = feed_of(environment, FeedKind.API, source, now=now)

    def read(reading: Reading) -> str:
        reading.read_counted(lines)
        return digest

    return _take_in(Said(feed, by, now, covers_through, covers_from, ticket=ticket), read)


def take_in_sign_ins(
    days: Mapping[str, date], *, feed: Feed, covers_through: date | None, by: Actor, now: datetime
) -> Taken:
    """Take in the day of the last sign-in of each client id; ``covers_through`` is None when not all of it came.

    Calls are not counted by it. The same report twice changes nothing.
    """
    _check_may(by)
    said = Said(feed, by, now, covers_through, figure=Figure.SIGN_IN)
    with StagedUsage() as staged:
        staged.add((_storable(client), day.isoformat(), 0) for client, day in days.items())
        staged.settle()
        return _merge(staged, _SignIns(len(days)), "", said)


def guess_format(lines: Source) -> UsageFormat:
    """Gateway log lines begin with ``{``; anything else is CSV. An empty file is well either way."""
    first = lines.first_character()
    if first == "[":
        raise BadFile(_("This is a JSON list. Write one JSON object a line (NDJSON)."))
    return UsageFormat.NDJSON if first in ("{", "") else UsageFormat.CSV


def _check_may(by: Actor) -> None:
    if not by.holds(Role.SYSTEM, Role.SUPPORT, Role.ADMINISTRATOR) and Scope.USAGE_WRITE.value not in by.scopes:
        raise NotAllowed(_("Only Support can take in usage."))


def _take_in(said: Said, read: Callable[[Reading], str]) -> Taken:
    """Read all of it, and only if all of it is good, merge it. ``read`` gives the SHA-256 of what it read."""
    try:
        with StagedUsage() as staged:
            today = timezone.localdate(said.now)
            reading = Reading(today, _portal_zone(), lambda counts: staged.add(_normal(counts)))
            digest = read(reading)
            reading.problems.raise_if_any()
            staged.settle()
            return _merge(staged, reading, digest, said)
    except Refused as refusal:
        if not said.dry_run:
            usage_history.refused(said, refusal)
        raise


def _merge(staged: StagedUsage, counted: Counted, digest: str, said: Said) -> Taken:
    """One transaction; the loser of a deadlock with other work on the same accounts (PostgreSQL) tries again."""
    for _attempt in range(MERGE_ATTEMPTS - 1):
        try:
            return _merge_once(staged, counted, digest, said)
        except OperationalError as error:
            if getattr(error.__cause__, "sqlstate", "") != DEADLOCK:
                raise
    return _merge_once(staged, counted, digest, said)


@transaction.atomic
def _merge_once(staged: StagedUsage, counted: Counted, digest: str, said: Said) -> Taken:
    environment = Environment.objects.select_for_update().get(pk=said.feed.environment_id)  # one after the other
    files = UsageFile.objects.filter(environment=environment, digest=digest)
    keeps = bool(digest and counted.lines)
    before = files.values_list("received_at", flat=True).first() if keeps else None
    merged = staged.merge(said.feed, said.figure, now=said.now, made_after=before)
    after_suspension.look(environment, merged.after_the_end, now=said.now)
    wrong = suspended_in_use.look(said.feed, merged.before_suspension, now=said.now)
    if keeps:
        kept = {"received_at": said.now, "lines": counted.lines}
        UsageFile.objects.update_or_create(environment=environment, digest=digest, defaults=kept)
    covered = cover(said, counted.days)
    numbers = {"lines": counted.lines, "failed": counted.failed}
    batch = usage_history.taken(said, merged, covered, taken_before=before, **numbers)
    transaction.set_rollback(said.dry_run)
    return Taken(
        counted.lines, counted.failed, merged, covered.days, said.complete_through, covered.gap, before, batch,
        covered.notes, wrong,
    )  # fmt: skip


def _normal(counts: Counts) -> Iterator[tuple[str, str, int]]:
    """The counts as rows of the temporary table, with every client id as accounts have it."""
    for day, clients in counts.items():
        said = day.isoformat()
        for client, calls in clients.items():
            yield _storable(client), said, calls


def _storable(client: str) -> str:
    return normal_client_id(client).replace("\0", "\ufffd")[:300]


def _portal_zone() -> ZoneInfo:
    zone = timezone.get_default_timezone()
    assert isinstance(zone, ZoneInfo)  # noqa: S101 - Django makes it so
    return zone
