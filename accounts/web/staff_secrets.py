"""Which client secrets expire when, for staff: the list and its file."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from io import StringIO

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.forms.filters import EnvironmentFilter
from accounts.lifecycle.states import Role
from accounts.readers import expiring as reader
from accounts.web.door import actor_for, needs
from accounts.web.export import UTF8_MARK
from accounts.web.listing import here_with, neighbours, tabs

STAFF = (Role.SUPPORT, Role.SERVICE_RESPONSIBLE, Role.ADMINISTRATOR)


@needs(*STAFF)
@require_safe
def secrets(request: HttpRequest) -> HttpResponse:
    """The secrets that expire, the next one first; tab and filters stand in the address."""
    today, form = timezone.localdate(), _filter(request)
    asked = {"tab": form.tab, "environment": form.environment_name, "text": form.text}
    rows, page = reader.expiring(request.GET, today, **asked)
    counts = reader.counts(today)
    found = [
        (reader.SOON, _("Expire soon"), counts[reader.SOON]),
        (reader.EXPIRED, _("Expired"), counts[reader.EXPIRED]),
        (reader.ALL, _("All that expire"), None),
    ]
    context = {
        "rows": rows,
        "form": form,
        "tab": form.tab,
        "tabs": tabs(request, form.tab, found),
        "narrowed": form.narrows,
        "reset_url": here_with(request, q="", environment="") if form.narrows else "",
        "may": actor_for(request).holds(Role.SUPPORT),
        **neighbours(request, page),
    }
    return render(request, "accounts/staff/secrets.html", context)


@needs(*STAFF)
@require_safe
def secrets_export(request: HttpRequest) -> StreamingHttpResponse:
    """The secrets that the list shows, all of them, as CSV: sent while they are read."""
    today, form = timezone.localdate(), _filter(request)
    chosen = reader.matching(today, tab=form.tab, environment=form.environment_name, text=form.text)
    name = f"client-secrets-{today.isoformat()}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    lines = _csv(reader.lines(chosen, today))
    return StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8", headers=headers)


def _csv(lines: Iterator[list[str]]) -> Iterator[str]:
    yield UTF8_MARK
    for line in lines:
        text = StringIO()
        csv.writer(text, lineterminator="\r\n").writerow(line)
        yield text.getvalue()


def _filter(request: HttpRequest) -> EnvironmentFilter:
    return EnvironmentFilter(request.GET, states=(reader.SOON, reader.EXPIRED, reader.ALL), usual=reader.SOON)


ROUTES: list[URLPattern] = [
    path("staff/secrets/", secrets, name="staff_secrets"),
    path("staff/secrets/export.csv", secrets_export, name="secrets_export"),
]
