"""What was and was not delivered, for staff: who, what about, what went wrong; never the mail itself.

A mail's body can hold a link that answers for the owner, so only its subject line is shown.
"""

from __future__ import annotations

import logging
from uuid import UUID

from django.contrib import messages as flash
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts import delivery
from accounts.delivery.letter import Letter
from accounts.delivery.render import render as render_mail
from accounts.forms.filters import Filter
from accounts.lifecycle.errors import LostRace, NotReady
from accounts.lifecycle.states import Role
from accounts.models import Account, Message, Order, current_policy, unreachable_among
from accounts.readers import messages as reader
from accounts.readers.timeline import sentence
from accounts.web.door import actor_for, needs, page_of
from accounts.web.listing import here_with, neighbours, tabs
from accounts.web.refusals import not_allowed_is_403
from accounts.words import say

log = logging.getLogger(__name__)

TABS = (*(state.value for state in reader.STATES), reader.ALL)


@needs(Role.SUPPORT, Role.ADMINISTRATOR)
@require_safe
def messages(request: HttpRequest) -> HttpResponse:
    """Messages by state, the newest first; what was given up stands in front while there is any."""
    counts = reader.counts()
    form = Filter(request.GET, states=TABS, usual=reader.ALL)
    rows, page = reader.messages(form.tab, form.text, request.GET)
    labels = (_("Waiting"), _("Given up"), _("Delivered"))
    found = [(state.value, label, counts.get(state)) for state, label in zip(reader.STATES, labels, strict=True)]
    context = {
        "rows": rows,
        "form": form,
        "state": form.tab,
        "narrowed": form.narrows,
        "tabs": tabs(request, form.tab, [(reader.ALL, _("All messages"), None), *found]),
        "reset_url": here_with(request, q="") if form.narrows else "",
        **neighbours(request, page),
    }
    return render(request, "accounts/staff/messages.html", context)


@needs(Role.SUPPORT, Role.ADMINISTRATOR)
@require_safe
def message(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One message: to whom, about what, how often it was tried, and what the mail server said."""
    found = get_object_or_404(Message.objects.select_related("event", "notice"), pk=pk)
    (row,) = reader.rows_of([found])
    context = {
        "message": found,
        "kind": row.kind,
        "subject_line": _subject_line(row),
        "happened": sentence(found.event),
        "about": str(row.subject) if row.subject else "",
        "about_url": page_of(row.subject, actor_for(request)) if row.subject else "",
        "error": _(found.last_error) if found.last_error else "",
        "unreachable": list(unreachable_among({found.to_email}).values()),
        "may_clear": actor_for(request).holds(Role.SUPPORT),
        "may_send": actor_for(request).holds(Role.SUPPORT) and found.state != "queued",
    }
    return render(request, "accounts/staff/message.html", context)


@needs(Role.SUPPORT)
@require_POST
def send_again(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Queue a message once more, and go back to it."""
    found = get_object_or_404(Message, pk=pk)
    with not_allowed_is_403():
        try:
            with transaction.atomic():
                delivery.send_again(found, by=actor_for(request), now=timezone.now())
        except (NotReady, LostRace) as refusal:
            flash.info(request, say(refusal.sentence))
        else:
            flash.success(request, _("The message is sent again now."))
    return HttpResponseRedirect(reverse("message", args=[found.pk]))


def _subject_line(row: reader.Row) -> str:
    """The mail's subject as it would be written now; "" when it cannot be written any more."""
    subject = row.subject
    letter = Letter(
        row.message,
        row.message.event,
        order=subject if isinstance(subject, Order) else None,
        account=subject if isinstance(subject, Account) else None,
    )
    try:
        return str(render_mail(letter, now=timezone.now(), policy=current_policy()).subject)
    except Exception:
        log.warning("a subject line could not be written", exc_info=True)
        return ""
