"""Documentation of an environment: hand a file in, look at what it says, show it, go back, take it away."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.actions import documentation as acting
from accounts.actions.openapi_file import LARGEST, BadDescription
from accounts.forms.administration import ReasonForm
from accounts.forms.documentation import DocumentationForm
from accounts.lifecycle.errors import LostRace
from accounts.lifecycle.states import Role
from accounts.models import Documentation, Environment
from accounts.readers import documentation as reader
from accounts.web.administration.editing import DONE, STALE, WRONG, attempt, page, show_what_is_saved
from accounts.web.documentation import as_file
from accounts.web.door import actor_for, needs
from accounts.web.refusals import not_allowed_is_403
from accounts.words import say

administrators_only = needs(Role.ADMINISTRATOR)
asks = require_http_methods(["GET", "HEAD", "POST"])


@administrators_only
@asks
def versions(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Every version of an environment's documentation, and the form to hand in another."""
    found = get_object_or_404(Environment, pk=pk)
    form = DocumentationForm(request.POST, request.FILES) if request.method == "POST" else DocumentationForm()
    if request.method != "POST":
        return page(request, "documentation", _listed(found, form))
    if getattr(request, "upload_was_too_large", False):
        form.add_error("file", _("The file is larger than 2 MB."))
    if form.is_valid():
        tried = _try_out(request, found, form)
        if tried is not None:
            if not tried.new:
                messages.info(
                    request, _("This file is there already: it is version %(n)s.") % {"n": tried.version.number}
                )
            return HttpResponseRedirect(_address(tried.version))
    return page(request, "documentation", _listed(found, form), WRONG)


@administrators_only
@asks
def version(request: HttpRequest, pk: UUID, number: int) -> HttpResponse:
    """One version: what it says and how it differs from what is shown; show it, with a reason."""
    found = _version(pk, number)
    environment = found.environment
    form = ReasonForm(request.POST if request.method == "POST" else None, initial={"version": environment.version})
    if request.method != "POST":
        return page(request, "documentation_version", _context(found, form))
    by, now = actor_for(request), timezone.now()
    status = attempt(form, lambda: acting.show(found, comment=form.cleaned_data["comment"], by=by, now=now,
                                               seen=form.seen))  # fmt: skip
    if status == STALE:
        environment.refresh_from_db()
        show_what_is_saved(form, environment, {})
    if status != DONE:
        return page(request, "documentation_version", _context(found, form), status)
    messages.success(request, _("Version %(n)s is shown to everybody who signs in.") % {"n": found.number})
    return HttpResponseRedirect(reverse("environment_documentation", args=[environment.pk]))


@administrators_only
@require_safe
def version_file(request: HttpRequest, pk: UUID, number: int) -> HttpResponse:
    """The file of one version, shown or not."""
    return as_file(_version(pk, number))


@administrators_only
@asks
def take_away(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show no documentation any more, with a reason; every version stays."""
    found = get_object_or_404(Environment, pk=pk)
    form = ReasonForm(request.POST if request.method == "POST" else None, initial={"version": found.version})
    question = {
        "title": _("Take the documentation of %(name)s away?") % {"name": found.name},
        "lead": _("Nobody sees it any more. Every version is kept: you can show one again."),
        "button": _("Take away"),
        "danger": True,
    }
    back = reverse("environment_documentation", args=[found.pk])
    context: dict[str, Any] = {"question": question, "form": form, "warnings": [], "back": back}
    if request.method != "POST":
        return page(request, "ask", context)
    by, now = actor_for(request), timezone.now()
    status = attempt(form, lambda: acting.take_away(found, comment=form.cleaned_data["comment"], by=by, now=now,
                                                    seen=form.seen))  # fmt: skip
    if status == STALE:
        found.refresh_from_db()
        show_what_is_saved(form, found, {})
    if status != DONE:
        return page(request, "ask", context, status)
    messages.success(request, _("The documentation of %(name)s is not shown any more.") % {"name": found.name})
    return HttpResponseRedirect(back)


def _try_out(request: HttpRequest, found: Environment, form: DocumentationForm) -> acting.Tried | None:
    """Keep the file, or say in the form what is wrong with it."""
    file = form.cleaned_data["file"]
    content = file.read(LARGEST + 1)  # no more than it takes to see that it is too much
    with not_allowed_is_403():
        try:
            return acting.try_out(
                content, file.name or "", environment=found, by=actor_for(request), now=timezone.now()
            )
        except BadDescription as refusal:
            for sentence in refusal.sentences:
                form.add_error("file", say(sentence))
        except LostRace as lost:
            form.add_error("file", say(lost.sentence))
    return None


def _version(pk: UUID, number: int) -> Documentation:
    versions = Documentation.objects.select_related("environment__documentation", "uploaded_by")
    return get_object_or_404(versions, environment=pk, number=number)


def _address(version: Documentation) -> str:
    return reverse("documentation_version", args=[version.environment_id, version.number])


def _listed(found: Environment, form: DocumentationForm) -> dict[str, Any]:
    return {"environment": found, "form": form, "versions": reader.versions(found)}


def _context(found: Documentation, form: ReasonForm) -> dict[str, Any]:
    environment, shown = found.environment, found.environment.documentation
    return {
        "version": found, "environment": environment, "form": form, "shown": shown == found, "before": shown,
        "difference": reader.difference(found, shown),
    }  # fmt: skip


ROUTES: list[URLPattern] = [
    path("staff/environments/<uuid:pk>/documentation/", versions, name="environment_documentation"),
    path("staff/environments/<uuid:pk>/documentation/take-away/", take_away, name="documentation_take_away"),
    path("staff/environments/<uuid:pk>/documentation/<int:number>/", version, name="documentation_version"),
    path(
        "staff/environments/<uuid:pk>/documentation/<int:number>/openapi.json",
        version_file,
        name="documentation_version_file",
    ),
]
