"""The admin door of the stand-in, ``/standin/...``: for development and tests; it never shows a secret."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from loop_standin.answers import Answer, error, json_answer
from loop_standin.behaviour import BadBehaviour, Behaviours
from loop_standin.clients import Clients

CLIENTS, BEHAVIOUR = "/standin/clients", "/standin/behaviour"


class _BadRequest(Exception):
    """The request cannot be carried out; the text says what to send."""


@dataclass(frozen=True, slots=True)
class AdminDoor:
    """Registers and disables clients, and says how the next calls of the API go wrong."""

    clients: Clients
    behaviours: Behaviours

    def answer(self, method: str, path: str, body: bytes) -> Answer:
        """Answer one request under ``/standin/``."""
        try:
            if path == BEHAVIOUR:
                return self._behaviour(method, body)
            if path == CLIENTS and method == "GET":
                return json_answer(200, {"clients": self.clients.listed()})
            if path.startswith(CLIENTS + "/") and path != CLIENTS + "/":
                return self._client(method, unquote(path[len(CLIENTS) + 1 :]), body)
        except (_BadRequest, BadBehaviour) as problem:
            return error(400, "invalid_request", str(problem))
        except OSError as problem:
            return error(500, "server_error", f"The change could not be kept in the file: {problem}")
        return error(404, "not_found", f"There is {CLIENTS}, {CLIENTS}/CLIENT_ID and {BEHAVIOUR}.")

    def _behaviour(self, method: str, body: bytes) -> Answer:
        if method == "PUT":
            self.behaviours.set(_json_object(body))
        elif method != "GET":
            return _not_allowed("GET, PUT")
        return json_answer(200, self.behaviours.shown())

    def _client(self, method: str, client_id: str, body: bytes) -> Answer:
        if method == "PUT":
            asked = _json_object(body)
            if asked.keys() - {"secret", "environment"}:
                raise _BadRequest("Give secret, environment, both or none, and nothing else.")
            secret, environment = _text(asked, "secret"), _text(asked, "environment")
            if secret == "":
                raise _BadRequest("secret must not be empty; leave it out to keep the one there is.")
            self.clients.register(client_id, secret, environment)
        elif method == "DELETE":
            self.clients.disable(client_id)
        else:
            return _not_allowed("PUT, DELETE")
        return json_answer(200, {"client_id": client_id, "enabled": method == "PUT"})


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        content = json.loads(body or b"{}")
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise _BadRequest("The body must be a JSON object.")
    return content


def _text(asked: Mapping[str, Any], name: str) -> str | None:
    value = asked.get(name)
    if value is not None and not (isinstance(value, str) and value.isprintable() and len(value) <= 1000):
        raise _BadRequest(f"{name} must be a text of at most 1000 characters.")
    return value


def _not_allowed(methods: str) -> Answer:
    return error(405, "invalid_request", f"Use {methods}.", Allow=methods)
