"""The worklist, and what waits for the Service Responsible."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.forms.filters import WorklistFilter
from accounts.lifecycle.states import OrderState, Role
from accounts.models import Order, current_policy
from accounts.readers import assignees, order_rows
from accounts.readers import worklist as reader
from accounts.web.door import actor_for, needs
from accounts.web.listing import here_with, neighbours, tabs

TABS = (reader.OPEN, *(state.value for state in reader.OPEN_STATES), reader.ALL)
ENDED = (OrderState.ISSUED.value, OrderState.REJECTED.value, OrderState.WITHDRAWN.value)
_FILTERS = ("q", "assignee", "environment", "kind", "late")
LONGEST_LIST = 1000  # characters
LIST = "in"
"""The parameter of an order's page that names the list from which somebody came: that list's own query."""


@needs(Role.SUPPORT, Role.SERVICE_RESPONSIBLE, Role.ADMINISTRATOR)
@require_safe
def worklist(request: HttpRequest) -> HttpResponse:
    """Orders by state, the longest waiting first; state, search and filters stand in the address."""
    policy, now, by = current_policy(), timezone.now(), actor_for(request)
    form = _filter(request.GET)
    search = search_of(form)
    rows, page = reader.orders(by, search, request.GET, policy, now)
    counts = reader.counts(search, by, policy, now)
    context = {
        "rows": rows,
        "form": form,
        "open": counts.open,
        "late": counts.late,
        "tabs": tabs(request, form.tab, _tabs(counts)),
        "reset_url": here_with(request, **dict.fromkeys(_FILTERS, "")) if form.narrows else "",
        "all_url": here_with(request, state=reader.ALL),
        "open_url": here_with(request, state="", **dict.fromkeys(_FILTERS, "")),
        "export_url": here_with(request).replace(request.path, reverse("worklist_export"), 1),
        "here": request.get_full_path(),
        "from_list": _query(request.GET),
        "may_take": by.holds(Role.SUPPORT),
        "state": form.tab,
        "narrowed": search.narrows,
        **neighbours(request, page),
    }
    return render(request, "accounts/staff/worklist.html", context)


@needs(Role.SUPPORT, Role.SERVICE_RESPONSIBLE, Role.ADMINISTRATOR)
@require_safe
def export(request: HttpRequest) -> StreamingHttpResponse:
    """The list as it is filtered, all of it, as CSV: sent while it is read."""
    search, by = search_of(_filter(request.GET)), actor_for(request)
    lines = order_rows.lines(by, search, current_policy(), timezone.now())
    response = StreamingHttpResponse(_utf8(lines), content_type="text/csv; charset=utf-8")
    name = f"orders-{timezone.localdate().isoformat()}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "no-store"
    return response


@needs(Role.SERVICE_RESPONSIBLE)
@require_safe
def approvals(request: HttpRequest) -> HttpResponse:
    """What waits for the Service Responsible, the oldest first; what they must not decide says why."""
    rows, page = reader.approvals(actor_for(request), request.GET, current_policy(), timezone.now())
    context = {"rows": rows, "mine": sum(row.why_not is None for row in rows), **neighbours(request, page)}
    return render(request, "accounts/staff/approvals.html", context)


def beside(request: HttpRequest, order: Order, now: datetime) -> dict[str, Any]:
    """The list from which somebody came to ``order``, and its neighbours in it: {} where they came from nowhere.

    For ``accounts/staff/_beside.html``. Two queries, and two for the filter's choices.
    """
    said = request.GET.get(LIST)
    if said is None:
        return {}
    asked = QueryDict(said[:LONGEST_LIST])
    found = reader.beside(order, actor_for(request), search_of(_filter(asked)), current_policy(), now)
    query = _query(asked)
    suffix = "?" + urlencode({LIST: query})

    def address(reference: str) -> str:
        return reverse("staff_order", args=[reference]) + suffix if reference else ""

    return {
        "list_url": reverse("worklist") + (f"?{query}" if query else ""),
        "previous_url": address(found.before),
        "next_url": address(found.after),
    }


def search_of(form: WorklistFilter) -> reader.Search:
    """What a filter looks for."""
    return reader.Search(
        state=form.tab,
        environment=form.environment_name,
        text=form.text,
        assignee=form.said("assignee"),
        kind=form.said("kind"),
        late=bool(form.said("late")),
    )


def _filter(asked: QueryDict) -> WorklistFilter:
    return WorklistFilter(asked, states=(*TABS, *ENDED), usual=reader.OPEN, colleagues=assignees.colleagues())


def _query(asked: QueryDict) -> str:
    """The state and filters in ``asked``, as the query of an address, without the page."""
    kept = {name: str(asked[name]) for name in ("state", *_FILTERS) if asked.get(name)}
    return urlencode(kept)


def _utf8(lines: Iterator[str]) -> Iterator[bytes]:
    """With the mark by which spreadsheets know UTF-8."""
    yield "\ufeff".encode()
    for line in lines:
        yield line.encode()


def _tabs(counts: reader.Counts) -> list[tuple[str, str, int | None]]:
    """The tabs; the word of a state is looked up by the template, so that only what is too long gets a label here."""
    short = {
        OrderState.RETURNED: _("Returned"),
        OrderState.APPROVAL: _("Approval"),
        OrderState.CREDENTIAL_ISSUE: _("Credentials"),
    }
    by_state = [(state.value, short.get(state, ""), counts.by_state[state]) for state in reader.OPEN_STATES]
    return [(reader.OPEN, _("Open"), counts.open), *by_state, (reader.ALL, _("All"), None)]
