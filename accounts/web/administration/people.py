"""People and their roles: the list, one person, and what an administrator can change about them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.actions import roles as acting
from accounts.actions import second_factor
from accounts.forms.administration import (
    ALL,
    INACTIVE,
    PEOPLE_TABS,
    REQUESTERS,
    InviteForm,
    PeopleFilter,
    ReasonForm,
    RolesForm,
    role_choices,
)
from accounts.lifecycle.states import Role
from accounts.models import Event, Person, unreachable_among
from accounts.readers import administration as reader
from accounts.web.administration.editing import DONE, STALE, attempt, page, show_what_is_saved
from accounts.web.door import actor_for, needs
from accounts.web.listing import here_with, neighbours, tabs

administrators_only = needs(Role.ADMINISTRATOR)
asks = require_http_methods(["GET", "HEAD", "POST"])


@administrators_only
@require_safe
def people(request: HttpRequest) -> HttpResponse:
    """Everybody the portal knows, by role, searched by name or address."""
    form = PeopleFilter(request.GET)
    rows, shown = reader.people(form.tab, form.text, request.GET)
    words = {ALL: _("All"), **dict(role_choices()), REQUESTERS: _("Without a role"), INACTIVE: _("Deactivated")}
    context = {
        "rows": rows,
        "form": form,
        "tab": form.tab,
        "tabs": tabs(request, form.tab, [(name, words[name], None) for name in PEOPLE_TABS]),
        "reset_url": here_with(request, q="") if form.narrows else "",
        "all_url": here_with(request, state=""),
        **neighbours(request, shown),
    }
    return render(request, "accounts/administration/people.html", context)


@administrators_only
@require_safe
def person(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One person: roles, what they own, who stands in for them, what was done about them."""
    who, today = get_object_or_404(Person, pk=pk), timezone.localdate()
    context = {
        "person": who,
        "roles": reader.role_words(who.roles),
        "roles_of_groups": reader.roles_of_groups(who),
        "second_factors": reader.second_factors(who),
        "owned": reader.owned_by(who),
        "deputies": reader.deputies(who, today),
        "entries": reader.happened(who, actor_for(request).id, {}),
        "unreachable": list(unreachable_among({who.email}).values()),
        "may_clear": actor_for(request).holds(Role.SUPPORT),
        "is_me": who.pk == actor_for(request).id,
    }
    return render(request, "accounts/administration/person.html", context)


@administrators_only
@asks
def person_invite(request: HttpRequest) -> HttpResponse:
    """Invite somebody by email, with roles; somebody who is known gets these roles besides theirs."""
    form = InviteForm(request.POST if request.method == "POST" else None, initial={"language": "nb"})
    by, now = actor_for(request), timezone.now()
    if request.method != "POST":
        return page(request, "invite", {"form": form})
    status = attempt(form, lambda: acting.invite(by=by, now=now, **form.arguments()), field="email")
    if status != DONE:
        return page(request, "invite", {"form": form}, status)
    invited = Person.objects.get(email__iexact=form.cleaned_data["email"].strip())
    messages.success(request, _("%(name)s is invited. The mail is on its way.") % {"name": invited})
    return HttpResponseRedirect(reverse("person", args=[invited.pk]))


