"""What staff write on an order's page: a message to its requester, or a note that stays among them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.actions import conversation
from accounts.forms.conversation import MessageForm
from accounts.forms.triage import NoteForm
from accounts.lifecycle.errors import LostRace, NotReady
from accounts.lifecycle.states import Role
from accounts.models import Event
from accounts.web.door import actor_for, find_order, needs
from accounts.web.refusals import not_allowed_is_403
from accounts.web.staff_order_page import page
from accounts.words import say


@needs(Role.SUPPORT)
@require_POST
def message(request: HttpRequest, reference: str) -> HttpResponse:
    """A message to the requester: they get it by email and read it in the order's history."""
    form = MessageForm(request.POST, prefix="message")
    return _write(request, reference, "message_form", form, conversation.write_message, _("Your message is sent."))


@needs(Role.SUPPORT, Role.SERVICE_RESPONSIBLE)
@require_POST
def note(request: HttpRequest, reference: str) -> HttpResponse:
    """An internal note: nobody is told, and neither the requester nor Cegal ever reads it."""
    form = NoteForm(request.POST, prefix="note")
    return _write(request, reference, "note_form", form, conversation.write_internal_note, _("The note is kept."))


def _write(
    request: HttpRequest, reference: str, name: str, form: forms.Form, action: Callable[..., Event], said: str
) -> HttpResponse:
    found, now = find_order(request, reference), timezone.now()
    if not form.is_valid():
        return page(request, found, talk={name: form}, form=form, status=422)
    try:
        with not_allowed_is_403():
            _carry_out(action, found, request, now, form)
    except (NotReady, LostRace) as refusal:
        form.add_error("comment", say(refusal.sentence))
        return page(request, found, talk={name: form}, form=form, status=409)
    messages.success(request, said)
    return HttpResponseRedirect(reverse("staff_order", args=[reference]) + "#conversation")


def _carry_out(action: Callable[..., Event], found: Any, request: HttpRequest, now: datetime, form: forms.Form) -> None:
    action(found, by=actor_for(request), now=now, comment=form.cleaned_data["comment"])
