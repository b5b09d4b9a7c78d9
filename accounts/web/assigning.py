"""Take an order, hand it to a colleague, release it: buttons of the worklist and of the order's page."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.actions import assigning
from accounts.forms.assigning import HandOverForm
from accounts.lifecycle.errors import LostRace, NotReady
from accounts.lifecycle.states import Role
from accounts.models import Order
from accounts.web.asking import Question, ask
from accounts.web.door import actor_for, find_order, needs
from accounts.web.refusals import not_allowed_is_403
from accounts.words import say


@needs(Role.SUPPORT)
@require_POST
def take(request: HttpRequest, reference: str) -> HttpResponse:
    """The order is mine; back to where the button was pressed, also when a colleague was first."""
    found = find_order(request, reference)
    said = _("%(reference)s is yours now.") % {"reference": found.reference}
    return _press(request, found, assigning.take, said)


@needs(Role.SUPPORT)
@require_POST
def release(request: HttpRequest, reference: str) -> HttpResponse:
    """The order is nobody's; back to where the button was pressed."""
    found = find_order(request, reference)
    said = _("Nobody works on %(reference)s now. Anybody in Support can take it.") % {"reference": found.reference}
    return _press(request, found, assigning.release, said)


@needs(Role.SUPPORT)
@require_http_methods(["GET", "HEAD", "POST"])
def hand_over(request: HttpRequest, reference: str) -> HttpResponse:
    """Ask which colleague goes on with the order, then hand it over."""
    found, actor = find_order(request, reference), actor_for(request)
    question = Question(
        subject=found,
        label=_("Hand over"),
        explains=_("Your colleague gets an email and finds the order among theirs in the worklist."),
        cancel_url=_back(request, found),
        said=_("%(reference)s is handed over.") % {"reference": found.reference},
    )
    return ask(
        request,
        question,
        HandOverForm,
        lambda **said: assigning.hand_over(found, by=actor, now=timezone.now(), **said),
    )


def _press(request: HttpRequest, found: Order, action: Callable[..., object], said: str) -> HttpResponse:
    with not_allowed_is_403():
        try:
            action(found, by=actor_for(request), now=timezone.now())
        except LostRace as lost:
            messages.info(request, say(lost.sentence))
        except NotReady as refusal:
            messages.warning(request, say(refusal.sentence))
        else:
            messages.success(request, said)
    return HttpResponseRedirect(_back(request, found))


def _back(request: HttpRequest, found: Order) -> str:
    """The page of the portal on which the button was pressed, the order's own where none is named."""
    asked = request.POST.get("back") or request.GET.get("back", "")
    own = asked.startswith("/") and url_has_allowed_host_and_scheme(asked, allowed_hosts=None)
    return asked if own else reverse("staff_order", args=[found.reference])
