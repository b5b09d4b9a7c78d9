"""The mails that a decision will send, shown before it is taken: nothing is written by looking at them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from accounts import verbs
from accounts.actions.approval import return_particulars
from accounts.delivery.preview import Previews, previews
from accounts.forms.returning import ReturnForm
from accounts.forms.verbs import VerbForm
from accounts.lifecycle.actor import Actor
from accounts.lifecycle.deputies import in_place_of
from accounts.lifecycle.errors import NotReady
from accounts.lifecycle.states import Role
from accounts.models import Order, current_policy
from accounts.models.event import DEPUTY_FOR
from accounts.models.facts import order_facts
from accounts.web.door import actor_for, find_order, needs
from accounts.web.mail_html import mail_page
from accounts.web.refusals import not_allowed_is_403

SHOWN_BEFORE = frozenset({"return", "reject", "approve", "send_for_approval", "send_to_cegal"})
"""The verbs whose mails say nothing that only the verb itself works out."""


def mails_before(order: Order, verb: str, form: VerbForm, *, by: Actor, now: datetime) -> Previews:
    """The mails that ``verb`` would send with what ``form``, found valid, says; none for the other verbs."""
    if verb not in SHOWN_BEFORE:
        return Previews([], {})
    said, policy = form.arguments(), current_policy()
    row = verbs.row_of(order, verb)
    principal = in_place_of(row, order_facts(order, by))
    data: dict[str, Any] = {DEPUTY_FOR: principal.name} if principal else {}
    if isinstance(form, ReturnForm):
        until = said["answer_by"] or timezone.localdate(now) + timedelta(days=policy.return_days)
        data |= return_particulars(said["comments"], until)
    return previews(order, row, by=by, now=now, policy=policy, comment=said.get("comment", ""), data=data)


@needs(Role.SUPPORT, Role.SERVICE_RESPONSIBLE)
@never_cache
@require_POST
def mail(request: HttpRequest, reference: str, verb: str, number: int) -> HttpResponse:
    """One of those mails as a mail program draws it. POST, since it is made of what was typed; it changes nothing."""
    found, actor = find_order(request, reference), actor_for(request)
    with not_allowed_is_403():
        try:
            form = verbs.form_of(found, verb, by=actor, data=request.POST)
        except NotReady as refusal:
            raise Http404(str(refusal)) from refusal
    if not form.is_valid():
        raise Http404("What was typed makes no mail.")
    shown = mails_before(found, verbs.plain(verb), form, by=actor, now=timezone.now()).mails
    if number >= len(shown):
        raise Http404("There is no such mail.")
    return mail_page(shown[number].html)
