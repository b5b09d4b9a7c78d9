"""The addresses: the product's own, allauth's under account/, and two for whoever watches the process."""

from allauth.mfa.totp.views import activate_totp
from allauth.mfa.webauthn.views import add_webauthn, remove_webauthn
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, include, path, re_path
from django.views.generic import RedirectView

from accounts.api.door import api
from accounts.web.problems import asks_to_sign_in
from accounts.web.second_factor import keeps_the_last, second_factor_first, sets_up
from accounts.web.sessions import session_end
from accounts.web.signin import sign_in_again, signed_out_here
from accounts.web.stepup import confirm_it_is_you, go_on
from portal import api_page, health, metrics


@login_not_required
def no_password(request: HttpRequest, **_kwargs: str) -> HttpResponse:
    """Answer for allauth's password pages: the portal knows no passwords."""
    raise Http404("There are no passwords here: sign in with a code sent by email.")


@login_not_required
def no_linking(request: HttpRequest, **_kwargs: str) -> HttpResponse:
    """Answer for allauth's pages about accounts elsewhere: single sign-on links them by the verified address."""
    raise Http404("Accounts elsewhere are linked by their verified email address.")


to_sign_in = RedirectView.as_view(pattern_name="account_login", query_string=True)
to_security = asks_to_sign_in(RedirectView.as_view(pattern_name="mfa_index"))

urlpatterns: list[URLPattern | URLResolver] = [
    path("health/live", health.live, name="health_live"),
    path("health/ready", health.ready, name="health_ready"),
    path("metrics", metrics.metrics, name="metrics"),
    path("account/again/", sign_in_again, name="sign_in_again"),
    path("account/confirm/", confirm_it_is_you, name="step_up"),
    path("account/go-on/<str:token>/", go_on, name="go_on"),
    path("account/second-factor/", second_factor_first, name="second_factor_first"),
    path("account/sessions/<int:pk>/end/", session_end, name="session_end"),
    path("account/2fa/totp/activate/", sets_up(activate_totp), name="mfa_activate_totp"),
    path("account/2fa/webauthn/add/", sets_up(add_webauthn), name="mfa_add_webauthn"),
    path("account/2fa/webauthn/keys/<int:pk>/remove/", keeps_the_last(remove_webauthn), name="mfa_remove_webauthn"),
    path("account/signed-out/", signed_out_here, name="signed_out_here"),
    # These stand before allauth's own: there is one way in, and no password to set or forget.
    path("account/signup/", to_sign_in),
    path("account/login/code/", to_sign_in),
    path("account/email/", to_security),  # one address, which is how one signs in: nothing to add or take away
    re_path(r"^account/password/", no_password),
    re_path(r"^account/(?:3rdparty|social)/", no_linking),
    path("account/", include("allauth.urls")),
    path("api/v1/", api.urls),
    path("staff/api/", api_page.api_page, name="portal_api"),
    path("", include("accounts.web.urls")),
]

handler500 = "accounts.web.problems.went_wrong"
