"""Environments of the Loop API: the list, adding one, its details with what was changed, retiring it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Max
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.actions import environments as acting
from accounts.forms.administration import EnvironmentForm, ReasonForm
from accounts.lifecycle.states import Role
from accounts.models import Environment
from accounts.readers import administration as reader
from accounts.web.administration.editing import DONE, STALE, attempt, page, show_what_is_saved
from accounts.web.door import actor_for, needs

administrators_only = needs(Role.ADMINISTRATOR)
asks = require_http_methods(["GET", "HEAD", "POST"])
LABELS = {name: field.label for name, field in EnvironmentForm.base_fields.items()}


@administrators_only
@require_safe
def environments(request: HttpRequest) -> HttpResponse:
    """Every environment, with its addresses and whether it is offered."""
    return render(request, "accounts/administration/environments.html", {"environments": reader.environments()})


@administrators_only
@asks
def environment_add(request: HttpRequest) -> HttpResponse:
    """Add an environment; new orders offer it at once."""
    last = Environment.objects.aggregate(last=Max("position"))["last"]
    form = EnvironmentForm(
        request.POST if request.method == "POST" else None, environment=Environment(position=(last or 0) + 1)
    )
    if request.method != "POST":
        return page(request, "environment", {"form": form})
    by, now = actor_for(request), timezone.now()

    def add() -> object:
        return acting.add_environment(form.cleaned_data["name"], acting.Details(**form.details()), by=by, now=now)

    status = attempt(form, add)
    if status != DONE:
        return page(request, "environment", {"form": form}, status)
    messages.success(request, _("The environment is added. New orders offer it from now on."))
    return HttpResponseRedirect(reverse("environments"))


@administrators_only
@asks
def environment(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One environment: change its details, see what was changed by whom."""
    found = get_object_or_404(Environment, pk=pk)
    form = EnvironmentForm(request.POST if request.method == "POST" else None, environment=found)
    by, now = actor_for(request), timezone.now()
    if request.method != "POST":
        return page(request, "environment", _context(request, found, form))
    status = attempt(
        form, lambda: acting.edit_environment(found, acting.Details(**form.details()), by=by, now=now, seen=form.seen)
    )
    if status == STALE:
        found.refresh_from_db()
        show_what_is_saved(form, found, {name: getattr(found, name) for name in LABELS if name != "version"})
    if status != DONE:
        return page(request, "environment", _context(request, found, form), status)
    messages.success(request, _("The environment is saved."))
    return HttpResponseRedirect(reverse("environment", args=[found.pk]))


@administrators_only
@asks
def environment_offer(request: HttpRequest, pk: UUID, state: str) -> HttpResponse:
    """Retire an environment or offer it again (``state``: retire, restore), with a reason."""
    found = get_object_or_404(Environment, pk=pk)
    posted = request.POST if request.method == "POST" else None
    form = ReasonForm(posted, initial={"version": found.version})
    context = {
        "question": _question(found, state), "form": form, "warnings": [],
        "back": reverse("environment", args=[found.pk]),
    }  # fmt: skip
    if request.method != "POST":
        return page(request, "ask", context)
    by, now = actor_for(request), timezone.now()

    def change() -> object:
        said = {"comment": form.cleaned_data["comment"], "seen": form.seen}
        return acting.set_active(found, state == "restore", by=by, now=now, **said)

    status = attempt(form, change)
    if status == STALE:
        found.refresh_from_db()
        show_what_is_saved(form, found, {})
    if status != DONE:
        return page(request, "ask", context, status)
    messages.success(request, context["question"]["said"])  # type: ignore[index]  # a dict
    return HttpResponseRedirect(reverse("environments"))


def _question(found: Environment, state: str) -> dict[str, Any]:
    name = {"name": found.name}
    if state == "restore":
        return {
            "title": _("Offer %(name)s again?") % name,
            "lead": _("New orders can choose it again."),
            "button": _("Offer again"),
            "said": _("%(name)s is offered on new orders again.") % name,
        }
    return {
        "title": _("Retire %(name)s?") % name,
        "lead": _(
            "New orders cannot choose it any more. Its accounts, and orders on their way, go on. You can undo this."
        ),
        "button": _("Retire"),
        "said": _("%(name)s is retired: new orders do not offer it.") % name,
        "danger": True,
    }


def _context(request: HttpRequest, found: Environment, form: EnvironmentForm) -> dict[str, Any]:
    entries = reader.happened(found, actor_for(request).id, LABELS)
    return {"environment": found, "form": form, "entries": entries}
