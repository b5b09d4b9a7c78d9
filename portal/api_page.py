"""The page that shows what programs may do: the API's own description, read as that of any other API.

It stands here since the pages and the API are two doors that do not know each other.
"""

from __future__ import annotations

import json
from functools import cache

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.actions import openapi
from accounts.api.door import api
from accounts.lifecycle.states import GRANTED_ROLES
from accounts.web.door import needs


@needs(*GRANTED_ROLES)
@require_safe
def api_page(request: HttpRequest) -> HttpResponse:
    """Every operation of ``/api/v1``, for whoever works here."""
    return render(request, "accounts/documentation/portal_api.html", {"described": described()})


@cache
def described() -> openapi.Described:
    """What the API says about itself; it changes with the code alone."""
    return openapi.read(json.dumps(api.get_openapi_schema(), default=str).encode())
