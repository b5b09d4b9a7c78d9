"""Handing an account over: the owner's page, and the page of the colleague who was asked."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.actions import handovers
from accounts.forms.answers import HandOverForm
from accounts.forms.verbs import CommentForm
from accounts.lifecycle.errors import LostRace, NotReady
from accounts.models import Account, Handover, current_policy
from accounts.readers.answers import open_handover
from accounts.web.door import actor_for, find_account, page_of, signed_in
from accounts.web.refusals import not_allowed_is_403
from accounts.words import say


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def hand_over(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Ask a colleague to own this account: GET asks whom, POST sends the question."""
    found, actor = find_account(request, pk), actor_for(request)
    if not handovers.may_hand_over(found, actor):
        raise PermissionDenied(_("Only the owner of the account, or Support, can hand it over."))
    if request.method != "POST":
        return _ask(request, found, HandOverForm(subject=found))
    form = HandOverForm(request.POST, subject=found)
    if not form.is_valid():
        return _ask(request, found, form, 422)
    with not_allowed_is_403():
        try:
            handovers.hand_over(found, by=actor, now=timezone.now(), **form.arguments())
        except NotReady as refusal:
            form.add_error(None, say(refusal.sentence))
            return _ask(request, found, form, 422)
        except LostRace as lost:
            found.refresh_from_db()
            return _ask(request, found, form, 409, first=say(lost.sentence))
    messages.success(request, _("Your colleague is asked. Until they accept, the account stays as it is."))
    return HttpResponseRedirect(page_of(found, actor))


def _ask(request: HttpRequest, found: Account, form: HandOverForm, status: int = 200, first: str = "") -> HttpResponse:
    days = current_policy().handover_days
    explains = _("Your colleague gets a link and has %(days)s days to accept. Until then you stay the owner.")
    context = {
        "subject": found, "form": form, "first": first, "label": _("Hand the account over"),
        "explains": explains % {"days": days}, "cancel_url": page_of(found, actor_for(request)),
    }  # fmt: skip
    response = render(request, "accounts/confirm.html", context, status=status)
    add_never_cache_headers(response)
    return response


@signed_in
@require_POST
def withdraw(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Take the question back: the colleague cannot accept any more."""
    found, actor = find_account(request, pk), actor_for(request)
    asked = open_handover(found)
    with not_allowed_is_403():
        try:
            if asked is None:
                raise NotReady(handovers.NOBODY_ASKED)
            handovers.withdraw(asked, by=actor, now=timezone.now())
        except (NotReady, LostRace) as refusal:
            messages.info(request, say(refusal.sentence))
        else:
            messages.success(request, _("Taken back: the account stays with its owner."))
    return HttpResponseRedirect(page_of(found, actor))


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def handover(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The page of the colleague who was asked: GET shows what it is about, POST accepts or declines."""
    actor = actor_for(request)
    asked = Handover.objects.select_related("account__environment", "account__organisation", "owner")
    found = get_object_or_404(asked, pk=pk, to_email=actor.email.lower())
    if request.method == "POST":
        return _answer(request, found)
    return _show(request, found, CommentForm(subject=found.account))


def _answer(request: HttpRequest, found: Handover) -> HttpResponse:
    actor, accepts = actor_for(request), request.POST.get("answer") == "accept"
    form = CommentForm(request.POST, subject=found.account)
    if not form.is_valid():
        return _show(request, found, form, 422)
    with not_allowed_is_403():
        try:
            if accepts:
                handovers.accept(found, by=actor, now=timezone.now())
            elif request.POST.get("answer") == "decline":
                handovers.decline(found, by=actor, now=timezone.now(), comment=form.cleaned_data["comment"])
            else:
                return _show(request, found, form, 422)
        except (NotReady, LostRace) as refusal:
            messages.info(request, say(refusal.sentence))
            return redirect("handover", found.pk)
    if accepts:
        messages.success(request, _("You own this account now."))
        return redirect("account", found.account_id)
    messages.success(request, _("Declined: the account stays with its owner, who is told."))
    return redirect("handover", found.pk)


def _show(request: HttpRequest, found: Handover, form: CommentForm, status: int = 200) -> HttpResponse:
    context: dict[str, Any] = {"handover": found, "account": found.account, "form": form}
    response = render(request, "accounts/requester/handover.html", context, status=status)
    add_never_cache_headers(response)
    return response
