"""Where somebody is signed in: django-allauth keeps the list; each one can be ended by itself."""

from __future__ import annotations

from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.models import Person
from accounts.web.problems import asks_to_sign_in


@asks_to_sign_in
@require_POST
def session_end(request: HttpRequest, pk: int) -> HttpResponse:
    """End one of one's own sessions; this one means signing out. 404 for somebody else's."""
    assert isinstance(request.user, Person)  # noqa: S101  # asks_to_sign_in says so
    session = get_object_or_404(UserSession, pk=pk, user=request.user)
    here = session.session_key == request.session.session_key
    session.end()
    if here:
        logout(request)
        return HttpResponseRedirect(reverse("account_login"))
    messages.success(request, _("That device is signed out."))
    return HttpResponseRedirect(reverse("usersessions_list"))
