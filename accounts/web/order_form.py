"""The way to an order: write the form, check the answers, send it; and to answer one that was returned."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import verbs
from accounts.actions import ordering
from accounts.forms.order import OrderForm
from accounts.forms.order import answers as answers_in
from accounts.forms.verbs import VerbForm
from accounts.lifecycle.actor import Actor
from accounts.lifecycle.errors import LostRace, NotReady
from accounts.lifecycle.states import OrderState
from accounts.models import Order
from accounts.readers.account_page import mine
from accounts.readers.duplicates import already_there
from accounts.web import answers, draft, writing
from accounts.web.door import actor_for, find_order, seen_version, signed_in
from accounts.web.draft import BEING_WRITTEN
from accounts.web.refusals import not_allowed_is_403
from accounts.words import say

GET_OR_POST = ["GET", "HEAD", "POST"]


@signed_in
@require_http_methods(GET_OR_POST)
def order_new(request: HttpRequest) -> HttpResponse:
    """The empty form, or one that ``?like=`` fills from an account of one's own. GET writes nothing."""
    if request.method != "POST":
        return writing.form_page(request, OrderForm(initial=_known(request, actor_for(request))))
    return _save(request, None)


@signed_in
@require_http_methods(GET_OR_POST)
def order_edit(request: HttpRequest, reference: str) -> HttpResponse:
    """The form of a draft or of a returned order, with everything that was typed and each comment at its field."""
    found = _own(request, reference)
    if found.state not in BEING_WRITTEN:
        return _not_changeable(request, found)
    if request.method == "POST":
        return _save(request, found)
    filled = answers_in(found) if "problems" in request.GET else None
    return writing.form_page(
        request, OrderForm(filled, order=found, closed=writing.closed_fields(request, found)), found
    )


def _save(request: HttpRequest, found: Order | None) -> HttpResponse:
    """Keep what was typed; then stay (Save draft) or go on to check the answers."""
    closed = writing.closed_fields(request, found)
    form = OrderForm(request.POST, order=found, draft="save" in request.POST, closed=closed)
    if not form.is_valid():
        return writing.form_page(request, _opened(request, form, found), found, status=422)
    try:
        with not_allowed_is_403():
            saved = draft.keep(request, form, found, actor_for(request))
    except LostRace as lost:
        return _changed_elsewhere(request, form, found, say(lost.sentence))
    if saved.state not in BEING_WRITTEN:
        return _not_changeable(request, saved)
    return _saved(request, saved)


def _opened(request: HttpRequest, form: OrderForm, found: Order | None) -> OrderForm:
    """The form as it is, or with every field open where a closed one is wrong: nobody is sent back to what is shut."""
    if found is None or not any(form.fields[name].disabled for name in form.errors if name in form.fields):
        return form
    typed = {name: form[name].value() for name in form.fields}
    opened = OrderForm(typed, order=found, draft=form.draft)
    opened.is_valid()
    return opened


def _changed_elsewhere(request: HttpRequest, form: OrderForm, found: Order | None, sentence: str) -> HttpResponse:
    """409: another window saved other answers. What was typed here stays; saving once more is a new decision."""
    pk = found.pk if found else draft.draft_of(request, actor_for(request))
    found = Order.objects.filter(pk=pk, state__in=BEING_WRITTEN).first()
    if found is None:
        typed = form.cleaned_data.get("purpose", "")
        return _conflict(request, found, sentence, typed)
    return writing.form_page(request, form, found, status=409, conflict=sentence)


def _known(request: HttpRequest, actor: Actor) -> dict[str, Any]:
    """What the form knows before anything is typed: who writes it, or what the account named in ``?like=`` says."""
    try:
        like = mine(actor).filter(pk=request.GET.get("like", "")).select_related("organisation", "owner").first()
    except ValidationError:
        like = None
    if like is None:
        return {"owner_name": actor.name if actor.name != actor.email else "", "owner_email": actor.email}
    found = already_there(actor, like.organisation.number, like.system)
    return {
        "organisation_name": like.organisation.name, "organisation_number": like.organisation.number,
        "role": "+".join(w for w, held in (("seller", like.as_seller), ("broker", like.as_broker)) if held),
        "system": like.system, "purpose": like.purpose,
        "technical_name": like.technical_name, "technical_email": like.technical_email,
        "owner_name": like.owner.name, "owner_email": like.owner.email,
        "environments": [environment.name for environment in found.left] if found else [],
    }  # fmt: skip


@signed_in
@require_POST
def purpose_check(request: HttpRequest) -> HttpResponse:
    """The guidance for a purpose while it is typed: the list alone, for htmx."""
    return render(request, "accounts/requester/_guide.html", {"guide": writing.guide(request.POST.get("purpose", ""))})


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
    return render(request, "accounts/requester/order_sent.html", {"order": found, "facts": answers.rows(found)})


def _own(request: HttpRequest, reference: str) -> Order:
    """The order, for its requester alone: 404 for whoever may not see it, 403 for staff who may."""
    found = find_order(request, reference)
    if found.requester_id != actor_for(request).id:
        raise PermissionDenied(_("Only the requester can change this order."))
    return found


def _saved(request: HttpRequest, found: Order) -> HttpResponseRedirect:
    if "save" not in request.POST:
        return redirect("order_check", found.reference)
    if request.POST["save"] == "left":
        _order_what_is_left(request, found)
    messages.success(request, _("Saved. Nothing is sent yet."))
    page = reverse("order_edit", args=[found.reference])
    opened = request.POST.get("open", "")
    return redirect(f"{page}?{urlencode({'open': opened})}" if opened else page)


def _order_what_is_left(request: HttpRequest, found: Order) -> None:
    """Choose the environments that this person does not have yet for the system of the order."""
    actor = actor_for(request)
    there = already_there(actor, found.organisation_number, found.system, but=found.pk)
    if there is not None and there.left:
        ordering.save_answers(found, {"environments": there.left}, by=actor, now=timezone.now())


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
        "already": writing.already(request, OrderForm(order=found), found),
        "form": form,
    }
    return render(request, "accounts/requester/order_check.html", context, status=status)


def _not_changeable(request: HttpRequest, found: Order) -> HttpResponseRedirect:
    messages.info(request, _("This order is sent. It cannot be changed unless it is returned to you."))
    return redirect("order", found.reference)


def _conflict(request: HttpRequest, found: Order | None, sentence: str, typed: str) -> HttpResponse:
    """409: the order changed in between. What was typed is shown, so that nothing is lost."""
    rows = [{"term": _("Text"), "text": typed}] if typed.strip() else []
    url = reverse("order", args=[found.reference]) if found else reverse("my_orders")
    context = {"sentence": sentence, "url": url, "typed": rows}
    return render(request, "409.html", context, status=409)
