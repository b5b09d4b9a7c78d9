"""The addresses of the issuer."""

from django.urls import include, path

urlpatterns = [path("account/", include("allauth.account.urls")), path("", include("allauth.idp.urls"))]
