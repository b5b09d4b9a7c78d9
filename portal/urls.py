"""The addresses: the product's own, allauth's under account/, and two for whoever watches the process."""

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, include, path, re_path
from django.views.generic import RedirectView

from accounts.api.door import api
from accounts.web.signin import sign_in_again
from portal import health


@login_not_required
def no_password(request: HttpRequest, **_kwargs: str) -> HttpResponse:
    """Answer for allauth's password pages: the portal knows no passwords."""
    raise Http404("There are no passwords here: sign in with a code sent by email.")


to_sign_in = RedirectView.as_view(pattern_name="account_login", query_string=True)

urlpatterns: list[URLPattern | URLResolver] = [
    path("health/live", health.live, name="health_live"),
    path("health/ready", health.ready, name="health_ready"),
    path("account/again/", sign_in_again, name="sign_in_again"),
    # These stand before allauth's own: there is one way in, and no password to set or forget.
    path("account/signup/", to_sign_in),
    path("account/login/code/", to_sign_in),
    re_path(r"^account/password/", no_password),
    path("account/", include("allauth.urls")),
    path("api/v1/", api.urls),
    path("", include("accounts.web.urls")),
]

handler500 = "accounts.web.problems.went_wrong"
