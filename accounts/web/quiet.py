"""Answers that nothing may keep or pass on: a secret, a page whose address is a personal link."""

from __future__ import annotations

from django.http import HttpResponse


def keep_quiet(response: HttpResponse) -> HttpResponse:
    """Let no browser and no proxy keep ``response``, and tell no page where the reader came from.

    "strict-origin" and not "no-referrer": with that, browsers send "Origin: null" with the page's own forms
    (language, theme, sign-out), and the protection against forged requests refuses them.
    """
    response.headers["Cache-Control"] = "no-store, private"
    response.headers["Referrer-Policy"] = "strict-origin"
    return response
