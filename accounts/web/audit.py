"""The audit trail: who did what to what, when and why; whether the history is unbroken; and all of it as a file."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import get_language, ngettext, override
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.forms.audit import AuditFilter
from accounts.forms.order import FIELD_LABELS
from accounts.lifecycle.actor import Actor
from accounts.lifecycle.states import OrderState, Role
from accounts.models import Account, Order
from accounts.models.subject import Subject
from accounts.readers import audit as reader
from accounts.readers import called, history
from accounts.readers.export import safe
from accounts.web.door import actor_for, needs, page_of
from accounts.web.listing import neighbours

READERS = (Role.ADMINISTRATOR, Role.SUPPORT, Role.SERVICE_RESPONSIBLE)
LABELS = {**FIELD_LABELS, "as_seller": "Seller", "as_broker": "Broker"}
COLUMNS = ("id", "at", "actor", "actor_kind", "sentence", "verb", "from", "to", "comment", "data")
SUBJECT_COLUMNS = ("subject_type", "subject", "subject_id", "seq", "hash", "previous", "intact")
BREAKS_SAID = 3


class _Echo:
    """A file for the csv module that hands each line back instead of keeping it."""

    def write(self, line: str) -> str:
        """The line, as it was written."""
        return line


@needs(*READERS)
@require_safe
def audit(request: HttpRequest) -> HttpResponse:
    """The trail, newest first; what is asked for stands in the address."""
    form = _filter(request)
    asked, found = _asked(form)
    rows, page = reader.page(asked, request.GET, LABELS)
    actor = actor_for(request)
    query = request.GET.copy()
    for name in ("after", "before"):
        query.pop(name, None)
    context = {
        "form": form,
        "rows": [(row, address_of(row.subject, actor)) for row in rows],
        "only": found.only if found else None,
        "only_name": called.name_of(found.only) if found and found.only else "",
        "only_kind": found.only.subject_type() if found and found.only else "",
        "cut": found.cut if found else False,
        "most": called.MOST,
        "verdict": reader.last_verdict(),
        "query": query.urlencode(),
        "narrowed": form.narrows,
        **neighbours(request, page),
    }
    return render(request, "accounts/staff/audit.html", context)


@needs(*READERS)
@require_POST
def verify(request: HttpRequest) -> HttpResponse:
    """Recompute the chain of one subject now, say what was found, and go back to its history."""
    subject = _subject_or_404(request.POST.get("kind", ""), request.POST.get("pk", ""))
    verified, name = history.Verified(), called.name_of(subject)
    broken = [str(place) for place in history.verify(verified, subject)]
    if broken:
        places = "; ".join(broken[:BREAKS_SAID])
        messages.error(request, _("The history of %(name)s is broken: %(places)s.") % {"name": name, "places": places})
    else:
        said = ngettext(
            "The history of %(name)s is unbroken: %(number)d event was read and fits.",
            "The history of %(name)s is unbroken: %(number)d events were read and fit.",
            verified.events,
        )
        messages.success(request, said % {"name": name, "number": verified.events})
    return HttpResponseRedirect(f"{reverse('audit')}?{urlencode({'subject': called.key_of(subject)})}")


@needs(*READERS)
@require_safe
def export(request: HttpRequest, form: str) -> StreamingHttpResponse:
    """What the page shows, all of it, as ``csv`` or ``jsonl`` (a line of JSON for each event). Sent as it is read."""
    asked, _found = _asked(_filter(request))
    rows = reader.stream(asked)
    lines, kind = (_csv(rows), "text/csv") if form == "csv" else (_json(rows), "application/x-ndjson")
    name = f"audit-trail-{timezone.localdate().isoformat()}.{form}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return StreamingHttpResponse(in_language(lines), content_type=f"{kind}; charset=utf-8", headers=headers)


def address_of(subject: Subject | None, actor: Actor) -> str:
    """The page of ``subject``, "" where this person has none (a draft is its requester's alone)."""
    if isinstance(subject, Order) and subject.state == OrderState.DRAFT.value and subject.requester_id != actor.id:
        return ""
    if isinstance(subject, Order | Account):
        return page_of(subject, actor)
    return ""


def _filter(request: HttpRequest) -> AuditFilter:
    kinds = [
        (reader.PEOPLE, _("People")),
        (reader.PORTAL, _("The portal itself")),
        (reader.LINKS, _("Links in emails")),
    ]
    return AuditFilter(request.GET, verbs=reader.verbs(), kinds=kinds)


def _asked(form: AuditFilter) -> tuple[reader.Asked, called.Called | None]:
    text = form.text("subject")
    found = called.called(text) if text else None
    asked = reader.Asked(
        who=form.text("who"),
        kind=form.text("kind"),
        verb=form.text("verb"),
        subject=found.ids if found else None,
        first=form.day("first"),
        last=form.day("last"),
    )
    return asked, found


def _subject_or_404(kind: str, pk: str) -> Subject:
    try:
        found = history.SUBJECTS[kind]._default_manager.filter(pk=UUID(pk)).first()
    except (KeyError, ValueError):
        found = None
    if found is None:
        raise Http404
    return found


def in_language(lines: Iterable[str]) -> Iterator[str]:
    """``lines``, each made in the language that is active now: they are sent after the page's language is gone."""
    return _in_language(lines, get_language() or "en")


def _in_language(lines: Iterable[str], language: str) -> Iterator[str]:
    waiting = iter(lines)
    while True:
        with override(language):
            line = next(waiting, None)
        if line is None:
            return
        yield line


def _plain(row: reader.Row) -> dict[str, Any]:
    """An event with its subject as plain values: the columns of both files."""
    event = row.event
    return {
        "id": event.pk,
        **history.plain(event),
        "actor_kind": event.actor_kind,
        "subject_type": event.subject_type,
        "subject": row.name,
        "subject_id": str(event.subject_id),
        "previous": event.previous,
        "intact": row.intact,
    }


def _csv(rows: Iterable[reader.Row]) -> Iterator[str]:
    """A head and a line for each event, safe to open in a spreadsheet; the mark tells it that this is UTF-8."""
    columns = (*COLUMNS, *SUBJECT_COLUMNS)
    writer = csv.writer(_Echo())
    yield "\ufeff" + str(writer.writerow(columns))
    for row in rows:
        said = _plain(row)
        said["data"] = json.dumps(said["data"], ensure_ascii=False, sort_keys=True) if said["data"] else ""
        yield str(writer.writerow([safe(str(said[name])) for name in columns]))


def _json(rows: Iterable[reader.Row]) -> Iterator[str]:
    for row in rows:
        yield json.dumps(_plain(row), ensure_ascii=False, sort_keys=True) + "\n"
