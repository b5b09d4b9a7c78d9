"""The addresses of the pages."""

from django.urls import URLPattern, path

from accounts.web import public, style, verbs

urlpatterns: list[URLPattern] = [
    path("", public.landing, name="landing"),
    path("about/", public.about, name="about"),
    path("accessibility/", public.accessibility, name="accessibility"),
    path("privacy/", public.privacy, name="privacy"),
    path("preferences/theme", public.set_theme, name="set_theme"),
    path("preferences/language", public.set_language, name="set_language"),
    path("style/", style.style, name="style"),
    path("orders/<str:reference>/do/<slug:verb>/", verbs.order_verb, name="order_verb"),
    path("accounts/<uuid:pk>/do/<slug:verb>/", verbs.account_verb, name="account_verb"),
]
