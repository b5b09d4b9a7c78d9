"""The accounts that the list shows, all of them, as a file: sent while they are read."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from io import StringIO
from typing import Any

from django.http import HttpRequest, StreamingHttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.readers import export as reader
from accounts.readers import staff_accounts
from accounts.web.door import actor_for, needs
from accounts.web.staff_accounts import STAFF, search_of

UTF8_MARK = "\ufeff"
"""By it spreadsheets know UTF-8."""


@needs(*STAFF)
@require_safe
def accounts_export(request: HttpRequest, form: str) -> StreamingHttpResponse:
    """The accounts by the list's state, environment and search, as ``csv`` or ``json``, with the latest notice."""
    chosen = staff_accounts.matching(actor_for(request), search_of(request))
    entries = reader.accounts(chosen)
    lines, kind = (_csv(entries), "text/csv") if form == "csv" else (_json(entries), "application/json")
    name = f"api-accounts-{timezone.localdate().isoformat()}.{form}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return StreamingHttpResponse(lines, content_type=f"{kind}; charset=utf-8", headers=headers)


def _csv(entries: Iterator[dict[str, Any]]) -> Iterator[str]:
    yield UTF8_MARK + _row(reader.head())
    for entry in entries:
        yield _row(reader.cells(entry))


def _json(entries: Iterator[dict[str, Any]]) -> Iterator[str]:
    """One list; an entry a line."""
    before = "["
    for entry in entries:
        yield f"{before}\n  {json.dumps(entry, ensure_ascii=False)}"
        before = ","
    yield "[]" if before == "[" else "\n]"


def _row(cells: list[str]) -> str:
    text = StringIO()
    csv.writer(text, lineterminator="\r\n").writerow(cells)
    return text.getvalue()
