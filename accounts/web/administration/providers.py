"""Who makes the clients of an environment: chosen by an administrator, and tried without a change."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts.actions import connectors as acting
from accounts.forms.providers import ProviderForm
from accounts.gateways.provider import Verdict
from accounts.lifecycle.errors import Refused
from accounts.lifecycle.sentence import Sentence
from accounts.lifecycle.states import Role
from accounts.models import Connector, Environment
from accounts.models.encrypted import SealError
from accounts.readers import administration as reader
from accounts.readers.providers import plainly
from accounts.web.administration.editing import DONE, STALE, attempt, page, show_what_is_saved
from accounts.web.door import actor_for, needs
from accounts.web.refusals import not_allowed_is_403
from accounts.words import say

LABELS = {name: field.label for name, field in ProviderForm.base_fields.items()}


@needs(Role.ADMINISTRATOR)
@sensitive_post_parameters("secret")
@require_http_methods(["GET", "HEAD", "POST"])
def provider(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The provider of one environment with its settings. A secret is never echoed."""
    found = get_object_or_404(Environment, pk=pk)
    connector = Connector.objects.filter(environment=found).first()
    form = ProviderForm(request.POST if request.method == "POST" else None, environment=found, connector=connector)
    if request.method != "POST":
        return page(request, "provider", _context(request, found, connector, form))
    by, now = actor_for(request), timezone.now()
    status = attempt(
        form, lambda: acting.choose(found, acting.Details(**form.details()), by=by, now=now, seen=form.seen)
    )  # fmt: skip
    if status == STALE:
        found.refresh_from_db()
        show_what_is_saved(form, found, {"kind": found.provider})
    if status != DONE:
        return page(request, "provider", _context(request, found, connector, form), status)
    messages.success(request, _("The provider is saved. Try the connection before you rely on it."))
    return HttpResponseRedirect(reverse("environment_provider", args=[found.pk]))


@needs(Role.ADMINISTRATOR)
@require_POST
def try_out(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Try the connection: nothing is changed at the provider."""
    found = get_object_or_404(Environment, pk=pk)
    with not_allowed_is_403():
        try:
            outcome = acting.try_out(found, by=actor_for(request), clock=timezone.now)
        except SealError as error:
            messages.error(request, say(error.sentence))
        except Refused as refusal:
            messages.warning(request, say(refusal.sentence))
        else:
            well = outcome.verdict is Verdict.DONE
            said = say(Sentence(outcome.sentence, **outcome.params))
            (messages.success if well else messages.error)(request, said)
    return HttpResponseRedirect(reverse("environment_provider", args=[found.pk]))


ROUTES = [
    path("staff/environments/<uuid:pk>/provider/", provider, name="environment_provider"),
    path("staff/environments/<uuid:pk>/provider/try/", try_out, name="environment_provider_try"),
]


def _context(
    request: HttpRequest, found: Environment, connector: Connector | None, form: ProviderForm
) -> dict[str, Any]:
    return {
        "environment": found,
        "connector": connector,
        "tried": plainly(connector.tried_sentence) if connector else "",
        "callback_url": acting.callback_url(found),
        "form": form,
        "entries": reader.happened(found, actor_for(request).id, LABELS),
    }
