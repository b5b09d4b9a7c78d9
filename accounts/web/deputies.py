"""Who stands in for a service responsible: named, changed, taken back; and what the deputy sees of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.actions import deputies as actions
from accounts.forms.deputies import DaysForm, DeputyForm
from accounts.lifecycle.actor import Actor
from accounts.lifecycle.errors import LostRace, NotReady
from accounts.lifecycle.states import Role
from accounts.models import Deputy, Person
from accounts.readers import deputies as reader
from accounts.web.door import actor_for, signed_in
from accounts.web.refusals import not_allowed_is_403
from accounts.words import say


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def deputies(request: HttpRequest) -> HttpResponse:
    """The ranges that concern whoever looks: those they named (with the form to name one), those they stand in."""
    actor = actor_for(request)
    if request.method != "POST":
        return _page(request, DeputyForm() if _names(actor) else None)
    form = DeputyForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=422)
    person = form.person()

    def name() -> None:
        days = {"starts_on": form.cleaned_data["starts_on"], "ends_on": form.cleaned_data["ends_on"]}
        actions.name_deputy(_me(actor), person, by=actor, now=timezone.now(), **days)

    if (refusal := _refused(name)) is not None:
        form.add_error(None, say(refusal.sentence))
        return _page(request, form, status=422)
    messages.success(request, _("%(name)s is your deputy on these days and gets an email.") % {"name": person})
    return HttpResponseRedirect(reverse("deputies"))


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def deputy(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Change the days of one's own deputy."""
    actor, found = actor_for(request), _mine(request, pk)
    form = DaysForm(request.POST or None, initial={"starts_on": found.starts_on, "ends_on": found.ends_on})
    if request.method != "POST":
        return _change_page(request, found, form)
    if not form.is_valid():
        return _change_page(request, found, form, status=422)
    if (
        refusal := _refused(
            lambda: actions.change_deputy(found, by=actor, now=timezone.now(), **form.cleaned_data),
        )
    ) is not None:
        form.add_error(None, say(refusal.sentence))
        return _change_page(request, found, form, status=409 if isinstance(refusal, LostRace) else 422)
    messages.success(request, _("The days are changed. %(name)s gets an email.") % {"name": found.deputy})
    return HttpResponseRedirect(reverse("deputies"))


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def deputy_end(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Ask, then take one's own deputy back."""
    actor, found = actor_for(request), _mine(request, pk)
    if request.method != "POST":
        return render(request, "accounts/staff/deputy_end.html", {"deputy": found, "deputies_url": reverse("deputies")})
    if (refusal := _refused(lambda: actions.end_deputy(found, by=actor, now=timezone.now()))) is not None:
        messages.info(request, say(refusal.sentence))
    else:
        messages.success(request, _("%(name)s is not your deputy any more.") % {"name": found.deputy})
    return HttpResponseRedirect(reverse("deputies"))


def _page(request: HttpRequest, form: DeputyForm | None, *, status: int = 200) -> HttpResponse:
    actor, today = actor_for(request), timezone.localdate()
    me = _me(actor)
    stands_in = reader.stands_in(me, today)
    if not _names(actor) and not stands_in:
        raise PermissionDenied(_("Only a Service Responsible names deputies. An administrator can change roles."))
    context = {
        "form": form if _names(actor) else None,
        "named": reader.named_by(me, today) if _names(actor) else [],
        "stands_in": stands_in,
        "colleagues": reader.colleagues(me) if _names(actor) else [],
        "may_approve": actor.holds(Role.SERVICE_RESPONSIBLE),
    }
    return render(request, "accounts/staff/deputies.html", context, status=status)


def _change_page(request: HttpRequest, found: Deputy, form: forms.Form, *, status: int = 200) -> HttpResponse:
    context: dict[str, Any] = {"deputy": found, "form": form, "begun": found.starts_on <= timezone.localdate()}
    return render(request, "accounts/staff/deputy.html", context, status=status)


def _refused(do: Callable[[], object]) -> NotReady | LostRace | None:
    """Do it; the refusal that says why it could not be done, or nothing. Raises PermissionDenied."""
    with not_allowed_is_403():
        try:
            do()
        except (NotReady, LostRace) as refusal:
            return refusal
    return None


def _names(actor: Actor) -> bool:
    """May this person name deputies: does the role belong to them, not to the one they stand in for?"""
    return actor.holds(Role.SERVICE_RESPONSIBLE) and not actor.stands_in_for


def _me(actor: Actor) -> Person:
    return Person.objects.get(email=actor.email)


def _mine(request: HttpRequest, pk: UUID) -> Deputy:
    """One of the person's own ranges, or 404."""
    found = Deputy.objects.filter(principal_id=actor_for(request).id).select_related("principal", "deputy")
    return get_object_or_404(found, pk=pk)