@administrators_only
@asks
def person_roles(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Give and take roles, with a reason."""
    who = get_object_or_404(Person, pk=pk)
    form = RolesForm(request.POST if request.method == "POST" else None, person=who, held=who.roles)
    context = {"person": who, "form": form, "warnings": _role_warnings(who)}
    if request.method != "POST":
        return page(request, "roles", context)
    by, now = actor_for(request), timezone.now()

    def change() -> Event | None:
        said = {"comment": form.cleaned_data["comment"], "seen": form.seen}
        return acting.change_roles(who, form.roles_said(), by=by, now=now, **said)

    status = attempt(form, change)
    if status == STALE:
        who.refresh_from_db()
        show_what_is_saved(form, who, {"roles": ", ".join(reader.role_words(who.roles)) or _("no role")})
    if status != DONE:
        return page(request, "roles", context, status)
    messages.success(request, _("The roles of %(name)s are saved.") % {"name": who})
    return HttpResponseRedirect(reverse("people") if who.pk == by.id else reverse("person", args=[who.pk]))


class Question(NamedTuple):
    """What the page asks before somebody is let in no more, or again."""

    title: str
    lead: str
    button: str
    said: str
    do: Callable[..., Any]
    danger: bool = False


@administrators_only
@asks
def person_deactivate(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Let somebody in no more, with a reason, and with a word on what depends on them."""
    who = get_object_or_404(Person, pk=pk)
    question = Question(
        _("Deactivate %(name)s?") % {"name": who},
        _("They are signed out everywhere at once and cannot sign in. What they own stays theirs. You can undo this."),
        _("Deactivate"),
        _("%(name)s is deactivated and signed out.") % {"name": who},
        acting.deactivate,
        danger=True,
    )
    return _ask(request, who, question, [*_owner_warnings(who), *_role_warnings(who)])


@administrators_only
@asks
def person_reactivate(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Let somebody in again, with a reason."""
    who = get_object_or_404(Person, pk=pk)
    held = ", ".join(reader.role_words(who.roles)) or _("no role")
    question = Question(
        _("Let %(name)s in again?") % {"name": who},
        _("They can sign in again and hold what they held: %(roles)s.") % {"roles": held},
        _("Let in again"),
        _("%(name)s can sign in again.") % {"name": who},
        acting.reactivate,
    )
    return _ask(request, who, question, [])


@administrators_only
@asks
def person_second_factor(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Take a lost second factor away, with a reason."""
    who = get_object_or_404(Person, pk=pk)
    question = Question(
        _("Reset the second factor of %(name)s?") % {"name": who},
        _("They are signed out everywhere, get a mail, and sign in with a code by email until they set up another one. "
          "Be sure that it is they who asked: call them."),
        _("Reset it"),
        _("The second factor of %(name)s is taken away.") % {"name": who},
        second_factor.reset,
        danger=True,
    )  # fmt: skip
    return _ask(request, who, question, [])


def _ask(request: HttpRequest, who: Person, question: Question, warnings: list[str]) -> HttpResponse:
    back = reverse("person", args=[who.pk])
    posted = request.POST if request.method == "POST" else None
    form = ReasonForm(posted, initial={"version": who.version})
    context = {"person": who, "question": question, "form": form, "warnings": warnings, "back": back}
    if request.method != "POST":
        return page(request, "ask", context)
    by, now = actor_for(request), timezone.now()
    status = attempt(
        form, lambda: question.do(who, by=by, now=now, comment=form.cleaned_data["comment"], seen=form.seen)
    )
    if status == STALE:
        who.refresh_from_db()
        show_what_is_saved(form, who, {})
    if status != DONE:
        return page(request, "ask", context, status)
    messages.success(request, question.said)
    return HttpResponseRedirect(back)


def _owner_warnings(who: Person) -> list[str]:
    found = reader.warnings(who, timezone.now())
    said = {
        _("They own API accounts. Nobody answers for those unless a colleague takes them over."): found.owns_accounts,
        _("They stand in for somebody today. Name another deputy."): found.stands_in,
        _("They made API tokens that still work, and may know them: %(n)s. Make new ones and revoke theirs.")
        % {"n": found.tokens}: found.tokens > 0,
    }
    return [text for text, true in said.items() if true]


def _role_warnings(who: Person) -> list[str]:
    found = reader.warnings(who, timezone.now())
    said = {
        _("Nobody else is Service Responsible: no order can be approved without them."): found.only_service_responsible,
        _("Nobody else works in Support: no order would be handled."): found.only_support,
    }
    return [text for text, true in said.items() if true]
