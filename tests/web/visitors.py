"""Browsers of people who signed in, for tests of pages."""

from __future__ import annotations

import time
from typing import Any

from allauth.account.internal.flows.login import record_authentication
from django.http import HttpRequest
from django.test import Client

from accounts.models import Person

AN_HOUR = 3600  # seconds


def browser_of(person: Person, *, signed_in_ago: float = 0, **options: Any) -> Client:
    """A browser in which ``person`` typed their code ``signed_in_ago`` seconds ago."""
    client = Client(**options)
    client.force_login(person)
    request = HttpRequest()
    request.session = client.session
    record_authentication(request, person, method="code", email=person.email)
    for record in request.session["account_authentication_methods"]:
        record["at"] = time.time() - signed_in_ago
    request.session.save()
    return client
