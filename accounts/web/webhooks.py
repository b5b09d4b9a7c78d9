"""Webhooks: where programs are told of events. Administrators make endpoints, see what got through, and send again."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.actions import webhooks as acting
from accounts.forms.verbs import VerbForm
from accounts.forms.webhooks import EndpointForm, ReplayForm
from accounts.lifecycle.errors import LostRace, NotReady
from accounts.lifecycle.states import Role
from accounts.models import WebhookEndpoint, WebhookMessage
from accounts.readers import administration, paging
from accounts.readers import webhooks as reader
from accounts.web.administration.editing import DONE, attempt
from accounts.web.asking import Question, ask_keeping
from accounts.web.door import actor_for, needs
from accounts.web.listing import neighbours
from accounts.web.refusals import not_allowed_is_403
from accounts.words import say

NEWEST_FIRST = paging.Order("created_at", falling=True)
administrators_only = needs(Role.ADMINISTRATOR)
asks = require_http_methods(["GET", "HEAD", "POST"])


@administrators_only
@require_safe
def webhooks(request: HttpRequest) -> HttpResponse:
    """Every endpoint: is it switched on, and does anything get through?"""
    page = paging.page(WebhookEndpoint.objects.all(), NEWEST_FIRST, request.GET)
    context = {"rows": reader.endpoints(page.rows), **neighbours(request, page)}
    return render(request, "accounts/staff/webhooks.html", context)


@administrators_only
@asks
def webhook_new(request: HttpRequest) -> HttpResponse:
    """Make an endpoint. Its secret stands in the answer to this POST and nowhere else."""
    form = EndpointForm(request.POST if request.method == "POST" else None)
    made: list[acting.NewEndpoint] = []
    status = 200
    if request.method == "POST":
        by, now = actor_for(request), timezone.now()
        status = attempt(form, lambda: made.append(acting.make(**form.cleaned_data, by=by, now=now)), field="url")
    if made:
        context = {"endpoint": made[0].endpoint, "text": made[0].secret}
        response = render(request, "accounts/staff/webhook_made.html", context)
    else:
        response = render(request, "accounts/staff/webhook_new.html", {"form": form}, status=status)
    add_never_cache_headers(response)
    return response


@administrators_only
@require_safe
def webhook(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One endpoint with its deliveries, the newest first."""
    return _page(request, get_object_or_404(WebhookEndpoint, pk=pk), ReplayForm())


@administrators_only
@asks
def webhook_switch(request: HttpRequest, pk: UUID, what: str) -> HttpResponse:
    """Switch an endpoint ``off`` or ``on``, after asking."""
    found, actor, on = get_object_or_404(WebhookEndpoint, pk=pk), actor_for(request), what == "on"
    if what not in ("on", "off"):
        raise Http404
    question = Question(
        found,
        _("Switch on") if on else _("Switch off"),
        _("The program is told of what happens from now on. What it missed you can send again by days.")
        if on
        else _("The program is not told any more, and what still waits for it is given up."),
        reverse("webhook", args=[found.pk]),
        _("The webhook is switched on.") if on else _("The webhook is switched off."),
        danger=not on,
    )
    form = VerbForm(request.POST if request.method == "POST" else None, subject=found)
    return ask_keeping(
        request, question, form, lambda: acting.set_active(found, on, by=actor, now=timezone.now())
    )  # fmt: skip


@administrators_only
@require_POST
def webhook_replay(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Send the events of some days again."""
    found, form = get_object_or_404(WebhookEndpoint, pk=pk), ReplayForm(request.POST)
    numbers: list[int] = []
    by, now = actor_for(request), timezone.now()
    if attempt(form, lambda: numbers.append(_replay(found, form, by, now))) != DONE:
        return _page(request, found, form, 422)
    (number,) = numbers
    said = ngettext("%(number)d event is sent again.", "%(number)d events are sent again.", number)
    messages.success(request, said % {"number": number})
    return HttpResponseRedirect(reverse("webhook", args=[found.pk]))


@administrators_only
@require_POST
def webhook_again(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Send one message again, with the same id."""
    found = get_object_or_404(WebhookMessage.objects.select_related("endpoint"), pk=pk)
    with not_allowed_is_403():
        try:
            acting.send_again(found, by=actor_for(request), now=timezone.now())
        except (LostRace, NotReady) as refusal:
            messages.warning(request, say(refusal.sentence))
        else:
            messages.success(request, _("The message is sent again."))
    return HttpResponseRedirect(reverse("webhook", args=[found.endpoint_id]))


def _page(request: HttpRequest, found: WebhookEndpoint, form: ReplayForm, status: int = 200) -> HttpResponse:
    rows = WebhookMessage.objects.filter(endpoint=found).select_related("event")
    page = paging.page(rows, NEWEST_FIRST, request.GET)
    context = {
        "endpoint": found,
        "form": form,
        "rows": reader.messages(page.rows),
        "entries": administration.happened(found, actor_for(request).id, {}),
        **neighbours(request, page),
    }
    return render(request, "accounts/staff/webhook.html", context, status=status)


def _replay(found: WebhookEndpoint, form: ReplayForm, by: Any, now: datetime) -> int:
    """The days are those of the portal's time zone, both ends included."""
    first, last = (_at(form.cleaned_data[name], end) for name, end in (("first", time.min), ("last", time.max)))
    return acting.replay(found, first, last, by=by, now=now)


def _at(day: date, end: time) -> datetime:
    return timezone.make_aware(datetime.combine(day, end))
