"""The runs of the scheduled jobs."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts import schedule
from accounts.lifecycle.states import Role
from accounts.models import RunState
from accounts.readers import job_runs as reader
from accounts.web.door import needs
from accounts.web.listing import neighbours, tabs

TABS = (reader.WORTH, reader.FAILED, reader.ALL)


@needs(Role.SUPPORT, Role.ADMINISTRATOR)
@require_safe
def job_runs(request: HttpRequest) -> HttpResponse:
    """Whether the daily jobs ran today, and every run with its counts or its error."""
    now = timezone.now()
    asked = request.GET.get("state", "")
    tab = asked if asked in TABS else reader.WORTH
    page = reader.runs(tab, request.GET)
    due = {job.name: job.is_due(now) for job in schedule.JOBS if job.daily_at is not None}
    labels = (_("Did something or failed"), _("Failed"), _("All runs"))
    context = {
        "daily": reader.daily(due, timezone.localdate(now)),
        "rows": [reader.Row(run) for run in page.rows],
        "running": any(run.state == RunState.RUNNING.value for run in page.rows),
        "tab": tab,
        "tabs": tabs(request, tab, [(name, label, None) for name, label in zip(TABS, labels, strict=True)]),
        **neighbours(request, page),
    }
    return render(request, "accounts/staff/job_runs.html", context)
