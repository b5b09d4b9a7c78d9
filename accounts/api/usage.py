"""POST /usage: a program sends usage of one environment, as gateway log lines (NDJSON) or counted (JSON)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, datetime
from tempfile import SpooledTemporaryFile
from typing import Any, BinaryIO, cast

import pydantic
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import NinjaAPI, Query, Schema

from accounts.actions.usage_batches import Batch, Sent, send
from accounts.actions.usage_days import Ticket
from accounts.api.calls import KEY_HEADER, caller, idempotency_key, problems
from accounts.api.problems import CODES, Wrong
from accounts.lifecycle.sentence import Sentence
from accounts.models import Environment, Scope, UsageBatch
from accounts.words import say

NDJSON = ("application/x-ndjson", "application/ndjson", "application/jsonl")
JSON = "application/json"
IN_MEMORY = 1 << 20  # bytes; more of a body waits in a file


class Days(Schema):
    """Which environment the log lines are of, and which days (Europe/Oslo) they cover completely; for NDJSON."""

    environment: str | None = None
    covers_from: date | None = None
    covers_through: date | None = None


class Body(pydantic.BaseModel):
    """Usage that the sender counted. ``lines``: objects with ``client_id``, ``day`` and ``calls`` that succeeded."""

    environment: str
    covers_from: date | None = None
    covers_through: date
    lines: list[Any]


class Stretch(Schema):
    """Days, both ends included."""

    first_day: date
    last_day: date


class Answer(Schema):
    """What became of a batch. ``covered`` is what it newly covers, ``gap`` the days before it that stay unknown.

    ``notes`` say why it covers fewer days than one might expect.
    """

    id: str
    environment: str
    outcome: str
    lines: int
    failed_calls: int
    calls: int
    accounts: int
    last_uses_moved: int
    unknown_clients: int
    unknown_client_ids: list[str]
    covered: Stretch | None
    gap: Stretch | None
    taken_before: datetime | None
    notes: list[str]


_LINE = {
    "type": "object",
    "required": ["client_id", "day", "calls"],
    "properties": {
        "client_id": {"type": "string"},
        "day": {"type": "string", "format": "date"},
        "calls": {"type": "integer", "minimum": 0},
    },
}
_BODY = {
    "type": "object",
    "required": ["environment", "covers_through", "lines"],
    "properties": {
        "environment": {"type": "string", "examples": ["PRODUCTION"]},
        "covers_from": {"type": ["string", "null"], "format": "date"},
        "covers_through": {"type": "string", "format": "date"},
        "lines": {"type": "array", "items": _LINE},
    },
}
EXTRA = {
    "parameters": [
        KEY_HEADER,
    ],
    "requestBody": {
        "required": True,
        "content": {JSON: {"schema": _BODY}, NDJSON[0]: {"schema": {"type": "string"}}},
    },
    "responses": problems(*CODES),
}


@dataclass(frozen=True)
class _Received:
    """A body that was read: as a stream from its beginning, and its SHA-256 together with what else was asked."""

    stream: BinaryIO
    digest: str


def install(api: NinjaAPI) -> None:
    """Add the operation to ``api``."""

    @api.post(
        "/usage", response=Answer, summary="Send usage of one environment", openapi_extra=EXTRA, url_name="usage",
        description=(
            "Log lines as application/x-ndjson (environment and days in the query), or counted lines as JSON. All of "
            f"it is taken in or nothing. At most {settings.USAGE_BATCH_MEGABYTES} MB. The same lines twice change no "
            "count; calls with a status of 400 or more are no use; unknown clients are named and skipped. Days are "
            "days in Europe/Oslo."
        ),
    )  # fmt: skip
    def post_usage(request: HttpRequest, response: HttpResponse, asked: Query[Days]) -> dict[str, Any]:
        actor, now = caller(request, Scope.USAGE_WRITE), timezone.now()
        with SpooledTemporaryFile(max_size=IN_MEMORY) as spool:
            received = _receive(request, cast("BinaryIO", spool))
            batch = _batch(request, asked, received)
            token = request.auth  # type: ignore[attr-defined]  # set when the token was recognised
            sent = send(batch, ticket=Ticket(token, idempotency_key(request), received.digest), by=actor, now=now)
        if sent.replayed:
            response["Idempotency-Replayed"] = "true"
        return _answer(sent)


def _receive(request: HttpRequest, spool: BinaryIO) -> _Received:
    """Read the body, no more of it than may be. Raises the problems 411 and 413."""
    most = settings.USAGE_BATCH_MEGABYTES * 1_000_000
    length = request.META.get("CONTENT_LENGTH") or ""
    if not length.isdecimal():
        raise Wrong(411, _("Say how long the batch is: Content-Length."))
    if int(length) > most:
        raise Wrong(
            413, _("A batch has at most %(most)s bytes. Send it in parts.") % {"most": f"{most:,}"}, limit_bytes=most
        )
    digest = hashlib.sha256(f"{request.content_type}?{request.META.get('QUERY_STRING', '')}\n".encode())
    while piece := request.read(1 << 16):
        digest.update(piece)
        spool.write(piece)
    spool.seek(0)
    return _Received(spool, digest.hexdigest())


def _batch(request: HttpRequest, asked: Days, received: _Received) -> Batch:
    if request.content_type == JSON:
        try:
            body = Body.model_validate_json(received.stream.read(), strict=True)
        except pydantic.ValidationError as error:
            raise Wrong(422, _("The batch cannot be read as it is."), errors=_errors(error)) from None
        return Batch(_environment(body.environment), body.covers_through, body.covers_from, counted=body.lines)
    if request.content_type in NDJSON:
        if not asked.environment or asked.covers_through is None:
            raise Wrong(422, _("Name environment and covers_through in the query of the address."))
        found = _environment(asked.environment)
        return Batch(found, asked.covers_through, asked.covers_from, log=received.stream)
    raise Wrong(415, _("Send %(kind)s or %(other)s.") % {"kind": JSON, "other": NDJSON[0]})


def _environment(name: str) -> Environment:
    found = {row.name.lower(): row for row in Environment.objects.all()}
    if name.strip().lower() not in found:
        known = ", ".join(row.name for row in found.values())
        raise Wrong(
            422,
            _("There is no environment “%(name)s”. Known: %(known)s.") % {"name": name[:60], "known": known},
            field="environment",
        )
    return found[name.strip().lower()]


def _errors(error: pydantic.ValidationError) -> list[dict[str, str]]:
    return [{"field": ".".join(map(str, one["loc"])), "detail": one["msg"]} for one in error.errors()]


def _answer(sent: Sent) -> dict[str, Any]:
    """The same for a batch that was sent again: everything stands in its line of the history."""
    row: UsageBatch = sent.batch
    return {
        "id": str(row.pk), "environment": row.feed.environment.name, "outcome": row.outcome, "lines": row.lines,
        "failed_calls": row.failed, "calls": row.calls, "accounts": row.accounts, "last_uses_moved": row.moved_on,
        "unknown_clients": row.unknown, "unknown_client_ids": row.unknown_names,
        "covered": _stretch(row.covered_from, row.covered_through), "gap": _stretch(row.gap_from, row.gap_through),
        "taken_before": row.taken_before, "notes": [say(Sentence.of(note)) for note in row.notes],
    }  # fmt: skip


def _stretch(first: date | None, last: date | None) -> dict[str, date] | None:
    return {"first_day": first, "last_day": last} if first and last else None
