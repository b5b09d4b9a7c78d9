"""The way to an order: write the form, check the answers, send it; and to answer one that was returned."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import verbs
from accounts.actions import ordering
from accounts.forms.order import FIELD_LABELS, OrderForm
from accounts.forms.order import answers as answers_in
from accounts.forms.verbs import VerbForm
from accounts.lifecycle import purpose as purpose_rule
from accounts.lifecycle.actor import Actor
from accounts.lifecycle.errors import LostRace, NotReady
from accounts.lifecycle.states import OrderState
from accounts.models import Order
from accounts.readers import my_orders
from accounts.readers.timeline import last_return
from accounts.web import answers
from accounts.web.door import actor_for, find_order, seen_version, signed_in
from accounts.web.orders import BEING_WRITTEN
from accounts.web.refusals import not_allowed_is_403
from accounts.words import say

LONGEST_PURPOSE = 2000  # characters, as in the form
ONE_DAY = 86_400  # seconds
GET_OR_POST = ["GET", "HEAD", "POST"]


@signed_in
@require_http_methods(GET_OR_POST)
def order_new(request: HttpRequest) -> HttpResponse:
    """The empty form. GET writes nothing; POST makes the draft."""
    actor = actor_for(request)
    if request.method != "POST":
        known = {"owner_name": actor.name if actor.name != actor.email else "", "owner_email": actor.email}
        return _form_page(request, OrderForm(initial=known))
    form = OrderForm(request.POST, draft="save" in request.POST)
    if not form.is_valid():
        return _form_page(request, form, status=422)
    found = _start(request, form, actor)
    if found is None:
        messages.info(request, _("This order is saved already: it is in this list."))
        return redirect("my_orders")
    return _saved(request, found)


@signed_in
@require_http_methods(GET_OR_POST)
def order_edit(request: HttpRequest, reference: str) -> HttpResponse:
    """The form of a draft or of a returned order, with everything that was typed and each comment at its field."""
    found = _own(request, reference)
    if found.state not in BEING_WRITTEN:
        return _not_changeable(request, found)
    if request.method != "POST":
        filled = answers_in(found) if "problems" in request.GET else None
        return _form_page(request, OrderForm(filled, order=found), found)
    form = OrderForm(request.POST, order=found, draft="save" in request.POST)
    if not form.is_valid():
        return _form_page(request, form, found, status=422)
    try:
        with not_allowed_is_403():
            ordering.save_answers(found, form.answers(), by=actor_for(request), now=timezone.now())
    except LostRace as lost:
        return _conflict(request, found, say(lost.sentence), form.cleaned_data.get("purpose", ""))
    return _saved(request, found)


@signed_in
@require_POST
def purpose_check(request: HttpRequest) -> HttpResponse:
    """The guidance for a purpose while it is typed: the list alone, for htmx."""
    return render(request, "accounts/requester/_guide.html", {"guide": _guide(request.POST.get("purpose", ""))})


@signed_in
@require_http_methods(GET_OR_POST)
def order_check(request: HttpRequest, reference: str) -> HttpResponse:
    """Everything that was answered, once more; the button here sends the order."""
    found = _own(request, reference)
    if found.state not in BEING_WRITTEN:
        return _not_changeable(request, found)
    if not OrderForm(answers_in(found), order=found).is_valid():
        return redirect(f"{reverse('order_edit', args=[found.reference])}?problems=1")
    return _send(request, found) if request.method == "POST" else _check_page(request, found)


@signed_in
@require_safe
def order_sent(request: HttpRequest, reference: str) -> HttpResponse:
    """The reference, and what happens next."""
    found = _own(request, reference)
    if found.state != OrderState.SUPPORT.value:
        return redirect("order", found.reference)
    return render(request, "accounts/requester/order_sent.html", {"order": found})


def _own(request: HttpRequest, reference: str) -> Order:
    """The order, for its requester alone: 404 for whoever may not see it, 403 for staff who may."""
    found = find_order(request, reference)
    if found.requester_id != actor_for(request).id:
        raise PermissionDenied(_("Only the requester can change this order."))
    return found


def _start(request: HttpRequest, form: OrderForm, actor: Actor) -> Order | None:
    """The draft of this very form: a new one, or the one that a first press of the same button began.

    None when that first press is still being worked on.
    """
    key, now = _key_of(request.POST.get("form_id", ""), actor), timezone.now()
    if not cache.add(key, "", ONE_DAY):
        known = Order.objects.filter(reference=cache.get(key, ""), requester_id=actor.id).first()
        if known and known.state == OrderState.DRAFT.value:
            ordering.save_answers(known, form.answers(), by=actor, now=now)
        return known
    try:
        with transaction.atomic():
            found = ordering.start(by=actor, now=now)
            ordering.save_answers(found, form.answers(), by=actor, now=now)
    except Exception:
        cache.delete(key)
        raise
    cache.set(key, found.reference, ONE_DAY)
    return found


def _key_of(form_id: str, actor: Actor) -> str:
    """Under which name the cache remembers that a form was used; a form without an id is used once."""
    try:
        used = uuid.UUID(form_id)
    except ValueError:
        used = uuid.uuid4()
    return f"order_new:{actor.id}:{used}"


def _saved(request: HttpRequest, found: Order) -> HttpResponseRedirect:
    if "save" in request.POST:
        messages.success(request, _("Saved. Nothing is sent yet."))
        return redirect("order_edit", found.reference)
    return redirect("order_check", found.reference)


def _send(request: HttpRequest, found: Order) -> HttpResponse:
    verb = "submit" if found.state == OrderState.DRAFT.value else "resubmit"
    seen = seen_version(request)
    try:
        with not_allowed_is_403():
            verbs.perform(found, verb, by=actor_for(request), now=timezone.now(), data=request.POST, seen=seen)
    except verbs.InvalidInput as invalid:
        return _check_page(request, found, invalid.form, status=422)
    except (NotReady, LostRace) as refusal:
        return _conflict(request, found, say(refusal.sentence), request.POST.get("comment", ""))
    return redirect("order_sent", found.reference)


def _check_page(request: HttpRequest, found: Order, form: VerbForm | None = None, status: int = 200) -> HttpResponse:
    returned = found.state == OrderState.RETURNED.value
    if form is None and returned:
        form = verbs.form_of(found, "resubmit", by=actor_for(request))
    context = {
        "order": found,
        "returned": returned,
        "groups": answers.groups_to_check(found),
        "changed": bool(answers.changed_fields(found)),
        "form": form,
    }
    return render(request, "accounts/requester/order_check.html", context, status=status)


def _form_page(request: HttpRequest, form: OrderForm, found: Order | None = None, status: int = 200) -> HttpResponse:
    returned = last_return(found) if found and found.state == OrderState.RETURNED.value else None
    if returned is not None:
        _put_comments_at_fields(form, returned.data.get("comments", []), by=say(returned.who), at=returned.at)
    form.fields["purpose"].widget.attrs.update(
        {
            "data-hx-post": reverse("order_purpose_check"),
            "data-hx-trigger": "input changed delay:600ms",
            "data-hx-target": "#guide",
        }
    )
    context = {
        "form": form,
        "form_id": request.POST.get("form_id") or uuid.uuid4(),
        "order": found,
        "title": my_orders.title(found) if found else _("Order API access"),
        "returned": returned,
        "marked": [field.auto_id for field in form if getattr(field.field, "note", None)],
        "guide": _guide(str(form["purpose"].value() or "")),
        "example": say(purpose_rule.EXAMPLE),
    }
    return render(request, "accounts/requester/order_form.html", context, status=status)


def _put_comments_at_fields(form: OrderForm, said: list[dict[str, str]], **who: Any) -> None:
    """Each comment of the reviewer stands between the label and the field that it is about."""
    for name in FIELD_LABELS:
        texts = [one["text"] for one in said if one["field"] == name]
        if texts:
            form.fields[name].note = {"text": "\n".join(texts), **who}  # type: ignore[attr-defined]


def _guide(text: str) -> list[dict[str, str]]:
    """What a good purpose says, and what of it was found in ``text``: rows of ``components/_checks.html``."""
    rows = []
    for one in purpose_rule.advice(text[:LONGEST_PURPOSE]):
        state = "met" if one.met else "missing" if text.strip() else "todo"
        hint = _("Found: “%(words)s”") % {"words": one.found} if one.met else say(one.hint)
        word = _("mentioned") if one.met else _("not mentioned yet")
        rows.append({"state": state, "text": say(one.topic), "hint": hint, "word": word})
    return rows


def _not_changeable(request: HttpRequest, found: Order) -> HttpResponseRedirect:
    messages.info(request, _("This order is sent. It cannot be changed unless it is returned to you."))
    return redirect("order", found.reference)


def _conflict(request: HttpRequest, found: Order, sentence: str, typed: str) -> HttpResponse:
    """409: the order changed in between. What was typed is shown, so that nothing is lost."""
    rows = [{"term": _("Text"), "text": typed}] if typed.strip() else []
    context = {"sentence": sentence, "url": reverse("order", args=[found.reference]), "typed": rows}
    return render(request, "409.html", context, status=409)
