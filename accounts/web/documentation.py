"""Technical documentation of the Loop API, an environment at a time, for everybody who signed in (SOURCE.md)."""

from __future__ import annotations

import re

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.models import Documentation, Environment
from accounts.readers import documentation as reader
from accounts.web.door import signed_in


@signed_in
@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """Which environments are documented, and where."""
    rows = [{"environment": one, "shown_at": reader.shown_at(one)} for one in reader.environments()]
    return render(request, "accounts/documentation/overview.html", {"rows": rows})


@signed_in
@require_safe
def of(request: HttpRequest, name: str) -> HttpResponse:
    """The operations of one environment, to be read without any script; the viewer shows the same file."""
    found = _environment(name)
    if found.name != name:
        return redirect("documentation_of", found.name)
    context = {"environment": found, "version": found.documentation, "shown_at": reader.shown_at(found)}
    return render(request, "accounts/documentation/documentation.html", context)


@signed_in
@require_safe
def file(request: HttpRequest, name: str) -> HttpResponse:
    """The OpenAPI file that is shown, as it was handed in."""
    version = _environment(name).documentation
    if version is None:
        raise Http404(_("There is no documentation of this environment."))
    return as_file(version)


def as_file(version: Documentation) -> HttpResponse:
    """``version`` to be kept; the bytes are the administrator's, and no browser takes them for a page."""
    response = HttpResponse(bytes(version.content), content_type="application/json")
    plain = re.sub(r"[^A-Za-z0-9.-]+", "-", f"loop-api-{version.environment.name}-{version.api_version}")[:80]
    response.headers["Content-Disposition"] = f'attachment; filename="{plain}.openapi.json"'
    patch_cache_control(response, private=True, no_cache=True)
    return response


def _environment(name: str) -> Environment:
    found = reader.named(name)
    if found is None:
        raise Http404(_("There is no environment of this name."))
    return found


ROUTES: list[URLPattern] = [
    path("docs/", overview, name="documentation"),
    path("docs/<str:name>/", of, name="documentation_of"),
    path("docs/<str:name>/openapi.json", file, name="documentation_file"),
]
