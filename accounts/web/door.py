"""What every page for people does first: who is asking, may they see it, how is a refusal said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import people
from accounts.lifecycle.actor import Actor
from accounts.lifecycle.states import GRANTED_ROLES, Role
from accounts.models import Account, Order, Person
from accounts.web.problems import asks_to_sign_in

View = Callable[..., HttpResponseBase]


def actor_for(request: HttpRequest) -> Actor:
    """The actor who is signed in. It is asked for once per request and kept on it."""
    if not isinstance(request.user, Person):
        raise PermissionDenied(_("Sign in first."))
    kept = getattr(request, "_actor", None)
    if kept is None:
        kept = request._actor = people.actor_of(request.user, today=timezone.localdate())  # type: ignore[attr-defined]
    return kept


def signed_in(view: View) -> View:
    """Only for people who signed in; the others are sent to the sign-in page and come back."""
    return asks_to_sign_in(view)


def needs(*roles: Role) -> Callable[[View], View]:
    """Only for people who signed in and hold one of ``roles``; the others get 403 and what to do."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not actor_for(request).holds(*roles):
                raise PermissionDenied(_("Your roles do not open this page. An administrator can change them."))
            return view(request, *args, **kwargs)

        return asks_to_sign_in(guarded)

    return decorate


def find_order(request: HttpRequest, reference: str, *, at_cegal: bool = False) -> Order:
    """The order, or 404 for whoever may not see it.

    What Cegal sees only because it was sent there has pages of its own; ``at_cegal`` is for the doors that they
    share with everybody.
    """
    actor = actor_for(request)
    orders = Order.objects.visible_to(actor if at_cegal else _besides_cegal(actor)).select_related(
        "requester", "organisation", "concerns", "assignee"
    )
    return get_object_or_404(orders, reference=reference)


def find_account(request: HttpRequest, pk: UUID, *, at_cegal: bool = False) -> Account:
    """The account, or 404 for whoever may not see it; ``at_cegal`` as for an order."""
    actor = actor_for(request)
    seen = Account.objects.visible_to(actor if at_cegal else _besides_cegal(actor))
    accounts = seen.select_related("environment", "organisation", "owner")
    return get_object_or_404(accounts, pk=pk)


def _besides_cegal(actor: Actor) -> Actor:
    """The same person without what the role at Cegal opens."""
    return replace(actor, roles=actor.roles - {Role.CEGAL})


def seen_version(request: HttpRequest) -> int | None:
    """The version of the subject that the person looked at when they pressed the button; None where none is said.

    What cannot be read is a version that no subject has, so that it counts as out of date.
    """
    said = request.POST.get("version", "")
    if not said:
        return None
    return int(said) if said.isdecimal() and len(said) < 10 else -1


def wears_role(actor: Actor) -> bool:
    """Does this person work here (a role), rather than only order for their company?"""
    return actor.holds(*GRANTED_ROLES)


def page_of(subject: Order | Account, actor: Actor) -> str:
    """The address of the page on which ``actor`` looks at ``subject``: their role decides."""
    staff = actor.holds(Role.SUPPORT, Role.SERVICE_RESPONSIBLE, Role.ADMINISTRATOR)
    if isinstance(subject, Account):
        return reverse("staff_account" if staff else "account", args=[subject.pk])
    if staff and subject.requester_id != actor.id:
        return reverse("staff_order", args=[subject.reference])
    if actor.holds(Role.CEGAL) and subject.requester_id != actor.id:
        return reverse("cegal_order", args=[subject.reference])
    return reverse("order", args=[subject.reference])
