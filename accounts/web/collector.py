"""The owner lets the technical contact collect client secrets, or takes that back."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.actions.collecting import let_collect, stop_letting_collect
from accounts.forms.verbs import VerbForm
from accounts.lifecycle.errors import LostRace, NotReady
from accounts.models import Account
from accounts.web.door import actor_for, find_account, page_of, signed_in
from accounts.web.refusals import not_allowed_is_403
from accounts.web.stepup import step_up
from accounts.words import say

_VERBS = {"let": let_collect, "stop": stop_letting_collect}


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def collector(request: HttpRequest, pk: UUID, verb: str) -> HttpResponse:
    """GET asks whether that is meant, POST does it: ``let`` by whoever proved a moment ago that it is they."""
    found, actor = find_account(request, pk), actor_for(request)
    if verb not in _VERBS:
        raise Http404(_("There is no such page."))
    if found.owner_id != actor.id:
        raise PermissionDenied(_("Only the account’s owner can say who collects its client secrets."))
    if request.method != "POST":
        open_now = found.technical_may_collect if verb == "stop" else not found.technical_may_collect
        return _ask(request, found, verb) if open_now else HttpResponseRedirect(page_of(found, actor))
    if verb == "let" and (way := step_up(request)):
        return way
    with not_allowed_is_403():
        try:
            _VERBS[verb](found, by=actor, now=timezone.now())
        except (NotReady, LostRace) as refusal:
            messages.info(request, say(refusal.sentence))
        else:
            messages.success(request, _("Done. You both get an email."))
    return HttpResponseRedirect(page_of(found, actor))


def _ask(request: HttpRequest, found: Account, verb: str) -> HttpResponse:
    contact = {"contact": found.technical_name or found.technical_email, "email": found.technical_email}
    let = _(
        "%(contact)s then sees the client secret in your place, once, signed in as %(email)s and after confirming who"
        " they are. You are told when they do, and can take it back until then."
    )
    stop = _("Then you alone collect the client secrets of this account. What was collected stays known to them.")
    context = {
        "subject": found, "form": VerbForm(subject=found), "danger": verb == "stop",
        "label": _("Let the technical contact collect") if verb == "let" else _("Take the permission back"),
        "explains": (let if verb == "let" else stop) % contact, "cancel_url": page_of(found, actor_for(request)),
    }  # fmt: skip
    response = render(request, "accounts/confirm.html", context)
    add_never_cache_headers(response)
    return response


ROUTES: list[URLPattern] = [path("accounts/<uuid:pk>/collector/<slug:verb>/", collector, name="account_collector")]
