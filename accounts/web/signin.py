"""The way in: one email field, one code. django-allauth does the work; here stands what differs from it.

An address that nobody has used before is signed up by the same field: the person becomes known when the code
is asked for, and the address is verified when the code is typed. Known and unknown addresses get the same
page and the same mail, so that nobody can find out who is known.
"""

from typing import Any

import structlog
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.forms import LoginForm
from allauth.account.internal.flows.login_by_code import LoginCodeVerificationProcess
from allauth.account.models import EmailAddress
from allauth.core import ratelimit
from allauth.core.exceptions import ImmediateHttpResponse
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required, login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.http import urlencode
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.actions import preferences
from accounts.actions.single_sign_on import map_roles
from accounts.models import Person
from accounts.web import single_sign_on
from accounts.web.stepup import came_by_single_sign_on, safe_next

log = structlog.get_logger(__name__)


class Adapter(DefaultAccountAdapter):
    """What the portal decides about sign-in."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "incorrect_code": gettext_lazy("That is not the code in the newest mail. Check it and type it again."),
        "too_many_login_attempts": gettext_lazy("Too many attempts. Wait a few minutes and ask for a new code."),
    }

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send in the language that the person reads; if that fails, the sign-in page says so."""
        person = Person.objects.filter(email__iexact=email).only("language").first()
        try:
            with translation.override((person and person.language) or get_language()):
                super().send_mail(template_prefix, email, context)
        except OSError as failure:
            log.warning("sign_in_mail_not_sent", reason=type(failure).__name__)
            sentence = _("The code could not be sent to %(email)s. Check the address, or try again in a minute.")
            messages.error(context["request"], sentence % {"email": email})
            raise ImmediateHttpResponse(HttpResponseRedirect(reverse("account_login"))) from failure

    def pre_login(self, request: HttpRequest, user: Person, **said: Any) -> HttpResponse | None:
        """Renew the roles out of the groups at each single sign-on, before there is a session to use them."""
        answer: HttpResponse | None = super().pre_login(request, user, **said)
        sociallogin = (said.get("signal_kwargs") or {}).get("sociallogin")
        if answer is None and sociallogin is not None:
            roles = single_sign_on.roles_of(sociallogin)
            if roles is not None:
                map_roles(user, roles, now=timezone.now())
        return answer

    def get_logout_redirect_url(self, request: HttpRequest) -> str:
        """Whoever came by single sign-on is told that they are still signed in at the issuer."""
        if came_by_single_sign_on(request):
            return reverse("signed_out_here")
        return str(super().get_logout_redirect_url(request))

    def login(self, request: HttpRequest, user: Person) -> None:
        """Sign in; whoever never said in which language they read is from now on written to in their browser's."""
        super().login(request, user)
        language = (get_language() or "")[:2]
        if not user.language and language in dict(settings.LANGUAGES):
            preferences.choose_language(user, language)

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Anyone who can read mail at an address may sign up; what they see is theirs alone."""
        return True


class SignInForm(LoginForm):
    """The one field."""

    user: Person | None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["login"]
        field.label = gettext_lazy("Your email address")
        field.widget.attrs.update({"autocomplete": "email", "autofocus": True})
        field.widget.attrs.pop("placeholder", None)

    def clean(self) -> dict[str, Any]:
        """Find the person, or make a new one for an address that is not known."""
        cleaned: dict[str, Any] = super().clean()
        if not self.errors:
            self.user = self.user or register(cleaned["login"])
        if self.user:  # the code proves an address only where allauth has it in its list
            EmailAddress.objects.get_or_create(user=self.user, email=self.user.email)
        return cleaned


def register(email: str) -> Person | None:
    """Return a new person for `email`, or None where it is of somebody who may not sign in any more."""
    if Person.objects.filter(email__iexact=email).exists():
        return None
    return Person.objects.create_user(email=email.lower(), language=get_language() or settings.LANGUAGE_CODE)


@require_POST
@login_required
def sign_in_again(request: HttpRequest) -> HttpResponse:
    """Sign the person out and send a new code to the same address; after it they are back at `next`."""
    person = request.user
    assert isinstance(person, Person)  # noqa: S101  # login_required says so
    if not ratelimit.consume(request, action="request_login_code", key=person.email.lower()):
        messages.error(request, Adapter.error_messages["too_many_login_attempts"])
        return HttpResponseRedirect(safe_next(request, request.POST.get("next", "")))
    target = safe_next(request, request.POST.get("next", ""))
    EmailAddress.objects.get_or_create(user=person, email=person.email)  # as in SignInForm: the code proves it
    logout(request)
    LoginCodeVerificationProcess.initiate(request=request, user=person, email=person.email)
    return HttpResponseRedirect(f"{reverse('account_confirm_login_code')}?{urlencode({'next': target})}")


@login_not_required
def signed_out_here(request: HttpRequest) -> HttpResponse:
    """After signing out of a session by single sign-on: the way to sign out at the issuer too."""
    context = {"issuer": single_sign_on.issuer_name(), "address": single_sign_on.sign_out_address()}
    return render(request, "account/signed_out_here.html", context)
