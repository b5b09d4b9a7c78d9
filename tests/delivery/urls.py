"""The pages that mails lead to, by their names alone: the post room knows no more of them."""

from django.http import HttpRequest, HttpResponse
from django.urls import path


def page(request: HttpRequest, **_: object) -> HttpResponse:
    return HttpResponse()


urlpatterns = [
    path("order/<str:reference>/", page, name="order"),
    path("staff/order/<str:reference>/", page, name="staff_order"),
    path("cegal/order/<str:reference>/", page, name="cegal_order"),
    path("account/<uuid:pk>/", page, name="account"),
    path("accounts/", page, name="my_accounts"),
    path("answer/<str:token>/", page, name="notice_answer"),
]
