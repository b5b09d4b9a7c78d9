"""The worklist, and what waits for the Service Responsible."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.forms.filters import EnvironmentFilter
from accounts.lifecycle.states import OrderState, Role
from accounts.models import current_policy
from accounts.readers import worklist as reader
from accounts.web.door import actor_for, needs
from accounts.web.listing import here_with, neighbours, tabs

TABS = (reader.OPEN, *(state.value for state in reader.OPEN_STATES), reader.ALL)
ENDED = (OrderState.ISSUED.value, OrderState.REJECTED.value, OrderState.WITHDRAWN.value)


@needs(Role.SUPPORT, Role.SERVICE_RESPONSIBLE, Role.ADMINISTRATOR)
@require_safe
def worklist(request: HttpRequest) -> HttpResponse:
    """Orders by state, the longest waiting first; state, environment and search stand in the address."""
    policy, now = current_policy(), timezone.now()
    form = EnvironmentFilter(request.GET, states=(*TABS, *ENDED), usual=reader.OPEN)
    search = reader.Search(form.tab, form.environment_name, form.text)
    rows, page = reader.orders(actor_for(request), search, request.GET, policy, now)
    counts = reader.counts(policy, now)
    context = {
        "rows": rows,
        "form": form,
        "open": counts.open,
        "late": counts.late,
        "tabs": tabs(request, form.tab, _tabs(counts)),
        "reset_url": here_with(request, q="", environment="") if form.narrows else "",
        "all_url": here_with(request, state=reader.ALL),
        "open_url": here_with(request, state="", q="", environment=""),
        "state": form.tab,
        "narrowed": form.narrows,
        **neighbours(request, page),
    }
    return render(request, "accounts/staff/worklist.html", context)


@needs(Role.SERVICE_RESPONSIBLE)
@require_safe
def approvals(request: HttpRequest) -> HttpResponse:
    """What waits for the Service Responsible, the oldest first; what they must not decide says why."""
    rows, page = reader.approvals(actor_for(request), request.GET, current_policy(), timezone.now())
    context = {"rows": rows, "mine": sum(row.why_not is None for row in rows), **neighbours(request, page)}
    return render(request, "accounts/staff/approvals.html", context)


def _tabs(counts: reader.Counts) -> list[tuple[str, str, int | None]]:
    """The tabs; the word of a state is looked up by the template, so that only what is too long gets a label here."""
    short = {
        OrderState.RETURNED: _("Returned"),
        OrderState.APPROVAL: _("Approval"),
        OrderState.CREDENTIAL_ISSUE: _("Credentials"),
    }
    by_state = [(state.value, short.get(state, ""), counts.by_state[state]) for state in reader.OPEN_STATES]
    return [(reader.OPEN, _("Open"), counts.open), *by_state, (reader.ALL, _("All"), None)]
