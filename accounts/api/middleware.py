"""Under /api/ every error is a problem, also what no operation answers: an unknown address, a method, a crash."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language_from_request, gettext, gettext_noop, override

from accounts.api.problems import CONTENT_TYPE, problem

PREFIX = "/api/"
_SAID = {
    400: gettext_noop("The request cannot be read."),
    404: gettext_noop("There is nothing at this address. What there is stands in /api/v1/openapi.json."),
    405: gettext_noop("This address does not take that method. The header Allow names those that it takes."),
    500: gettext_noop("The portal made a mistake; nothing was changed. Try again, and tell Support if it stays so."),
}
_REFUSED = gettext_noop("The request was refused.")


def api_problems(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Answer programs with problems where a page would have been shown."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if not request.path.startswith(PREFIX) or response.status_code < 400:
            return response
        if response.headers.get("Content-Type", "").startswith(CONTENT_TYPE):
            return response
        with override(get_language_from_request(request)):  # this stands outside of what chooses the language
            said = gettext(_SAID.get(response.status_code, _REFUSED))
        kept = {name: response[name] for name in ("Allow", "Retry-After") if name in response}
        return problem(response.status_code, said, headers=kept)

    return middleware
