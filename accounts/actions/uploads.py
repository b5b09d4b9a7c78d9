"""Files handed in on a page: kept in pieces until a worker on any host has taken them in, with the commands' own code.

First everything is tried and nothing kept; then, on a second press, the same bytes are taken in.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts import outbox, people
from accounts.actions import runs
from accounts.actions.importing import Imported, import_accounts
from accounts.actions.lines import BadFile, Progress
from accounts.actions.usage import Taken, take_in
from accounts.lifecycle.actor import Actor
from accounts.lifecycle.errors import LostRace, NotAllowed, NotReady, Refused
from accounts.lifecycle.sentence import Sentence as _
from accounts.lifecycle.states import Role
from accounts.models import Environment, JobRun, RunState, Upload, UploadKind, UploadPart

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

logger = logging.getLogger(__name__)

LARGEST = 100 * 1024 * 1024  # bytes; an operator's command takes what is larger
PART = 1024 * 1024  # bytes
KEEP_UNUSED_FOR = timedelta(days=1)
JOB = {UploadKind.ACCOUNTS: "import_accounts", UploadKind.USAGE: "import_usage"}
MAY_HAND_IN = (Role.SUPPORT, Role.ADMINISTRATOR)


def hand_in(
    chunks: Iterable[bytes],
    *,
    kind: UploadKind,
    file_name: str,
    by: Actor,
    now: datetime,
    environment: Environment | None = None,
    covers_through: date | None = None,
    covers_from: date | None = None,
) -> Upload:
    """Keep a file of ``chunks`` and let a worker try it, keeping nothing of it. Usage names its environment and days.

    Raises NotAllowed, or NotReady for a file that is empty (of accounts) or too large; then nothing is kept.
    """
    if by.id is None or not by.holds(*MAY_HAND_IN):
        raise NotAllowed(_("Only Support and administrators can import files."))
    with transaction.atomic():
        upload = Upload.objects.create(
            kind=kind.value, file_name=file_name[:200], size=0, dry_run=True, environment=environment,
            covers_from=covers_from, covers_through=covers_through, uploaded_by_id=by.id, uploaded_at=now,
        )  # fmt: skip
        upload.size = _keep(upload, chunks)
        if not upload.size and kind is UploadKind.ACCOUNTS:
            raise NotReady(_("The file is empty. Choose a file whose first line names the columns."))
        upload.save(update_fields=["size"])
        outbox.wake(outbox.RUN_UPLOADS)
    return upload


def carry_out(tried: Upload, *, by: Actor, now: datetime) -> Upload:
    """Take in for real what was tried without a mistake; give the new upload. The bytes move, they are not copied.

    Raises NotAllowed; NotReady when it was not tried or had mistakes; LostRace when somebody was first.
    """
    if by.id is None or not by.holds(*MAY_HAND_IN):
        raise NotAllowed(_("Only Support and administrators can import files."))
    if not tried.dry_run or tried.run is None or tried.run.state != RunState.DONE.value:
        raise NotReady(_("Only a file that was tried without a mistake can be taken in."))
    with transaction.atomic():
        same = {field: getattr(tried, field) for field in _SAME}
        upload = Upload.objects.create(**same, uploaded_by_id=by.id, uploaded_at=now)
        if not tried.parts.update(upload=upload) and tried.size:
            raise LostRace(_("This file was taken in or removed already. Choose it again if it is still needed."))
        outbox.wake(outbox.RUN_UPLOADS)
    return upload


_SAME = ("kind", "file_name", "size", "environment", "covers_from", "covers_through")


def run_waiting(clock: Callable[[], datetime]) -> list[JobRun]:
    """Take in every file that waits, one after the other; give their runs. Two workers never take the same one."""
    ended = []
    for upload in list(_waiting(clock()).select_related("environment", "uploaded_by").order_by("uploaded_at")):
        run = runs.claim(JOB[UploadKind(upload.kind)], str(upload.pk), now=clock())
        if run is not None:
            Upload.objects.filter(pk=upload.pk).update(run=run)
            _work(upload, run, clock)
            run.refresh_from_db()
            ended.append(run)
    return ended


def tidy(*, now: datetime) -> int:
    """Delete the bytes of files that were tried and never taken in, after a day; give the number of pieces."""
    stale = UploadPart.objects.filter(upload__uploaded_at__lt=now - KEEP_UNUSED_FOR, upload__run__state__in=_ENDED)
    return stale.delete()[0]


_ENDED = (RunState.DONE.value, RunState.FAILED.value)


def _waiting(now: datetime) -> QuerySet[Upload]:
    """Files that nobody began, or whose worker died."""
    died = Q(run__state=RunState.RUNNING.value, run__lease_until__lte=now)
    return Upload.objects.filter(Q(run__isnull=True) | died)


def _work(upload: Upload, run: JobRun, clock: Callable[[], datetime]) -> None:
    try:
        counts, result = _take_in(upload, clock(), runs.Reporter(run, clock))
    except Refused as refusal:
        _end(upload, runs.fail(run, now=clock(), error=str(refusal)[:500]), _refused(refusal))
    except Exception as error:  # whatever it is, the file is not taken in, and whoever waits must learn of it
        logger.exception("an upload failed", extra={"upload": str(upload.pk)})
        said = _("The portal could not take the file in. Nothing was kept. Try again; if it fails again, tell Support.")
        _end(upload, runs.fail(run, now=clock(), error=type(error).__name__), _refused(NotReady(said)))
    else:
        _end(upload, runs.finish(run, now=clock(), counts={} if upload.dry_run else counts), result)


def _end(upload: Upload, kept: bool, result: dict[str, Any]) -> None:
    """Keep what became of it; the bytes go, unless they were only tried. A run that was taken over says nothing."""
    if not kept:
        logger.warning("an upload ended after its run was taken over", extra={"upload": str(upload.pk)})
        return
    Upload.objects.filter(pk=upload.pk).update(result=result)
    if not upload.dry_run or "sentence" in result:
        upload.parts.all().delete()


def _take_in(upload: Upload, now: datetime, report: Progress) -> tuple[dict[str, int], dict[str, Any]]:
    """Do it, with the commands' own code. Gives the numbers, and all that is to be told."""
    by = people.actor_of(upload.uploaded_by, today=timezone.localdate(now))
    stream = cast(BinaryIO, io.BufferedReader(_Parts(upload), PART))

    def progress(phase: str, done: int, total: int | None = None) -> None:
        report(phase, done, total or (upload.size if phase == "read" else None))

    if upload.kind == UploadKind.ACCOUNTS.value:
        told = import_accounts(stream, name=upload.file_name, by=by, now=now, dry_run=upload.dry_run, progress=progress)
        return _of_accounts(told)
    assert upload.environment is not None  # noqa: S101 - the database says so
    assert upload.covers_through is not None  # noqa: S101 - the database says so
    taken = take_in(
        stream, environment=upload.environment, covers_through=upload.covers_through, covers_from=upload.covers_from,
        by=by, now=now, dry_run=upload.dry_run, progress=progress,
    )  # fmt: skip
    return _of_usage(taken)


