"""Addresses that mail does not reach: Support says that one works again."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.actions import bounces
from accounts.forms.verbs import CommentForm
from accounts.lifecycle.states import Role
from accounts.models import UnreachableAddress
from accounts.web.asking import Question, ask
from accounts.web.door import actor_for, needs


@needs(Role.SUPPORT)
@require_http_methods(["GET", "HEAD", "POST"])
def address_works(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Take the mark from an address, after asking whether that is meant; people there are asked again."""
    found, actor = get_object_or_404(UnreachableAddress, pk=pk), actor_for(request)
    question = Question(
        found,
        _("This address works again"),
        _("Inactivity notices go to this address again. Say how you know; what came back can be sent again then."),
        reverse("messages") + f"?state=all&q={found.email}",
        _("The address is used again."),
    )
    return ask(
        request,
        question,
        CommentForm,
        lambda comment: bounces.clear(found, by=actor, now=timezone.now(), comment=comment),
    )
