"""The order form saves itself while it is filled in: what htmx posts after a pause, and what it shows of it."""

from __future__ import annotations

import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from accounts.actions import ordering
from accounts.forms.order import OrderForm
from accounts.lifecycle.actor import Actor
from accounts.lifecycle.errors import LostRace
from accounts.lifecycle.states import OrderState
from accounts.models import Order
from accounts.web import writing
from accounts.web.door import actor_for, find_order
from accounts.web.refusals import not_allowed_is_403
from accounts.words import say

BEING_WRITTEN = (OrderState.DRAFT.value, OrderState.RETURNED.value)


@never_cache
@require_POST
def autosave(request: HttpRequest, reference: str = "") -> HttpResponse:
    """Keep what is typed so far, wrong answers left out. The first time it begins the draft; it never sends anything.

    Gives the words to show ("Saved at 10:42"); the status says it too: 401 signed out, 409 changed elsewhere.
    """
    if not request.user.is_authenticated:
        return _said(request, status=401, signed_out=True)
    found = find_order(request, reference) if reference else None
    form = OrderForm(request.POST, order=found, draft=True, closed=writing.closed_fields(request, found))
    form.is_valid()
    try:
        with not_allowed_is_403():
            saved = keep(request, form, found, actor_for(request))
    except LostRace as lost:
        return _said(request, status=409, conflict=say(lost.sentence), order=found)
    if saved.state not in BEING_WRITTEN:
        return _said(request, status=409, sent=True, order=saved)
    answer = _said(
        request, order=saved, at=timezone.now(), seen=ordering.fingerprint(saved),
        unsaved=[form.fields[name].label for name in form.errors], already=writing.already(request, form, saved),
    )  # fmt: skip
    if found is None:  # a reload must find the draft
        answer["HX-Replace-Url"] = reverse("order_edit", args=[saved.reference])
    return answer


def keep(request: HttpRequest, form: OrderForm, found: Order | None, actor: Actor) -> Order:
    """Save the form's answers: into ``found``, or into the draft that this form began. Raises LostRace."""
    now, seen = timezone.now(), request.POST.get("seen", "")
    if found is None:
        return ordering.start_once(draft_of(request, actor), form.answers(), by=actor, now=now, seen=seen)
    ordering.save_answers(found, form.answers(), by=actor, now=now, seen=seen)
    return found


def draft_of(request: HttpRequest, actor: Actor) -> uuid.UUID:
    """The id of the draft that this form makes, however often it is posted; a form without an id is posted once.

    Nobody reaches another person's order with it: the id is made from the person and the form.
    """
    try:
        form_id = uuid.UUID(request.POST.get("form_id", ""))
    except ValueError:
        form_id = uuid.uuid4()
    return uuid.uuid5(actor.id or uuid.uuid4(), str(form_id))


def _said(request: HttpRequest, *, status: int = 200, **said: object) -> HttpResponse:
    return render(request, "accounts/requester/_saved.html", {**said, "live": True}, status=status)
