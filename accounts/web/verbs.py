"""The shared door of every verb: GET shows what will happen, POST does it and goes back to the subject's page."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.views.decorators.http import require_http_methods

from accounts import verbs
from accounts.forms.verbs import VerbForm
from accounts.lifecycle.errors import LostRace, NotAllowed, NotReady
from accounts.lifecycle.sentence import Sentence
from accounts.models import Account, Order
from accounts.web.door import actor_for, find_account, find_order, page_of, seen_version, signed_in
from accounts.web.staff_order_page import changed_meanwhile
from accounts.web.stepup import step_up
from accounts.words import say

STEP_UP = frozenset({"approve", "issue_credentials"})
"""The verbs before which people prove anew that it is they."""


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def order_verb(request: HttpRequest, reference: str, verb: str) -> HttpResponse:
    """Confirm and carry out one verb on an order."""
    return _door(request, find_order(request, reference, at_cegal=True), verb)


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def account_verb(request: HttpRequest, pk: UUID, verb: str) -> HttpResponse:
    """Confirm and carry out one verb on an account."""
    return _door(request, find_account(request, pk), verb)


def _door(request: HttpRequest, subject: Order | Account, name: str) -> HttpResponse:
    try:
        response = _perform(request, subject, name) if request.method == "POST" else _ask(request, subject, name)
    except NotAllowed as refusal:
        raise PermissionDenied(say(refusal.sentence)) from refusal
    except NotReady as refusal:
        return _too_late(request, subject, refusal.sentence)
    add_never_cache_headers(response)
    return response


def _ask(request: HttpRequest, subject: Order | Account, name: str) -> HttpResponse:
    return _confirm_page(request, subject, name, verbs.form_of(subject, name, by=actor_for(request)))


def _perform(request: HttpRequest, subject: Order | Account, name: str) -> HttpResponse:
    actor = actor_for(request)
    seen = seen_version(request)
    if verbs.plain(name) in STEP_UP and (way := step_up(request)):
        return way
    try:
        verbs.perform(subject, name, by=actor, now=timezone.now(), data=request.POST, seen=seen)
    except verbs.InvalidInput as invalid:
        return _confirm_page(request, subject, name, invalid.form, status=422)
    except LostRace as lost:
        return _somebody_was_first(request, subject, name, lost.sentence)
    messages.success(request, say(verbs.verb_of(subject, name).said))
    subject.refresh_from_db()
    return HttpResponseRedirect(page_of(subject, actor))


def _somebody_was_first(request: HttpRequest, subject: Order | Account, name: str, sentence: Sentence) -> HttpResponse:
    """Say who did what. What was typed stays; where the verb is still possible, pressing again is a new decision."""
    subject.refresh_from_db()
    if isinstance(subject, Order) and page_of(subject, actor_for(request)) == _staff_page(subject):
        typed = {f"{verbs.plain(name)}-{field}": value for field, value in request.POST.items()}
        return changed_meanwhile(request, subject, verbs.plain(name), typed, seen_version(request))
    try:
        form = verbs.form_of(subject, name, by=actor_for(request), data=request.POST)
    except NotReady:
        return _too_late(request, subject, sentence)
    return _confirm_page(request, subject, name, form, first=sentence, status=409)


def _staff_page(subject: Order) -> str:
    return reverse("staff_order", args=[subject.reference])


def _confirm_page(
    request: HttpRequest,
    subject: Order | Account,
    name: str,
    form: VerbForm,
    *,
    first: Sentence | None = None,
    status: int = 200,
) -> HttpResponse:
    verb, row = verbs.verb_of(subject, name), verbs.row_of(subject, name)
    context = {
        "subject": subject,
        "form": form,
        "label": say(row.label),
        "explains": say(verb.explains),
        "danger": verb.danger,
        "first": say(first) if first else "",
        "cancel_url": page_of(subject, actor_for(request)),
    }
    return render(request, "accounts/confirm.html", context, status=status)


def _too_late(request: HttpRequest, subject: Order | Account, sentence: Sentence) -> HttpResponse:
    """The verb is not possible any more, or something is still missing: say so, and keep what was typed."""
    typed = {name: str(value) for name, value in request.POST.items() if name.startswith("comment") and value}
    context = {
        "sentence": say(sentence),
        "url": page_of(subject, actor_for(request)),
        "typed": [{"term": name.replace("_", " "), "text": value} for name, value in typed.items()],
    }
    return render(request, "409.html", context, status=409)
