"""Who is left alone: Support's holds, and those that the rules set by themselves, each with what resolves it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.forms.filters import EnvironmentFilter
from accounts.lifecycle.states import Role
from accounts.models import current_policy
from accounts.readers import holds as reader
from accounts.readers import inactivity
from accounts.web.door import actor_for, needs
from accounts.web.listing import here_with, neighbours, tabs

STAFF = (Role.SUPPORT, Role.SERVICE_RESPONSIBLE, Role.ADMINISTRATOR)


@needs(*STAFF)
@require_safe
def holds(request: HttpRequest) -> HttpResponse:
    """The holds by Support, and above them the automatic ones; tab and filters stand in the address."""
    today, policy = timezone.localdate(), current_policy()
    form = EnvironmentFilter(request.GET, states=(reader.OPEN, reader.ENDED), usual=reader.OPEN)
    form.fields["q"].widget.attrs["placeholder"] = _("Client ID, organisation or who set it")
    ended = form.tab == reader.ENDED
    page = reader.by_support(request.GET, today=today, ended=ended, text=form.text, environment=form.environment_name)
    context = {
        "holds": page.rows,
        "ended": ended,
        "form": form,
        "tabs": tabs(
            request, form.tab, [(reader.OPEN, _("Left alone"), reader.running(today)), (reader.ENDED, _("Over"), None)]
        ),
        "narrowed": form.narrows,
        "reset_url": here_with(request, q="", environment="") if form.narrows else "",
        "stale": reader.stale(policy, today),
        "undelivered": reader.undelivered(),
        "lists": inactivity.waiting_lists(),
        "may": actor_for(request).holds(Role.SUPPORT),
        **neighbours(request, page),
    }
    return render(request, "accounts/staff/holds.html", context)
