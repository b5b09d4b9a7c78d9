"""Reports: where the time goes, what is open, what is returned, how the accounts stand; each table also as a file."""

from __future__ import annotations

import csv
import io
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from accounts.forms.order import FIELD_LABELS
from accounts.forms.reports import ReportFilter
from accounts.lifecycle.states import Role
from accounts.models import current_policy
from accounts.readers import charts
from accounts.readers import report_tables as tables
from accounts.readers import reports as reader
from accounts.readers.export import safe
from accounts.web.door import needs

READERS = (Role.SERVICE_RESPONSIBLE, Role.SUPPORT, Role.ADMINISTRATOR)


@needs(*READERS)
@require_safe
def reports(request: HttpRequest) -> HttpResponse:
    """The figures of one period; the period and the environment stand in the address."""
    now = timezone.now()
    form = ReportFilter(request.GET, timezone.localdate(now))
    policy = current_policy()
    report = reader.report(form.chosen(), policy, now)
    words = tables.Words(FIELD_LABELS, policy)
    found = {key: make(report, words) for key, make in tables.TABLES.items()}
    context = {
        "form": form,
        "report": report,
        "tables": found,
        "stats": _stats(report),
        "stages": _ranges(report, words),
        "flows": _series(found["months"], ("c-soft", "c-accent", "c-bad", "c-quiet")),
        "ages": _ages(report),
        "late": sum(stage.late for stage in report.open.values()),
        "open": sum(stage.number for stage in report.open.values()),
        "fields": [(tables.field_word(name, words), n) for name, n in report.returns.fields.most_common()],
        "states": _series(found["accounts"], ("c-accent", "c-warn", "c-bad")),
        "age_words": tables.age_words(),
        "query": request.GET.urlencode(),
    }
    return render(request, "accounts/staff/reports.html", context)


@needs(*READERS)
@require_safe
def table(request: HttpRequest, key: str) -> HttpResponse:
    """One table as a file for a spreadsheet, over the period that the page shows."""
    if key not in tables.TABLES:
        raise Http404
    now = timezone.now()
    period, policy = ReportFilter(request.GET, timezone.localdate(now)).chosen(), current_policy()
    found = tables.TABLES[key](reader.report(period, policy, now), tables.Words(FIELD_LABELS, policy))
    text = io.StringIO()
    csv.writer(text).writerows([safe(cell) for cell in line] for line in tables.lines(found))
    name = f"{key}-{period.first.isoformat()}-{period.last.isoformat()}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return HttpResponse("\ufeff" + text.getvalue(), content_type="text/csv; charset=utf-8", headers=headers)


def _stats(report: reader.Report) -> list[dict[str, Any]]:
    """The four numbers at the top: each says of how many orders it is told."""
    times = report.times
    issued = _orders(times.to_credentials.number)
    first, right = times.first_answer, times.right_first_time
    return [
        _stat(_("Order to credentials, p50"), times.to_credentials.at(0.5), _("days"), issued),
        _stat(_("Order to credentials, p90"), times.to_credentials.at(0.9), _("days"), issued),
        _stat(_("First answer, p50"), first.at(0.5), _("working days"), _orders(first.number)),
        _stat(_("Right the first time"), right.percent, "%", tables.share_words(right)),
    ]


def _stat(name: str, value: float | None, unit: str, hint: str) -> dict[str, Any]:
    if value is None:
        return {"name": name, "value": tables.NONE, "unit": "", "hint": hint}
    return {"name": name, "value": charts.figure(value), "unit": unit, "hint": hint}


def _orders(number: int) -> str:
    return ngettext("%(number)d order", "%(number)d orders", number) % {"number": number}


def _ranges(report: reader.Report, words: tables.Words) -> list[charts.Range]:
    """The stages as rows of the chart: p50 to p90, held against the target."""
    rows = []
    for stage, spread in report.times.stages.items():
        low, high = spread.at(0.5), spread.at(0.9)
        target = words.policy.stage_target(stage)
        rows.append(charts.Range(tables.stage_word(stage), _said(low, high, spread.number), low, high, target))
    return rows


def _said(low: float | None, high: float | None, number: int) -> str:
    if low is None or high is None:
        return _("no order")
    least, most = charts.figure(low), charts.figure(high)
    days = least if least == most else f"{least}–{most}"
    return ngettext("%(days)s d, %(number)d order", "%(days)s d, %(number)d orders", number) % {
        "days": days,
        "number": number,
    }


def _series(table: tables.Table, colors: tuple[str, ...]) -> list[charts.Series]:
    """The columns of a table after its first, as rows of a chart."""
    columns = zip(*(row[1:] for row in table.rows), strict=True) if table.rows else [() for _color in colors]
    return [
        charts.Series(name, color, list(values))
        for name, color, values in zip(table.head[1:], colors, columns, strict=True)
    ]


def _ages(report: reader.Report) -> list[charts.Series]:
    totals = [sum(column) for column in zip(*(stage.ages for stage in report.open.values()), strict=True)]
    return [charts.Series(_("Open orders"), "c-accent", totals)]
