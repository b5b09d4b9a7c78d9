"""Support ticks an item of an order's checklist, lets it pass with a reason, or takes that back."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.actions import checklist
from accounts.forms.triage import WaiveForm
from accounts.lifecycle.errors import LostRace, NotReady
from accounts.lifecycle.states import Role
from accounts.models import CheckItem, Order
from accounts.models.facts import changed_since, who_was_first
from accounts.readers import staff_order
from accounts.web.door import actor_for, find_order, needs, seen_version
from accounts.web.refusals import not_allowed_is_403
from accounts.web.staff_order_page import page
from accounts.words import say

VERBS = frozenset({"check", "waive", "uncheck"})


@needs(Role.SUPPORT)
@require_POST
def check(request: HttpRequest, reference: str, item: str) -> HttpResponse:
    """Carry out ``verb`` (check, waive with its reason, uncheck) on one item, and go back to the checklist."""
    found, verb = find_order(request, reference), request.POST.get("verb", "")
    if item not in {known.value for known in CheckItem} or verb not in VERBS:
        raise Http404("There is no such item or verb of the checklist.")
    form = WaiveForm(request.POST, prefix=item)
    if verb == "waive" and not form.is_valid():
        return page(request, found, waiving=(item, form), form=form, status=422)
    with not_allowed_is_403():
        try:
            _do(request, found, CheckItem(item), verb, form)
        except LostRace:
            found.refresh_from_db()
            since = staff_order.since(found, seen_version(request))
            return page(request, found, waiving=(item, form), since=since, status=409)
        except NotReady as refusal:
            messages.warning(request, say(refusal.sentence))
    return HttpResponseRedirect(reverse("staff_order", args=[reference]) + "#checklist")


def _do(request: HttpRequest, found: Order, item: CheckItem, verb: str, form: WaiveForm) -> None:
    actor, now, seen = actor_for(request), timezone.now(), seen_version(request)
    if seen is not None and changed_since(found, seen, actor):
        raise LostRace(who_was_first(found))
    if verb == "waive":
        checklist.waive(found, item, by=actor, now=now, reason=form.cleaned_data["reason"])
    elif verb == "check":
        checklist.check(found, item, by=actor, now=now)
    else:
        checklist.uncheck(found, item, by=actor, now=now)
