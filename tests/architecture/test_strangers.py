"""Every address of the portal refuses a stranger, or stands on the list of those that are for everybody."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from tests.story import Story

FOR_EVERYBODY = {
    "": "the landing page",
    "about/": "the landing page, also for whoever is signed in",
    "accessibility/": "what everybody may read",
    "privacy/": "what everybody may read",
    "preferences/theme": "light or dark, a cookie",
    "preferences/language": "the language, a cookie",
    "health/live": "for whoever watches the process",
    "health/ready": "for whoever watches the process",
    "api/v1/openapi.json": "the description of the API, for whoever writes a program",
    "answer/<str:token>/": "the answer page of the inactivity mail: the signed link is the key",
    "account/signup/": "leads to the sign-in page",
    "account/login/": "the sign-in page",
    "account/login/code/": "leads to the sign-in page",
    "account/login/code/confirm/": "where the code is typed in",
    "account/inactive/": "says that somebody may not sign in any more",
    "account/confirm-email/": "django-allauth: says that a mail was sent",
    "account/signed-out/": "the way to sign out at the issuer of single sign-on too",
    "account/logout/": "signing out; for a stranger it leads home",
    "account/2fa/webauthn/login/": "signing in with a passkey",
    "account/2fa/authenticate/": "django-allauth: the second step of signing in; leads a stranger to the first",
}
"""Address, and why it is for everybody. A new one needs a reason here."""

REFUSED = {401, 403, 404, 405}


def addresses(resolver: URLResolver | None = None, before: str = "") -> Iterator[str]:
    """Every address of the portal as its patterns write it; regular expressions simplified."""
    for pattern in (resolver or get_resolver()).url_patterns:
        text = before + re.sub(r"\(\?P<\w+>[^)]*\)", "<str>", str(pattern.pattern)).replace("\\", "").strip("^$")
        if isinstance(pattern, URLPattern):
            yield text.strip("$").replace("$", "")
        else:
            yield from addresses(pattern, text)


def filled(address: str, **known: str) -> str:
    """The address with its places filled in."""

    def value(match: re.Match[str]) -> str:
        converter, _colon, name = match[1].rpartition(":")
        standing = "00000000-0000-0000-0000-000000000001" if converter == "uuid" else "1" if converter == "int" else "x"
        return known.get(name, standing)

    return "/" + re.sub(r"<([\w:]+)>", value, address)


def is_refused(response: Any) -> bool:
    """Sent to sign in, or told that there is nothing for them."""
    if response.status_code in REFUSED:
        return True
    return response.status_code == 302 and "/account/" in response["Location"]


@pytest.mark.parametrize("method", ["get", "post"])
def test_somebody_who_is_not_signed_in_is_refused_everywhere_else(story: Story, method: str) -> None:
    order, account = story.order_in("issued"), story.account()
    places = {"reference": order.reference, "pk": str(account.pk), "verb": "withdraw"}
    client = Client()
    for address in addresses():
        if address in FOR_EVERYBODY:
            continue
        response = getattr(client, method)(filled(address, **places))
        assert is_refused(response), f"{method} {address}: {response.status_code}; is it for everybody? say so, and why"


def test_a_stranger_who_signed_in_finds_nothing_about_others(story: Story) -> None:
    """Every address that names an order or an account answers 404 to somebody who may not see it."""
    order, account = story.order_in("issued"), story.account()
    client = Client()
    client.force_login(story.stranger)
    looked_at = 0
    for address in addresses():
        known = {"reference": order.reference, "pk": str(account.pk), "verb": "withdraw"}
        if not re.search(r"<[\w:]*(reference|pk)>", address) or address in FOR_EVERYBODY:
            continue
        looked_at += 1
        for method in ("get", "post"):
            response = getattr(client, method)(filled(address, **known))
            assert response.status_code in REFUSED, f"{method} {address}: {response.status_code}"
            said = response.content.decode()
            assert not any(word in said for word in ("Nordsjø", "Ingrid", account.client_id)), address
    assert looked_at >= 2


def test_the_list_names_only_addresses_that_exist() -> None:
    assert FOR_EVERYBODY.keys() - set(addresses()) == set()
