"""Support names another requester for an order, or another owner of the accounts that it asks for."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.actions import reassigning
from accounts.forms.reassigning import OwnerForm, RequesterForm
from accounts.forms.verbs import VerbForm
from accounts.lifecycle.errors import LostRace, NotReady
from accounts.lifecycle.states import Role
from accounts.models import Order
from accounts.web.asking import Question
from accounts.web.door import actor_for, find_order, needs
from accounts.web.refusals import not_allowed_is_403
from accounts.words import say


@needs(Role.SUPPORT)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def requester(request: HttpRequest, reference: str) -> HttpResponse:
    """Ask who is the requester from now on, and why; both are told."""
    found, actor = find_order(request, reference), actor_for(request)
    question = Question(
        subject=found,
        label=_("Name another requester"),
        explains=_(
            "The new requester sees the order, answers questions and can withdraw it. The former one does not see it "
            "any more. Both get an email."
        ),
        cancel_url=_back(found),
        said=_("The order has another requester now. Both are told."),
        facts=({"term": _("Requester now"), "value": str(found.requester), "email": found.requester.email},),
    )
    form = RequesterForm(request.POST or None, subject=found)
    return _ask(
        request, question, form,
        lambda: reassigning.reassign(found, by=actor, now=timezone.now(), **form.arguments()),
    )  # fmt: skip


@needs(Role.SUPPORT)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def owner(request: HttpRequest, reference: str) -> HttpResponse:
    """Ask who is to own the accounts that the order asks for, and why; both are told."""
    found, actor = find_order(request, reference), actor_for(request)
    question = Question(
        subject=found,
        label=_("Name another owner"),
        explains=_("The owner collects the credentials and answers for the account. Both get an email."),
        cancel_url=_back(found),
        said=_("Another owner is named. Both are told."),
        facts=({"term": _("Owner now"), "value": found.owner_name, "email": found.owner_email},),
    )
    form = OwnerForm(request.POST or None, subject=found)
    return _ask(
        request, question, form,
        lambda: reassigning.change_owner(found, by=actor, now=timezone.now(), **form.arguments()),
    )  # fmt: skip


def _ask(request: HttpRequest, question: Question, form: VerbForm, do: Callable[[], object]) -> HttpResponse:
    """GET asks, POST does it. A refusal shows the page again with everything typed, also when somebody was first."""
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                with not_allowed_is_403():
                    do()
                messages.success(request, question.said)
                return HttpResponseRedirect(question.cancel_url)
            except (NotReady, LostRace) as refusal:
                form.add_error(None, say(refusal.sentence))
                status = 409 if isinstance(refusal, LostRace) else 422
    return render(request, "accounts/staff/ask.html", {"question": question, "form": form}, status=status)


def _back(found: Order) -> str:
    return reverse("staff_order", args=[found.reference])
