"""Pages for everybody, and the two things a visitor may set: theme and language."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth import get_user
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST
from django.views.i18n import set_language as django_set_language

from accounts import people
from accounts.actions import preferences
from accounts.lifecycle.states import Role
from accounts.models import Person

THEMES = ("auto", "dark", "light")
A_YEAR = 365 * 24 * 3600  # seconds

HOMES = (
    (Role.SUPPORT, "worklist"),
    (Role.SERVICE_RESPONSIBLE, "approvals"),
    (Role.CEGAL, "cegal_queue"),
    (Role.ADMINISTRATOR, "staff_accounts"),
)
"""Where somebody who holds a role starts, the first that fits; all others start with their own orders."""


@require_GET
def landing(request: HttpRequest) -> HttpResponse:
    """The front page: what the Loop API is and the way in. Whoever is signed in goes to their start page."""
    person = get_user(request)
    if isinstance(person, Person):
        home = home_of(person)
        if home:
            return redirect(home)
    return about(request)


@require_GET
def about(request: HttpRequest) -> HttpResponse:
    """The front page, also for whoever is signed in."""
    links = [
        {"url": "#who", "label": _("Who it is for")},
        {"url": "#steps", "label": _("How access works")},
        {"url": "#help", "label": _("Before you order")},
    ]
    return render(request, "accounts/landing.html", {"toplinks": links, "steps": journey()})


def journey() -> list[dict[str, str]]:
    """The six steps from the order to everyday use, as the owner's guide tells them."""
    you, support = _("You"), _("Support")
    purpose = _("Fill in every field. Under Purpose, say what you will use the API for, and the project or customer.")
    returned = _("If the purpose is not described well enough, you get the order back with comments on the fields.")
    approved = _("The Service Responsible decides. Then Support sends the order to Cegal.")
    created = _("The API account is created in Loop, and the credentials are issued to you, here and only once.")
    used = _("Ask for a token with your credentials, then call the other endpoints.")
    kept = _("If an account is not used for more than 1 year, you get an email. Without an answer it is suspended.")
    rows = (
        ("user", you, _("Send the order form"), purpose),
        ("life-buoy", support, _("Support reads your order"), returned),
        ("stamp", _("Service Responsible"), _("Your order is approved"), approved),
        ("wrench", _("Cegal and Support"), _("Your account is set up"), created),
        ("code-xml", you, _("Start using the API"), used),
        ("calendar-clock", you, _("Keep it alive"), kept),
    )
    return [{"icon": icon, "who": who, "title": title, "text": text} for icon, who, title, text in rows]


def home_of(person: Person) -> str:
    """The address where ``person`` starts, by the roles they hold; "" where no such page exists."""
    held = people.actor_of(person, today=timezone.localdate()).roles
    for name in [*(name for role, name in HOMES if role in held), "my_orders"]:
        try:
            return reverse(name)
        except NoReverseMatch:
            continue
    return ""


@require_GET
def accessibility(request: HttpRequest) -> HttpResponse:
    """What was done so that everybody can use the portal, and whom to tell when it fails."""
    return render(request, "accounts/accessibility.html")


@require_GET
def privacy(request: HttpRequest) -> HttpResponse:
    """Which personal data the portal keeps, why, and whom to ask."""
    return render(request, "accounts/privacy.html")


@require_POST
def set_theme(request: HttpRequest) -> HttpResponse:
    """Keep the theme (POST "theme": light, dark, auto or toggle) in a cookie and go back to the page."""
    wanted, current = request.POST.get("theme", "toggle"), request.COOKIES.get("theme", "auto")
    if wanted not in THEMES:
        at = THEMES.index(current) if current in THEMES else 0
        wanted = THEMES[(at + 1) % len(THEMES)]
    response = HttpResponseRedirect(_next(request))
    response.set_cookie("theme", wanted, max_age=A_YEAR, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE)
    return response


@require_POST
def set_language(request: HttpRequest) -> HttpResponseBase:
    """Keep the language (POST "language": en or nb) in a cookie and go back to where they were.

    Whoever is signed in gets their mails in it too.
    """
    language = request.POST.get("language", "")
    if isinstance(request.user, Person) and language in dict(settings.LANGUAGES):
        preferences.choose_language(request.user, language)
    return django_set_language(request)


def _next(request: HttpRequest) -> str:
    """The page that the visitor came from, if it is one of ours."""
    target = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
    return target if safe else "/"
