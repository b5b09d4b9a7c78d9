"""Providers: what differs between the portal and each of them, what failed or is under way, what to do about it."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from io import StringIO
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import schedule
from accounts.actions import operation_ends, reconciliation
from accounts.forms.providers import AskAgainForm, DifferenceFilter
from accounts.lifecycle.actor import Actor
from accounts.lifecycle.errors import LostRace, NotReady
from accounts.lifecycle.states import Role
from accounts.models import Finding, FindingKind, Operation
from accounts.readers import providers as reader
from accounts.readers.export import safe
from accounts.web.asking import Question, ask_keeping
from accounts.web.door import actor_for, needs
from accounts.web.listing import here_with, neighbours, tabs
from accounts.web.refusals import not_allowed_is_403
from accounts.words import say

STAFF = (Role.SUPPORT, Role.ADMINISTRATOR)
JOB = "reconcile_providers"
COLUMNS = ["client_id", "environment", "organisation", "difference", "key_id", "expires_on", "found_at"]
UTF8_MARK = "\ufeff"
"""By it spreadsheets know UTF-8."""


@needs(*STAFF)
@require_safe
def providers(request: HttpRequest) -> HttpResponse:
    """Each environment's provider, then differences, failures or what is under way; filters stand in the address."""
    form, sides = _filter(request), reader.sides()
    search = _search(form)
    if form.tab == reader.DIFFERENCES:
        findings, page = reader.findings(search, request.GET)
        shown: dict[str, Any] = {"findings": findings, **neighbours(request, page)}
    else:
        operations, listed = reader.operations(search, request.GET)
        shown = {"operations": operations, **neighbours(request, listed)}
        del form.fields["kind"]
    found = [
        (reader.DIFFERENCES, _("Differences"), sum(side.differences for side in sides)),
        (reader.FAILED, _("Failed"), sum(side.failed for side in sides)),
        (reader.OPEN, _("Under way"), sum(side.open for side in sides)),
    ]
    context = {
        "sides": sides,
        "automatic": any(side.connector for side in sides),
        "comparing": schedule.is_running(JOB, timezone.now()),
        "form": form,
        "tab": form.tab,
        "tabs": tabs(request, form.tab, found),
        "narrowed": form.narrows,
        "reset_url": here_with(request, q="", environment="", kind="") if form.narrows else "",
        "export_url": f"{reverse('providers_export')}?{request.GET.urlencode()}",
        "may_edit": actor_for(request).holds(Role.ADMINISTRATOR),
        **shown,
    }
    return render(request, "accounts/staff/providers.html", context)


@needs(*STAFF)
@require_safe
def export(request: HttpRequest) -> StreamingHttpResponse:
    """The differences that the list shows, all of them, as CSV."""
    name = f"provider-differences-{timezone.localdate().isoformat()}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    lines = _lines(reader.every_finding(_search(_filter(request))))
    return StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8", headers=headers)


@needs(*STAFF)
@require_POST
def compare(request: HttpRequest) -> HttpResponse:
    """Compare now: the nightly job, one at a time."""
    if schedule.is_running(JOB, timezone.now()):
        messages.info(request, _("A comparison is running already."))
    else:
        with not_allowed_is_403():
            reconciliation.ask_for_comparison(by=actor_for(request))
        messages.success(request, _("The comparison begins in a moment. Load this page again to see what it found."))
    return HttpResponseRedirect(reverse("providers"))


@needs(*STAFF)
@require_http_methods(["GET", "HEAD", "POST"])
def open_again(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Open the task that resolves a difference, after asking."""
    rows = Finding.objects.filter(account__isnull=False).select_related("account__environment", "account__organisation")
    found = get_object_or_404(rows, pk=pk)
    actor, account = actor_for(request), found.account
    assert account is not None  # noqa: S101 - the query says so
    enable = found.kind == FindingKind.DISABLED_THERE.value
    question = Question(
        account,
        _("Have the client enabled") if enable else _("Have the client disabled"),
        _("A task is opened for the provider: the connector does it, or people at Cegal do."),
        reverse("providers"),
        _("The task is opened."),
        facts=(
            {"term": "Client ID", "value": found.client_id, "mono": True},
            {"term": _("Organisation"), "value": account.organisation.name},
            {"term": _("Environment"), "envs": [account.environment]},
            {"term": _("Found"), "at": found.found_at},
        ),
    )
    form = AskAgainForm(request.POST if request.method == "POST" else None, subject=account)
    return ask_keeping(
        request, question, form, lambda: reconciliation.open_again(found, by=actor, now=timezone.now())
    )  # fmt: skip


@needs(Role.SUPPORT, Role.ADMINISTRATOR, Role.CEGAL)
@require_POST
def retry(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Let the connector try once more what it failed at."""
    found = get_object_or_404(Operation.objects.select_related("environment", "account", "order", "task"), pk=pk)
    actor = actor_for(request)
    with not_allowed_is_403():
        try:
            operation_ends.begin_again(found, by=actor, now=timezone.now())
        except (LostRace, NotReady) as refusal:
            messages.info(request, say(refusal.sentence))
        else:
            messages.success(request, _("The connector tries again in a moment."))
    return HttpResponseRedirect(_home_of(found, actor))


ROUTES = [
    path("staff/providers/", providers, name="providers"),
    path("staff/providers/export.csv", export, name="providers_export"),
    path("staff/providers/compare/", compare, name="providers_compare"),
    path("staff/providers/differences/<uuid:pk>/", open_again, name="provider_open_again"),
    path("staff/providers/operations/<uuid:pk>/again/", retry, name="operation_retry"),
]


def _filter(request: HttpRequest) -> DifferenceFilter:
    kinds = [(kind, _(words)) for kind, words in reader.FINDING_WORDS.items()]
    return DifferenceFilter(request.GET, states=reader.TABS, usual=reader.DIFFERENCES, kinds=kinds)


def _search(form: DifferenceFilter) -> reader.Search:
    return reader.Search(form.tab, form.environment_name, form.said("kind"), form.text)


def _home_of(found: Operation, actor: Actor) -> str:
    """The page on which this person works with it."""
    if actor.holds(*STAFF):
        return f"{reverse('providers')}?state={reader.FAILED}"
    if found.order is not None:
        return reverse("cegal_order", args=[found.order.reference])
    return reverse("cegal_task", args=[found.task_id]) if found.task_id else reverse("cegal_queue")


def _lines(rows: Iterator[reader.FindingRow]) -> Iterator[str]:
    yield UTF8_MARK + _line(COLUMNS)
    for row in rows:
        one = row.finding
        organisation = one.account.organisation.name if one.account else ""
        ends = one.expires_on.isoformat() if one.expires_on else ""
        at = timezone.localtime(one.found_at).isoformat(timespec="minutes")
        yield _line([one.client_id, one.environment.name, organisation, row.words, one.key_id, ends, at])


def _line(cells: list[str]) -> str:
    text = StringIO()
    csv.writer(text, lineterminator="\r\n").writerow([safe(cell) for cell in cells])
    return text.getvalue()