def _of_accounts(told: Imported) -> tuple[dict[str, int], dict[str, Any]]:
    counts = {
        "created": told.created, "unknown_use": told.unknown_use, "already_there": told.already_there,
        "people": told.people, "organisations": told.organisations,
    }  # fmt: skip
    return counts, {"counts": counts, "notes": [note.plain() for note in told.notes]}


def _of_usage(taken: Taken) -> tuple[dict[str, int], dict[str, Any]]:
    merged = taken.merged
    counts = {
        "lines": taken.lines, "failed_calls": taken.failed, "calls": merged.calls, "accounts": merged.accounts,
        "moved_on": merged.moved_on, "unknown_clients": merged.unknown, "after_the_end": len(merged.after_the_end),
        "suspended_in_use": taken.suspended_in_use,
    }  # fmt: skip
    days = {"covered": _stretch(taken.covered), "gap": _stretch(taken.gap)}
    again = taken.taken_before is not None
    more = {"unknown_names": [*merged.unknown_names], "taken_before": again, **days}
    return counts, {"counts": counts, "notes": [note.plain() for note in taken.notes], **more}


def _stretch(days: tuple[date, date] | None) -> list[str]:
    return [day.isoformat() for day in days] if days else []


def _refused(refusal: Refused) -> dict[str, Any]:
    """Why nothing was taken in: the sentence, and the lines that are wrong."""
    said: dict[str, Any] = {"sentence": refusal.sentence.plain()}
    if isinstance(refusal, BadFile):
        said["total"] = refusal.total
        said["bad_lines"] = [
            {"line": bad.line, "field": bad.field, "sentence": bad.sentence.plain()} for bad in refusal.bad_lines
        ]
    return said


def _keep(upload: Upload, chunks: Iterable[bytes]) -> int:
    """Write the bytes in pieces; give their number."""
    size = 0
    for number, piece in enumerate(_pieces(chunks)):
        size += len(piece)
        if size > LARGEST:
            limit = LARGEST // PART
            raise NotReady(_("The file is larger than %(limit)s MB. Ask an operator to import it.", limit=limit))
        UploadPart.objects.create(upload=upload, number=number, data=piece)
    return size


def _pieces(chunks: Iterable[bytes]) -> Iterator[bytes]:
    waiting = b""
    for chunk in chunks:
        waiting += chunk
        while len(waiting) >= PART:
            yield waiting[:PART]
            waiting = waiting[PART:]
    if waiting:
        yield waiting


class _Parts(io.RawIOBase):
    """The bytes of an upload, one piece after the other: a query a piece, and one piece in memory."""

    def __init__(self, upload: Upload) -> None:
        self._parts, self._number, self._piece = upload.parts, 0, memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        if not self._piece:
            data = self._parts.filter(number=self._number).values_list("data", flat=True).first()
            self._piece, self._number = memoryview(bytes(data or b"")), self._number + 1
        into = memoryview(buffer).cast("B")
        size = min(len(into), len(self._piece))
        into[:size], self._piece = self._piece[:size], self._piece[size:]
        return size
