"""Replacing a client secret: ask for a second one, test it, say that it is in use, or keep both for longer."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods

from accounts.actions import rotation
from accounts.actions.connection import may_test
from accounts.actions.rotation import Tested, Which
from accounts.forms.connection import ConnectionForm
from accounts.forms.rotation import KeepBothForm
from accounts.forms.verbs import ReasonForm, VerbForm
from accounts.lifecycle.errors import LostRace, NotReady
from accounts.models import Account, current_policy
from accounts.readers.rotation import rotation_of
from accounts.web.connection import RATE, PerPerson, token_row, wait_words
from accounts.web.door import actor_for, find_account, page_of, signed_in
from accounts.web.quiet import keep_quiet
from accounts.web.refusals import not_allowed_is_403
from accounts.words import say


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def account_rotate(request: HttpRequest, pk: UUID) -> HttpResponse:
    """GET tells the whole way and asks; POST orders the second secret."""
    found, actor = find_account(request, pk), actor_for(request)
    if not rotation.may_ask(found, actor):
        raise PermissionDenied(_("Only the account’s owner, its technical contact and Support can replace its secret."))
    kind = VerbForm if may_test(found, actor) else ReasonForm
    form = kind(request.POST if request.method == "POST" else None, subject=found)
    try:
        if request.method != "POST" or not form.is_valid():
            rotation.check_may_begin(found)
            return _rotate_page(request, found, form, 422 if form.is_bound else 200)
        with not_allowed_is_403():
            order = rotation.ask(found, by=actor, now=timezone.now(), **form.arguments())
    except NotReady as refusal:
        messages.warning(request, say(refusal.sentence))
        return HttpResponseRedirect(page_of(found, actor))
    said = _("Cegal is asked for a second secret (order %(reference)s). The old one goes on working.")
    messages.success(request, said % {"reference": order.reference})
    return HttpResponseRedirect(page_of(found, actor))


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def account_secret_in_use(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The owner says that the new secret is in use; Cegal then removes the old one."""
    found, actor = _of_who_has_it(request, pk), actor_for(request)
    if request.method != "POST":
        return _confirm(
            request, found, VerbForm(subject=found), _("I use the new secret"),
            _("Cegal is asked to remove the old secret. Whatever still uses that one stops working then."),
        )  # fmt: skip
    try:
        with not_allowed_is_403():
            rotation.confirm_in_use(found, by=actor, now=timezone.now())
    except (NotReady, LostRace) as refusal:
        messages.warning(request, say(refusal.sentence))
    else:
        messages.success(request, _("Thank you. Cegal is asked to remove the old secret."))
    return HttpResponseRedirect(reverse("account", args=[found.pk]))


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def account_keep_both(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Keep the old secret for longer, or take back that it is to be removed."""
    found, actor = _of_who_has_it(request, pk), actor_for(request)
    label = _("Keep both secrets")
    explains = _("The old secret stays through the day that you choose. You can say earlier that you use the new one.")
    if latest := rotation.latest_to_keep(found):
        explains += f" {say(latest)}"
    form = KeepBothForm(request.POST if request.method == "POST" else None, subject=found)
    if request.method != "POST" or not form.is_valid():
        return _confirm(request, found, form, label, explains, 422 if form.is_bound else 200)
    try:
        with not_allowed_is_403():
            rotation.keep_both(found, by=actor, now=timezone.now(), **form.arguments())
    except NotReady as refusal:
        form.add_error(None, say(refusal.sentence))
        return _confirm(request, found, form, label, explains, 422)
    messages.success(request, _("Both secrets stay."))
    return HttpResponseRedirect(reverse("account", args=[found.pk]))


@sensitive_post_parameters("client_secret")
@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def account_test_new(request: HttpRequest, pk: UUID) -> HttpResponse:
    """GET asks for the new secret; POST uses it once, and says what came of it. Nothing keeps that page."""
    found = _of_who_has_it(request, pk)
    if request.method != "POST":
        return keep_quiet(_test_page(request, found, ConnectionForm()))
    return keep_quiet(_tested(request, found))


@sensitive_variables()
def _tested(request: HttpRequest, found: Account) -> HttpResponse:
    form, throttle = ConnectionForm(request.POST), PerPerson(RATE)
    if not form.is_valid():
        return _test_page(request, found, form, status=422)
    if not throttle.allow_request(request):
        answer = _test_page(request, found, ConnectionForm(), status=429, too_often=wait_words(throttle))
        answer.headers["Retry-After"] = str(round(throttle.wait() or 1))
        return answer
    try:
        with not_allowed_is_403():
            secret = form.cleaned_data["client_secret"]
            tested = rotation.test_new_secret(found, secret, by=actor_for(request), now=timezone.now())
    except (NotReady, LostRace) as refusal:
        return _test_page(request, found, ConnectionForm(), status=409, refused=say(refusal.sentence))
    return _test_page(request, found, ConnectionForm(), outcome=[token_row(tested.check)], said=_said(tested))


def _said(tested: Tested) -> dict[str, str]:
    """What the test means for the old secret, as ``components/_banner.html`` draws it."""
    if tested.event is not None:
        text = _("Cegal is asked to remove the old one.")
        return {"color": "success", "title": _("The new secret works"), "text": text}
    if not tested.check.ok:
        text = _("The old secret stays. Look whether you pasted the whole secret, and try again.")
        return {"color": "warning", "title": _("No token came"), "text": text}
    if tested.which is Which.OLD:
        text = _("It works, and nothing changes. Paste the new one to test that.")
        return {"color": "info", "title": _("This is not the new secret"), "text": text}
    text = _("The secret works, but the portal cannot tell which of the two it is. Say yourself which one you use.")
    return {"color": "info", "title": _("One of your two secrets"), "text": text}


def _of_who_has_it(request: HttpRequest, pk: UUID) -> Account:
    found = find_account(request, pk)
    if not may_test(found, actor_for(request)):
        raise PermissionDenied(_("Only the account’s owner and its technical contact can say which secret is in use."))
    return found


def _rotate_page(request: HttpRequest, found: Account, form: VerbForm, status: int) -> HttpResponse:
    policy = current_policy()
    context = {
        "account": found, "form": form, "overlap_days": policy.rotation_overlap_days,
        "collect_days": policy.secret_days, "cancel_url": page_of(found, actor_for(request)),
        "theirs": may_test(found, actor_for(request)),
    }  # fmt: skip
    response = render(request, "accounts/requester/rotate.html", context, status=status)
    add_never_cache_headers(response)
    return response


def _confirm(
    request: HttpRequest, found: Account, form: VerbForm, label: str, explains: str, status: int = 200
) -> HttpResponse:
    context = {"subject": found, "form": form, "label": label, "explains": explains,
               "cancel_url": reverse("account", args=[found.pk])}  # fmt: skip
    response = render(request, "accounts/confirm.html", context, status=status)
    add_never_cache_headers(response)
    return response


def _test_page(
    request: HttpRequest, found: Account, form: ConnectionForm, *, status: int = 200, **more: Any
) -> HttpResponse:
    state = rotation_of(found, current_policy(), timezone.localdate())
    context = {"account": found, "form": form, "rotation": state, **more}
    return render(request, "accounts/requester/test_new.html", context, status=status)


ROUTES: list[URLPattern] = [
    path("accounts/<uuid:pk>/replace-secret/", account_rotate, name="account_rotate"),
    path("accounts/<uuid:pk>/replace-secret/in-use/", account_secret_in_use, name="account_secret_in_use"),
    path("accounts/<uuid:pk>/replace-secret/keep-both/", account_keep_both, name="account_keep_both"),
    path("accounts/<uuid:pk>/replace-secret/test/", account_test_new, name="account_test_new"),
]
