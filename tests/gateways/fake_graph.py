"""A small Microsoft Graph on 127.0.0.1: it keeps applications, service principals and passwords, and checks what it is
sent. ``trouble`` are ways to misbehave, each for the next request that it is for.
"""

from __future__ import annotations

import json
import re
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from accounts.gateways.entra import Access

SECRET = "secret-of-the-portals-application"
TOKEN = "t-o-k-e-n"
Answer = tuple[int, dict[str, str], bytes]


class Quiet(ThreadingHTTPServer):
    """Callers that hang up are what is tested here: no word about them."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing."""


@dataclass
class Trouble:
    """How to answer a request whose method and path fit ``at``: instead of doing it, or after it was done."""

    at: str
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b"{}"
    after: bool = False
    slow: float = 0.0
    hang_up: bool = False
    times: int = 1


@dataclass
class FakeGraph:
    """The directory. ``hidden`` is how many looks a new application stays unseen; ``page`` the rows of a page."""

    apps: dict[str, dict[str, Any]] = field(default_factory=dict)
    principals: dict[str, dict[str, Any]] = field(default_factory=dict)
    trouble: list[Trouble] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    forms: list[str] = field(default_factory=list)
    token: Answer = (200, {}, json.dumps({"access_token": TOKEN, "expires_in": 3599}).encode())
    hidden: int = 0
    page: int = 999
    stale: int = 0
    origin: str = ""
    lock: threading.RLock = field(default_factory=threading.RLock)

    def access(self, **changed: Any) -> Access:
        said = {"token_url": f"{self.origin}/token", "client_id": "portal", "client_secret": SECRET,
                "graph_url": self.origin, "allow_private": True}  # fmt: skip
        return Access(**{**said, **changed})

    def put(self, client_id: str, *, name: str | None = None, enabled: bool = True) -> dict[str, Any]:
        """An application that is there already."""
        app = {"id": str(uuid.uuid4()), "appId": client_id, "uniqueName": name, "passwordCredentials": []}
        self.apps[client_id] = app
        self.principals[client_id] = {"appId": client_id, "accountEnabled": enabled}
        return app

    def passwords(self, client_id: str) -> list[dict[str, Any]]:
        """What is there, without the texts, which nobody can read back."""
        return list(self.apps[client_id]["passwordCredentials"])

    def works(self, client_id: str, secret: str) -> bool:
        """Would this secret get a token now?"""
        there = {row["secretText"] for row in self.passwords(client_id)}
        return secret in there and bool(self.principals[client_id]["accountEnabled"])

    def answer(self, method: str, path: str, headers: Any, body: bytes) -> Answer:
        """What Graph v1.0 says."""
        assert path.startswith("/v1.0/"), path
        assert headers["Authorization"] == f"Bearer {TOKEN}"
        split = urlsplit(path.removeprefix("/v1.0"))
        query = {name: values[0] for name, values in parse_qs(split.query).items()}
        said = json.loads(body) if body else {}
        for pattern, do in _ROUTES:
            if (found := re.fullmatch(pattern, f"{method} {unquote(split.path)}")) is not None:
                return do(self, *found.groups(), said=said, query=query, headers=headers)
        return _says(405, {})


def _says(status: int, content: dict[str, Any] | None, **headers: str) -> Answer:
    return status, headers, b"" if content is None else json.dumps(content).encode()


def _named(graph: FakeGraph, name: str) -> dict[str, Any] | None:
    return next((app for app in graph.apps.values() if app["uniqueName"] == name), None)


def _seen(app: dict[str, Any]) -> dict[str, Any]:
    listed = [{k: v for k, v in row.items() if k != "secretText"} for row in app["passwordCredentials"]]
    return {**app, "passwordCredentials": listed}


def _upsert_app(graph: FakeGraph, name: str, *, said: Any, headers: Any, **_: Any) -> Answer:
    assert headers["Prefer"] == "create-if-missing"
    assert said["displayName"]
    assert said["signInAudience"] == "AzureADMyOrg"
    if _named(graph, name) is not None:
        return _says(204, None)
    app = {"id": str(uuid.uuid4()), "appId": str(uuid.uuid4()), "uniqueName": name, "passwordCredentials": []}
    graph.apps[app["appId"]] = app
    return _says(201, _seen(app))


def _read_named(graph: FakeGraph, name: str, **_: Any) -> Answer:
    app = _named(graph, name)
    return _not_found() if app is None or _hides(graph) else _says(200, _seen(app))


def _read_app(graph: FakeGraph, client_id: str, **_: Any) -> Answer:
    return _not_found() if client_id not in graph.apps or _hides(graph) else _says(200, _seen(graph.apps[client_id]))


def _hides(graph: FakeGraph) -> bool:
    graph.hidden -= 1
    return graph.hidden >= 0


