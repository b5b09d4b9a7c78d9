"""The addresses of the pages."""

from django.urls import URLPattern, path

from accounts.web import answer, collect, mailbox, my_accounts, order_form, orders, public, style, verbs

urlpatterns: list[URLPattern] = [
    path("", public.landing, name="landing"),
    path("about/", public.about, name="about"),
    path("accessibility/", public.accessibility, name="accessibility"),
    path("privacy/", public.privacy, name="privacy"),
    path("preferences/theme", public.set_theme, name="set_theme"),
    path("preferences/language", public.set_language, name="set_language"),
    path("style/", style.style, name="style"),
    path("orders/", orders.my_orders, name="my_orders"),
    path("orders/new/", order_form.order_new, name="order_new"),
    path("orders/purpose-check", order_form.purpose_check, name="order_purpose_check"),
    path("orders/<slug:reference>/", orders.order, name="order"),
    path("orders/<slug:reference>/edit/", order_form.order_edit, name="order_edit"),
    path("orders/<slug:reference>/check/", order_form.order_check, name="order_check"),
    path("orders/<slug:reference>/sent/", order_form.order_sent, name="order_sent"),
    path("accounts/", my_accounts.my_accounts, name="my_accounts"),
    path("accounts/<uuid:pk>/", my_accounts.account, name="account"),
    path("accounts/<uuid:pk>/reactivate/", my_accounts.account_reactivate, name="account_reactivate"),
    path("accounts/<uuid:pk>/collect/", collect.collect, name="collect"),
    path("answer/<str:token>/", answer.notice_answer, name="notice_answer"),
    path("mailbox/", mailbox.mailbox, name="mailbox"),
    path("mailbox/<str:file>/<int:place>/", mailbox.mail, name="mail"),
    path("mailbox/<str:file>/<int:place>/html", mailbox.mail_html, name="mail_html"),
    path("orders/<str:reference>/do/<slug:verb>/", verbs.order_verb, name="order_verb"),
    path("accounts/<uuid:pk>/do/<slug:verb>/", verbs.account_verb, name="account_verb"),
]
