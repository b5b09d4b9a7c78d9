"""The policy's numbers on one page: typed, looked at in their effect, confirmed with a reason."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.actions import policy as acting
from accounts.forms.policy import LABELS, PolicyForm, PolicyReasonForm
from accounts.lifecycle.policy import POLICY_NAMES, Policy
from accounts.lifecycle.states import Role
from accounts.models import current_policy, policy_record
from accounts.readers import administration as reader
from accounts.web.administration.editing import DONE, STALE, WRONG, attempt, page, show_what_is_saved
from accounts.web.administration.effects import changes, effects
from accounts.web.door import actor_for, needs

administrators_only = needs(Role.ADMINISTRATOR)
EVERYTHING = "all"


@administrators_only
@require_http_methods(["GET", "HEAD", "POST"])
def policy(request: HttpRequest) -> HttpResponse:
    """Every number with what it does. POST shows what the typed ones would change; nothing is saved by it."""
    in_force, record = current_policy(), policy_record()
    if request.method != "POST":
        return _numbers(request, PolicyForm(policy=in_force, version=record.version))
    form = PolicyForm(_typed(request.POST), policy=in_force, version=record.version)
    if not form.is_valid():
        return _numbers(request, form, WRONG)
    if form.numbers() == asdict(in_force):
        messages.info(request, _("Nothing is different: the policy stays as it is."))
        return HttpResponseRedirect(reverse("policy"))
    asked = PolicyReasonForm(policy=Policy(**form.numbers()), version=form.seen)
    return _preview(request, asked, in_force, timezone.now())


@administrators_only
@require_POST
def policy_change(request: HttpRequest) -> HttpResponse:
    """Put the numbers of the preview into force, with the reason."""
    in_force, record = current_policy(), policy_record()
    form = PolicyReasonForm(request.POST, policy=in_force, version=record.version)
    by, now = actor_for(request), timezone.now()
    status = attempt(
        form,
        lambda: acting.change_policy(
            form.numbers(), by=by, now=now, comment=form.cleaned_data["comment"], seen=form.seen
        ),
    )
    if status == STALE:
        show_what_is_saved(form, policy_record(), {})
        in_force = current_policy()
    if status != DONE and not _numbers_are_fine(form):
        return _numbers(request, PolicyForm(request.POST, policy=in_force, version=record.version), status)
    if status != DONE:
        return _preview(request, form, in_force, now, status)
    messages.success(request, _("The policy is changed. It holds from now on."))
    return HttpResponseRedirect(reverse("policy"))


def _typed(posted: QueryDict) -> QueryDict:
    """What was typed; the button "Reset" puts one number, or all, back to the default."""
    typed, usual = posted.copy(), asdict(Policy())
    reset = posted.get("reset", "")
    for name in POLICY_NAMES if reset == EVERYTHING else [reset] if reset in usual else []:
        typed[name] = str(usual[name])
    return typed


def _numbers_are_fine(form: PolicyReasonForm) -> bool:
    return not any(name in form.errors for name in (*POLICY_NAMES, "version"))


def _numbers(request: HttpRequest, form: PolicyForm, status: int = DONE) -> HttpResponse:
    usual = asdict(Policy())
    context = {
        "form": form,
        "groups": list(form.groups()),
        "any_changed": any(form.initial[name] != usual[name] for name in POLICY_NAMES),
        "entries": reader.happened(policy_record(), actor_for(request).id, LABELS),
    }
    return page(request, "policy", context, status)


def _preview(
    request: HttpRequest, form: PolicyReasonForm, in_force: Policy, now: datetime, status: int = DONE
) -> HttpResponse:
    numbers = form.numbers(form.cleaned_data if form.is_bound else form.initial)
    wanted = Policy(**numbers)
    context = {
        "form": form,
        "changes": changes(in_force, wanted, LABELS),
        "effects": effects(in_force, wanted, now),
    }
    return page(request, "policy_preview", context, status)
