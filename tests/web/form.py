"""What is typed into the order form in tests, rightly and oddly."""

from __future__ import annotations

from django.urls import reverse

from accounts.models import Order
from tests.story import PURPOSE

NEW = "/orders/new/"
TYPED = {
    "organisation_name": "Nordsjø Surplus AS",
    "organisation_number": "923 609 016",
    "role": "seller",
    "environments": ["TEST", "PRODUCTION"],
    "system": "SAP",
    "purpose": PURPOSE,
    "technical_name": "Tor Teknisk",
    "technical_email": "Tor@Nordsjo.example",
    "owner_name": "Ingrid Solheim",
    "owner_email": "ingrid@nordsjo.example",
}
ODD = {
    "nul": "a\0b",
    "emoji": "🛢️👩‍🔧🇳🇴",
    "rtl": "\u202eevil مرحبا",
    "markup": "<script>alert(1)</script>",
    "quotes": "'\"`;--",
    "lone surrogate": "\ud800".encode("utf-8", "surrogatepass").decode("utf-8", "replace"),
    "huge": "valve " * 17_000,
    "lines": "one\r\ntwo\u2028three",
}


def edit(order: Order) -> str:
    return reverse("order_edit", args=[order.reference])


def check(order: Order) -> str:
    return reverse("order_check", args=[order.reference])
