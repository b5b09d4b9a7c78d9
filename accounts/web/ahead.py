"""The inactivity procedure in the days to come: a calendar and a list, for any day and any numbers; also as a file."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import islice
from typing import Any

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.forms.forecast import STOP, ForecastForm
from accounts.lifecycle.forecast import Step
from accounts.lifecycle.states import Role
from accounts.models import Account, current_policy
from accounts.readers import forecast as reader
from accounts.readers import silence
from accounts.readers.charts import Series
from accounts.readers.export import safe
from accounts.web.door import needs
from accounts.web.listing import here_with
from accounts.words import say

STAFF = (Role.SUPPORT, Role.SERVICE_RESPONSIBLE, Role.ADMINISTRATOR)
CHUNK = 500
COLORS = {"notified": "c-accent", "suspended": "c-bad"}
COLUMNS = ("day", "what", "client_id", "environment", "organisation", "owner_email", "last_activity_on", "why")


class Echo:
    """A file for the csv module that hands each line back instead of keeping it."""

    def write(self, line: str) -> str:
        """The line, as it was written."""
        return line


@needs(*STAFF)
@require_safe
def ahead(request: HttpRequest) -> HttpResponse:
    """Who will be notified, reminded, suspended and held in the [90] days from the day that the address names."""
    form = _form(request)
    question = _question(form)
    outlook = reader.look_ahead(reader.Forecast(question), request.GET)
    context = {
        "form": form,
        "question": question,
        "changed": question.policy != form.in_force,
        "travels": question.on != question.today,
        "outlook": outlook,
        "stats": _stats(outlook),
        "weeks": _weeks(outlook, question),
        "drawn": _drawn(outlook, question),
        "months": months(question, outlook),
        "rows": rows_of(outlook.rows),
        "query": request.GET.urlencode(),
        "previous_url": here_with(request, before=outlook.before) if outlook.before else "",
        "next_url": here_with(request, after=outlook.after) if outlook.after else "",
    }
    return render(request, "accounts/staff/ahead.html", context)


@needs(*STAFF)
@require_safe
def ahead_csv(request: HttpRequest) -> StreamingHttpResponse:
    """Every step that the page tells of, as a file for a spreadsheet."""
    question = _question(_form(request))
    name = f"forecast-{question.on.isoformat()}-{question.last.isoformat()}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    lines = _lines(reader.Forecast(question), get_language() or "en")
    return StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8", headers=headers)


def _form(request: HttpRequest) -> ForecastForm:
    kinds = [(kind, word) for kind, word in words().items()]
    return ForecastForm(request.GET, policy=current_policy(), today=timezone.localdate(), kinds=kinds)


def _question(form: ForecastForm) -> reader.Question:
    organisation = form.value("organisation")
    return reader.Question(
        policy=form.policy,
        today=form.today,
        on=form.day,
        feeds_stop=form.value("feeds") == STOP,
        environment=form.environments.get(form.value("environment") or ""),
        organisation=organisation.pk if organisation else None,
        kind=form.value("kind") or "",
    )


def words() -> dict[str, str]:
    """What the forecast's steps are called."""
    return {
        "suspended": _("Suspended"),
        "notified": _("Notified"),
        "reminded": _("Reminded"),
        "cleared": _("In use after all"),
        "held": _("Left alone"),
    }


def _stats(outlook: reader.Outlook) -> list[dict[str, Any]]:
    return [{"name": word, "value": outlook.number(kind), "hint": ""} for kind, word in words().items()]


def _weeks(outlook: reader.Outlook, question: reader.Question) -> list[dict[str, Any]]:
    """The weeks in which something happens, Monday first; days outside those that are looked at are empty."""
    monday = question.on - timedelta(days=question.on.weekday())
    weeks = []
    while monday <= question.last:
        days = [monday + timedelta(days=number) for number in range(7)]
        found = [_day(outlook, day, question) for day in days]
        if any(day["found"] for day in found):
            weeks.append({"monday": monday, "days": found})
        monday += timedelta(days=7)
    return weeks


def _day(outlook: reader.Outlook, day: date, question: reader.Question) -> dict[str, Any]:
    inside = question.on <= day <= question.last
    found = [(word, outlook.by_day[day, kind]) for kind, word in words().items() if outlook.by_day[day, kind]]
    return {"day": day, "inside": inside, "found": found if inside else []}


def _drawn(outlook: reader.Outlook, question: reader.Question) -> dict[str, Any]:
    """The chart by week, and its numbers as a table."""
    mondays = sorted({day - timedelta(days=day.weekday()) for day, _kind in outlook.by_day})
    values = {kind: [_in_week(outlook, monday, kind) for monday in mondays] for kind in words()}
    form = "j. b" if (get_language() or "en").startswith("nb") else "j M"
    labels = [date_format(max(monday, question.on), form) for monday in mondays]
    return {
        "labels": labels,
        "series": [Series(words()[kind], color, values[kind]) for kind, color in COLORS.items()],
        "head": [_("Week from"), *words().values()],
        "table": list(zip(labels, *values.values(), strict=True)),
    }


def _in_week(outlook: reader.Outlook, monday: date, kind: str) -> int:
    return sum(outlook.by_day[monday + timedelta(days=number), kind] for number in range(7))


def months(question: reader.Question, outlook: reader.Outlook | None = None) -> dict[str, Any]:
    """The histogram of silence on the question's day: labels, one series and the table."""
    found = silence.by_month(
        question.on,
        gone=outlook.gone if outlook else None,
        environment=question.environment,
        organisation=question.organisation,
    )
    labels = [str(month) if month < silence.LONGEST else f"{month}+" for month, _number in found]
    numbers = [number for _month, number in found]
    return {
        "labels": labels,
        "series": [Series(_("Accounts"), "c-accent", numbers)],
        "head": [_("Months since the last activity"), _("Accounts")],
        "table": list(zip(labels, numbers, strict=True)),
        "silent": sum(numbers[silence.YEAR * question.policy.inactive_after_years :]),
    }


def rows_of(steps: list[Step]) -> list[dict[str, Any]]:
    """The steps with their accounts, as they are drawn. One query."""
    found = Account.objects.select_related("environment", "organisation", "owner")
    accounts = found.in_bulk([step.life.key for step in steps])
    known = words()
    return [
        {
            "day": step.day,
            "kind": reader.KINDS[step.action],
            "word": known[reader.KINDS[step.action]],
            "account": accounts[step.life.key],
            "why": say(step.why),
        }
        for step in steps
        if step.life.key in accounts
    ]


def _lines(forecast: reader.Forecast, language: str) -> Iterator[str]:
    """The file, some hundred steps at a time, in the language of the reader."""
    writer = csv.writer(Echo())
    yield "\ufeff" + str(writer.writerow(COLUMNS))
    steps = (s for s in forecast.steps() if s.day >= forecast.question.on and s.action in reader.KINDS)
    shown = (step for step in steps if forecast.shows(step))
    while chunk := list(islice(shown, CHUNK)):
        with override(language):
            rows = rows_of(chunk)
        for row in rows:
            yield str(writer.writerow([safe(cell) for cell in _cells(row)]))


def _cells(row: dict[str, Any]) -> list[Any]:
    account = row["account"]
    return [
        row["day"].isoformat(),
        row["kind"],
        account.client_id,
        account.environment.name,
        account.organisation.name,
        account.owner.email,
        account.last_activity_on.isoformat(),
        row["why"],
    ]