def _add_password(graph: FakeGraph, client_id: str, *, said: Any, **_: Any) -> Answer:
    if client_id not in graph.apps or _hides(graph):
        return _not_found()
    asked = said["passwordCredential"]
    assert asked["displayName"].startswith("loop-access-")
    ends = asked.get("endDateTime", "2028-12-01T00:00:00Z")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT00:00:00Z", ends)
    row = {"keyId": str(uuid.uuid4()), "displayName": asked["displayName"], "endDateTime": ends,
           "secretText": f"made~{uuid.uuid4().hex}"}  # fmt: skip
    graph.apps[client_id]["passwordCredentials"].append(row)
    graph.texts.append(row["secretText"])
    return _says(200, row)


def _remove_password(graph: FakeGraph, client_id: str, *, said: Any, **_: Any) -> Answer:
    rows = graph.apps[client_id]["passwordCredentials"]
    left = [row for row in rows if row["keyId"] != said["keyId"]]
    if len(left) == len(rows):
        return _says(400, {"error": {"code": "Request_BadRequest", "message": "No password credential found"}})
    graph.apps[client_id]["passwordCredentials"] = left
    return _says(204, None)


def _patch_principal(graph: FakeGraph, client_id: str, *, said: Any, headers: Any, **_: Any) -> Answer:
    if client_id not in graph.principals:
        if headers.get("Prefer") != "create-if-missing":
            return _not_found()
        if client_id not in graph.apps or _hides(graph):
            return _says(400, {"error": {"message": "does not reference a valid application object"}})
        graph.principals[client_id] = {"appId": client_id, "accountEnabled": True}
        return _says(201, graph.principals[client_id])
    assert isinstance(said["accountEnabled"], bool)
    graph.principals[client_id]["accountEnabled"] = said["accountEnabled"]
    return _says(204, None)


def _read_principal(graph: FakeGraph, client_id: str, **_: Any) -> Answer:
    if client_id not in graph.principals:
        return _not_found()
    graph.stale -= 1
    on = graph.principals[client_id]["accountEnabled"]
    return _says(200, {"accountEnabled": (not on) if graph.stale >= 0 else on})


def _listed(rows: Callable[[FakeGraph], list[dict[str, Any]]]) -> Callable[..., Answer]:
    def do(graph: FakeGraph, *, query: dict[str, str], **_: Any) -> Answer:
        found, start = rows(graph), int(query.get("$skiptoken", "0"))
        top = min(int(query.get("$top", "100")), graph.page)
        content: dict[str, Any] = {"value": found[start : start + top]}
        if start + top < len(found) and top > 1:
            path = "applications" if rows is _all_apps else "servicePrincipals"
            content["@odata.nextLink"] = f"{graph.origin}/v1.0/{path}?$top={top}&$skiptoken={start + top}"
        return _says(200, content)

    return do


def _all_apps(graph: FakeGraph) -> list[dict[str, Any]]:
    return [_seen(app) for app in graph.apps.values()]


def _all_principals(graph: FakeGraph) -> list[dict[str, Any]]:
    return list(graph.principals.values())


def _not_found() -> Answer:
    return _says(404, {"error": {"code": "Request_ResourceNotFound"}})


_ROUTES: list[tuple[str, Callable[..., Answer]]] = [
    (r"PATCH /applications\(uniqueName='([^']+)'\)", _upsert_app),
    (r"GET /applications\(uniqueName='([^']+)'\)", _read_named),
    (r"GET /applications\(appId='([^']+)'\)", _read_app),
    (r"POST /applications\(appId='([^']+)'\)/addPassword", _add_password),
    (r"POST /applications\(appId='([^']+)'\)/removePassword", _remove_password),
    (r"PATCH /servicePrincipals\(appId='([^']+)'\)", _patch_principal),
    (r"GET /servicePrincipals\(appId='([^']+)'\)", _read_principal),
    (r"GET /applications", _listed(_all_apps)),
    (r"GET /servicePrincipals", _listed(_all_principals)),
]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    graph: FakeGraph

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        graph, place = self.graph, f"{self.command} {unquote(self.path)}"
        if self.path == "/token":
            graph.forms.append(body.decode())
            self._say(graph.token)
            return
        with graph.lock:
            graph.asked.append(place)
            trouble = next((one for one in graph.trouble if one.times > 0 and re.search(one.at, place)), None)
            if trouble is not None:
                trouble.times -= 1
            answer = _says(200, {})
            if trouble is None or trouble.after:
                answer = graph.answer(self.command, self.path, self.headers, body)
        if trouble is not None:
            time.sleep(trouble.slow)
            if trouble.hang_up:
                self.close_connection = True
                return
            answer = (trouble.status or answer[0], trouble.headers, trouble.body)
        self._say(answer)

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_PATCH(self) -> None:
        self._serve()

    def _say(self, answer: Answer) -> None:
        status, headers, body = answer
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def graph_running() -> Iterator[FakeGraph]:
    """Serve until the end of the block."""
    graph = FakeGraph()
    server = Quiet(("127.0.0.1", 0), type("Handler", (_Handler,), {"graph": graph}))
    graph.origin = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield graph
    finally:
        server.shutdown()
        server.server_close()
