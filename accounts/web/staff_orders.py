"""One order as staff see it: what is asked, what is known, and what may happen next."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.forms.verbs import VerbForm
from accounts.lifecycle.states import OrderState, Role
from accounts.models import Order
from accounts.readers import checklist
from accounts.readers.messages import kind_label
from accounts.web import decision
from accounts.web.door import actor_for, find_order, needs, seen_version
from accounts.web.mail_before import mails_before
from accounts.web.staff_order_page import changed_meanwhile, page


@needs(Role.SUPPORT, Role.SERVICE_RESPONSIBLE, Role.ADMINISTRATOR)
@require_http_methods(["GET", "HEAD", "POST"])
def order(request: HttpRequest, reference: str) -> HttpResponse:
    """The order's page. POST (verb, its fields, version) leads to the page before the last button."""
    found = find_order(request, reference)
    if found.state == OrderState.DRAFT.value:
        return redirect("order", found.reference)  # a draft is its requester's alone
    if request.method == "POST":
        return _decide(request, found)
    return page(request, found)


def _decide(request: HttpRequest, found: Order) -> HttpResponse:
    """Check what was typed and show it once more; the order's page again when something is missing or has changed."""
    verb, seen = request.POST.get("verb", ""), request.POST.get("version", "")
    if seen != str(found.version):
        return changed_meanwhile(request, found, verb, request.POST, seen_version(request))
    offered = decision.options(found, actor_for(request), verb, request.POST)
    if request.POST.get(decision.INSERT):
        return page(request, found, offered=offered)
    form = decision.chosen_form(offered, verb)
    if form is None:
        return page(request, found, offered=offered, missing=_("Choose what should happen."), status=422)
    if not form.is_valid():
        return page(request, found, offered=offered, form=form, status=422)
    return _ask_once_more(request, found, verb, form)


def _ask_once_more(request: HttpRequest, found: Order, verb: str, form: VerbForm) -> HttpResponse:
    """The page before the last button: what happens, what was typed, the mails that go out, and what is open yet."""
    mails = mails_before(found, verb, form, by=actor_for(request), now=timezone.now())
    held = checklist.checklist(found) if verb == "send_for_approval" else None
    context = {
        "order": found,
        "verb": verb,
        "mails": mails.mails,
        "to_staff": [{"label": kind_label(kind), "number": number} for kind, number in mails.to_staff.items()],
        "unchecked": [item.label for item in held.items if not item.done] if held else [],
        **decision.confirmation(found, verb, form, str(found.version)),
    }
    return render(request, "accounts/staff/decide.html", context)
