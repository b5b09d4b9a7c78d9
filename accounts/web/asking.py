"""Pages that ask before something is done that is no verb of a lifecycle: a task, a list, a new secret."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers

from accounts.forms.verbs import VerbForm
from accounts.lifecycle.errors import LostRace, NotReady
from accounts.models import Account, ApiToken, Environment, Order, UnreachableAddress, WebhookEndpoint
from accounts.web.refusals import not_allowed_is_403
from accounts.words import say


@dataclass(frozen=True)
class Question:
    """What the page asks: about what, in which words; where Cancel leads; what is said after it was done."""

    subject: Account | Order | Environment | ApiToken | UnreachableAddress | WebhookEndpoint
    label: str
    explains: str
    cancel_url: str
    said: str
    danger: bool = False
    facts: tuple[dict[str, Any], ...] = ()


def ask(
    request: HttpRequest, question: Question, form_class: type[VerbForm], do: Callable[..., object]
) -> HttpResponse:
    """GET asks. POST does it with what the form says, and goes back with a sentence; a refusal goes back with its own.

    Raises PermissionDenied when the action does not allow it.
    """
    if request.method != "POST":
        return _page(request, question, form_class(subject=question.subject), 200)
    form = form_class(request.POST, subject=question.subject)
    if not form.is_valid():
        return _page(request, question, form, 422)
    with not_allowed_is_403():
        try:
            do(**form.arguments())
        except LostRace as lost:
            messages.info(request, say(lost.sentence))
        except NotReady as refusal:
            messages.warning(request, say(refusal.sentence))
        else:
            messages.success(request, question.said)
    return HttpResponseRedirect(question.cancel_url)


def ask_keeping(request: HttpRequest, question: Question, form: VerbForm, do: Callable[[], object]) -> HttpResponse:
    """As ``ask``, for a form that is made already; a refusal shows the page again with what was typed.

    Raises PermissionDenied when the action does not allow it.
    """
    if request.method != "POST":
        return _page(request, question, form, 200)
    if not form.is_valid():
        return _page(request, question, form, 422)
    with not_allowed_is_403():
        try:
            do()
        except LostRace as lost:
            messages.info(request, say(lost.sentence))
        except NotReady as refusal:
            form.add_error(None, say(refusal.sentence))
            return _page(request, question, form, 422)
        else:
            messages.success(request, question.said)
    return HttpResponseRedirect(question.cancel_url)


def _page(request: HttpRequest, question: Question, form: VerbForm, status: int) -> HttpResponse:
    response = render(request, "accounts/staff/ask.html", {"question": question, "form": form}, status=status)
    add_never_cache_headers(response)
    return response
