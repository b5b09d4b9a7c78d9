"""The approval page: one order as the Service Responsible decides it, on one screen, also of a phone.

One field and three buttons; the page after a button says what will happen, and its button decides.
"""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import verbs
from accounts.forms.approval import ApprovalForm
from accounts.forms.verbs import VerbForm
from accounts.lifecycle.errors import LostRace, NotReady
from accounts.lifecycle.states import OrderState, Role
from accounts.models import Order, current_policy
from accounts.models.facts import who_was_first
from accounts.readers import approval as reader
from accounts.readers import checklist, staff_order
from accounts.readers.timeline import sentence
from accounts.readers.waiting import waiting
from accounts.web import approval_facts
from accounts.web.decision import confirmation
from accounts.web.door import actor_for, find_order, needs, seen_version
from accounts.web.refusals import not_allowed_is_403
from accounts.web.stepup import step_up
from accounts.web.verbs import STEP_UP
from accounts.words import say


@needs(Role.SERVICE_RESPONSIBLE)
@require_http_methods(["GET", "HEAD", "POST"])
def approval(request: HttpRequest, reference: str) -> HttpResponse:
    """The order and the decision. POST (verb, comment, version) asks once more; with "confirmed" it decides."""
    found = find_order(request, reference)
    if found.state == OrderState.DRAFT.value:
        return redirect("order", found.reference)  # a draft is its requester's alone
    response = _decide(request, found) if request.method == "POST" else _page(request, found)
    add_never_cache_headers(response)
    return response


def _decide(request: HttpRequest, found: Order) -> HttpResponse:
    """Check what was typed; then the page that says what will happen, or the deed."""
    verb = verbs.plain(request.POST.get("verb", ""))
    form = ApprovalForm(request.POST, subject=found)
    seen = seen_version(request)
    if found.state != OrderState.APPROVAL.value or seen != found.version:
        return _page(request, found, form=form, first=say(who_was_first(found)), status=409)
    if verb not in reader.DECISIONS:
        return _page(request, found, form=form, missing=_("Choose what should happen."), status=422)
    with not_allowed_is_403():
        chosen = verbs.form_of(found, verb, by=actor_for(request), data=request.POST)
    if not chosen.is_valid():
        for error in (text for texts in chosen.errors.values() for text in texts):
            form.add_error("comment", error)
        return _page(request, found, form=form, status=422)
    if not request.POST.get("confirmed"):
        return _ask(request, found, verb, chosen)
    if verb in STEP_UP and (way := step_up(request)):
        return way
    return _perform(request, found, verb, form)


def _ask(request: HttpRequest, found: Order, verb: str, chosen: VerbForm) -> HttpResponse:
    context = confirmation(found, verb, chosen, str(found.version)) | {
        "order": found,
        "verb": verb,
        "comment": request.POST.get("comment", "").strip(),
        "as_deputy": _as_deputy(request),
    }
    return render(request, "accounts/staff/approval_confirm.html", context)


def _perform(request: HttpRequest, found: Order, verb: str, form: ApprovalForm) -> HttpResponse:
    said = verbs.verb_of(found, verb).said
    try:
        with not_allowed_is_403():
            verbs.perform(
                found, verb, by=actor_for(request), now=timezone.now(), data=request.POST, seen=seen_version(request)
            )
    except (NotReady, LostRace) as refusal:
        found.refresh_from_db()
        return _page(request, found, form=form, first=say(refusal.sentence), status=409)
    messages.success(request, say(said))
    return HttpResponseRedirect(reverse("approval", args=[found.reference]))


def _page(
    request: HttpRequest, found: Order, *, form: ApprovalForm | None = None, status: int = 200, **said: Any
) -> HttpResponse:
    actor, now, policy = actor_for(request), timezone.now(), current_policy()
    waits = found.state == OrderState.APPROVAL.value
    events = staff_order.last_of(found, "resubmit", "send_for_approval")
    why_not = reader.why_not(found, actor) if waits else None
    context = {
        "order": found,
        "waits": waits,
        "waiting": waiting(found, policy, now),
        "line": reader.line(found, actor, policy, now),
        "who": approval_facts.who(found),
        "gets": approval_facts.gets(found),
        "changed": staff_order.changed_since_sent(events),
        "sent": events.get("send_for_approval"),
        "checklist": checklist.checklist(found),
        "neighbours": staff_order.neighbours(found, actor),
        "form": form or ApprovalForm(subject=found),
        "why_not": say(why_not) if why_not else "",
        **_outcome(found, waits=waits),
        "as_deputy": _as_deputy(request),
        **said,
    }
    return render(request, "accounts/staff/approval.html", context, status=status)


def _outcome(found: Order, *, waits: bool) -> dict[str, Any]:
    """Who decided and how, once the order does not wait any more."""
    decided = None if waits else reader.decided(found)
    return {"decided": decided, "decided_words": sentence(decided) if decided else ""}


def _as_deputy(request: HttpRequest) -> str:
    """The names of those for whom the person stands in today, "" for whoever decides in their own right."""
    return ", ".join(principal.name for principal in actor_for(request).stands_in_for)
