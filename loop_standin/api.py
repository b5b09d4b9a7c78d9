"""The two end points of the Loop API that slide 2 of the getting-started guide shows: token and sales.

Plain functions of what came in: no sockets, and the time is an argument. Each gives the answer and the
client id that the gateway's log shows for the call (empty: unknown).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs

from loop_standin.answers import Answer, error, json_answer
from loop_standin.clients import Clients
from loop_standin.sales import COUNT, page_of_sales
from loop_standin.tokens import BadToken, Tokens

FORM = "application/x-www-form-urlencoded"
LIMIT_DEFAULT, LIMIT_MOST = 25, 100


class _BadParameter(Exception):
    """A parameter is missing, repeated or out of range; the text says which."""


@dataclass(frozen=True, slots=True)
class LoopApi:
    """What the end points need: who may come in, and the tokens they get."""

    clients: Clients
    tokens: Tokens

    def token(self, environment: str, content_type: str, body: bytes, now: float) -> tuple[Answer, str]:
        """Answer ``POST .../token``: 201 with the four fields, or an OAuth error (RFC 6749, section 5.2)."""
        if content_type.partition(";")[0].strip().lower() != FORM:
            return error(400, "invalid_request", f"The body must be {FORM}."), ""
        try:
            values = _single_values(body.decode())
            grant, client_id = _needed(values, "grant_type"), values.get("client_id", "")
            if grant != "client_credentials":
                only = "grant_type must be client_credentials."
                return error(400, "unsupported_grant_type", only), client_id
            client_id, secret = _needed(values, "client_id"), _needed(values, "client_secret")
        except (ValueError, _BadParameter) as problem:
            return error(400, "invalid_request", str(problem)), ""
        if not self.clients.accepts(client_id, secret, environment):
            return error(401, "invalid_client", "The client id or the client secret is wrong."), client_id
        return self._issued(client_id, environment, now), client_id

    def _issued(self, client_id: str, environment: str, now: float) -> Answer:
        fields = {
            "token_type": "Bearer",
            "expires_in": self.tokens.lifetime,
            "ext_expires_in": self.tokens.lifetime,
            "access_token": self.tokens.issue(client_id, environment, now),
        }
        return json_answer(201, fields, Pragma="no-cache")

    def sales(self, environment: str, authorization: str, query: str, now: float) -> tuple[Answer, str]:
        """Answer ``GET .../sales?page=&limit=&countQueries=``: 200 with ``data``, ``count`` on demand."""
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            challenge = 'Bearer realm="loop-api"'
            return error(401, "invalid_token", "Send a Bearer token.", WWW_Authenticate=challenge), ""
        try:
            client_id = self.tokens.check(token.strip(), environment, now)
        except BadToken as problem:
            challenge = f'Bearer realm="loop-api", error="invalid_token", error_description="{problem}"'
            return error(401, "invalid_token", str(problem), WWW_Authenticate=challenge), ""
        try:
            return json_answer(200, _sales(environment, query)), client_id
        except (ValueError, _BadParameter) as problem:
            return error(400, "invalid_request", str(problem)), client_id


def _sales(environment: str, query: str) -> dict[str, object]:
    values = _single_values(query)
    page = _number(values, "page", default=1, most=10**6)
    limit = _number(values, "limit", default=LIMIT_DEFAULT, most=LIMIT_MOST)
    counted = values.get("countQueries", "false").lower()
    if counted not in ("true", "false"):
        raise _BadParameter("countQueries must be true or false.")
    content: dict[str, object] = {"data": page_of_sales(environment, page, limit)}
    return {**content, "count": COUNT} if counted == "true" else content


def _single_values(text: str) -> dict[str, str]:
    """Read form or query parameters; RFC 6749 forbids to send one twice."""
    values = parse_qs(text, keep_blank_values=True, max_num_fields=50, errors="strict")
    for name, given in values.items():
        if len(given) > 1:
            raise _BadParameter(f"The parameter {name} was sent more than once.")
    return {name: given[0] for name, given in values.items()}


def _needed(values: Mapping[str, str], name: str) -> str:
    if not values.get(name):
        raise _BadParameter(f"The parameter {name} is missing.")
    return values[name]


def _number(values: Mapping[str, str], name: str, *, default: int, most: int) -> int:
    text = values.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) < 10 and 1 <= int(text) <= most):
        raise _BadParameter(f"{name} must be a whole number from 1 to {most}.")
    return int(text)
