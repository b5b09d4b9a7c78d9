"""What programs do about a client's secret besides the verbs: have it replaced, ask for another, have it verified."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import NinjaAPI

from accounts.actions import credentials, new_secret, rotation
from accounts.api import described
from accounts.api.acting import act_on, arguments, done
from accounts.api.calls import caller, find_account
from accounts.api.problems import Wrong
from accounts.api.schemas import Done
from accounts.forms.verbs import CommentForm, ReasonForm, VerbForm
from accounts.lifecycle.actor import Actor
from accounts.lifecycle.errors import NotReady
from accounts.models import Account, Event, Order, Scope
from accounts.words import say

Said = Mapping[str, Any]


def install(api: NinjaAPI) -> None:
    """Add the operations to ``api``."""
    _add(
        api, "replace_secret", ReasonForm, _replace,
        "Orders a second secret on the owner's behalf; the old one goes on working. The answer is about the order.",
    )  # fmt: skip
    _add(
        api, "ask_for_new_secret", CommentForm, _ask_for_new,
        "Asks Cegal for a new secret where the last one is gone or was never verified; no new approval is needed.",
    )  # fmt: skip
    _add(
        api, "verify", VerbForm, _verify,
        "Has the stored secret verified once more, for up to two minutes; the account's history says how it ended.",
    )  # fmt: skip


def _add(
    api: NinjaAPI, name: str, form: type[VerbForm], do: Callable[[Account, Actor, Said], dict[str, Any]], explains: str
) -> None:
    @api.post(f"/accounts/{{uuid:pk}}/{name}", response=Done, **described.action("account", name, form, explains))
    def post_about_secret(request: HttpRequest, response: HttpResponse, pk: UUID) -> dict[str, Any]:
        by = caller(request, Scope.ACCOUNTS_WRITE)
        found = find_account(by, pk)
        return act_on(request, response, found, by, lambda said: do(found, by, said))


def _replace(account: Account, by: Actor, said: Said) -> dict[str, Any]:
    fields = arguments(ReasonForm, account, said)
    try:
        order = rotation.ask(account, by=by, now=timezone.now(), **fields)
    except NotReady as refusal:
        raise Wrong(409, say(refusal.sentence), state=account.state, version=account.version) from None
    sent = Event.objects.filter(subject_type=Order.subject_type(), subject_id=order.pk).latest("seq")
    return done(order, sent, by, _("Cegal is asked for a second secret. The old one goes on working."))


def _ask_for_new(account: Account, by: Actor, said: Said) -> dict[str, Any]:
    fields = arguments(CommentForm, account, said)
    event = new_secret.ask_for_new_secret(account, by=by, now=timezone.now(), **fields)
    return done(account, event, by, _("Cegal is asked for a new secret."))


def _verify(account: Account, by: Actor, said: Said) -> dict[str, Any]:
    arguments(VerbForm, account, said)
    stored = account.credentials.filter(destroyed_at__isnull=True).order_by("-entered_at", "-pk").first()
    if stored is None:
        raise NotReady(credentials.NOT_STORED)
    event = credentials.ask_to_verify(stored, by=by, now=timezone.now())
    return done(account, event, by, _("The portal asks the token URL."))
