"""Support names another requester for an order, or another owner of the accounts that it asks for."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.actions import reassigning
from accounts.forms.reassigning import OwnerForm, RequesterForm
from accounts.lifecycle.states import Role
from accounts.models import Order
from accounts.web.asking import Question, ask_keeping
from accounts.web.door import actor_for, find_order, needs


@needs(Role.SUPPORT)
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
    return ask_keeping(
        request, question, form,
        lambda: reassigning.reassign(found, by=actor, now=timezone.now(), **form.arguments()),
    )  # fmt: skip


@needs(Role.SUPPORT)
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
    return ask_keeping(
        request, question, form,
        lambda: reassigning.change_owner(found, by=actor, now=timezone.now(), **form.arguments()),
    )  # fmt: skip


def _back(found: Order) -> str:
    return reverse("staff_order", args=[found.reference])
