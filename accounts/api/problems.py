"""What went wrong, for programs: application/problem+json (RFC 9457), with a sentence for the person who reads it."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, Throttled, ValidationError

from accounts.actions.lines import BadFile
from accounts.lifecycle.errors import LostRace, NotAllowed, NotReady
from accounts.words import say

CONTENT_TYPE = "application/problem+json"
CODES = (401, 403, 409, 411, 413, 415, 422, 429)


class Wrong(Exception):
    """A request that cannot be served as it is: the HTTP status, and what to do about it."""

    def __init__(self, status: int, detail: str, **more: Any) -> None:
        self.status, self.detail, self.more = status, detail, more
        super().__init__(detail)


def problem(status: int, detail: str, *, headers: dict[str, str] | None = None, **more: Any) -> HttpResponse:
    """An answer of type about:blank: its title is the status in words; ``more`` are members of its own."""
    content = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail, **more}
    response = JsonResponse(content, status=status, content_type=CONTENT_TYPE)
    for name, value in (headers or {}).items():
        response[name] = value
    return response


def bad_lines(refused: BadFile) -> dict[str, Any]:
    """The first [50] bad lines with number, field and what is wrong; and how many there are."""
    lines = [{"line": bad.line, "field": bad.field, "detail": say(bad.sentence)} for bad in refused.bad_lines]
    return {"bad_lines": lines, "bad_lines_total": refused.total}


def install(api: NinjaAPI) -> None:
    """Let every error of the API leave it as a problem."""
    handlers = {
        BadFile: lambda _request, error: problem(422, say(error.sentence), **bad_lines(error)),
        NotAllowed: lambda _request, error: problem(403, say(error.sentence)),
        NotReady: lambda _request, error: problem(422, say(error.sentence)),
        LostRace: lambda _request, error: problem(409, say(error.sentence)),
        Wrong: lambda _request, error: problem(error.status, error.detail, **error.more),
        ValidationError: _invalid,
        Throttled: _too_many,
        AuthenticationError: _unknown,
        HttpError: lambda _request, error: problem(error.status_code, error.message),
    }
    for kind, handler in handlers.items():
        api.add_exception_handler(kind, handler)


def _invalid(_request: HttpRequest, error: Any) -> HttpResponse:
    wrong = [{"field": str(one["loc"][-1]), "detail": str(one["msg"])} for one in error.errors]
    return problem(422, _("Some parameters are missing or cannot be read."), errors=wrong)


def _too_many(_request: HttpRequest, error: Any) -> HttpResponse:
    wait = max(1, round(error.wait or 1))
    return problem(
        429, _("Too many requests. Come back in %(wait)s seconds.") % {"wait": wait}, headers={"Retry-After": str(wait)}
    )


def _unknown(_request: HttpRequest, _error: Any) -> HttpResponse:
    said = _("Show a token that is valid: Authorization: Bearer lap_... An administrator of the portal makes one.")
    return problem(401, said, headers={"WWW-Authenticate": 'Bearer realm="Loop API access portal"'})
