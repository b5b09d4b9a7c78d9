"""A vendor's system on 127.0.0.1 that takes signed requests and answers them later, once for each operation."""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from typing import Any

from standardwebhooks import Webhook

from accounts.gateways.provider_webhook import Access
from tests.gateways.fake_graph import Quiet, Trouble

SECRET = "whsec_" + "c2VjcmV0LW9mLWJvdGgtc2lkZXMtb2YtdGhlLXdlYmhvb2s="


@dataclass
class Vendor:
    """``clients`` by name, each with its secrets by operation; ``answers`` by operation, to be sent as callbacks."""

    clients: dict[str, dict[str, Any]] = field(default_factory=dict)
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    got: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    trouble: list[Trouble] = field(default_factory=list)
    looks: bool = True
    url: str = ""

    def access(self, **changed: Any) -> Access:
        said = {"url": self.url, "secret": SECRET, "callback_url": "https://portal.example/callback",
                "environment": "TEST", "allow_private": True}  # fmt: skip
        return Access(**{**said, **changed})

    def take(self, headers: Any, body: bytes) -> tuple[int, dict[str, Any]]:
        """Check the signature as the specification's library does, and do what is asked, once for each id."""
        said = Webhook(SECRET).verify(body, dict(headers))
        kind, data = said["type"].removeprefix("provider."), said["data"]
        self.got.append((headers["webhook-id"], said))
        if kind == "look":
            return (200, {"clients": self._listed(data["clients"])}) if self.looks else (404, {})
        if kind != "test" and data["operation"] not in self.answers:
            assert data["operation"] == headers["webhook-id"]
            self.answers[data["operation"]] = self._do(kind, data)
        return 202, {}

    def signed(self, content: dict[str, Any], *, id: str = "", secret: str = SECRET) -> tuple[bytes, dict[str, str]]:
        """A callback's body and headers."""
        at, id, body = datetime.now(UTC), id or f"msg_{uuid.uuid4().hex}", json.dumps(content)
        signature = Webhook(secret).sign(id, at, body)
        stamp = str(int(at.timestamp()))
        return body.encode(), {"webhook-id": id, "webhook-timestamp": stamp, "webhook-signature": signature}

    def _do(self, kind: str, data: dict[str, Any]) -> dict[str, Any]:
        done = {"operation": data["operation"], "outcome": "done"}
        if kind == "set_up":
            client = self.clients.setdefault(
                data["name"], {"client_id": str(uuid.uuid4()), "enabled": True, "keys": {}}
            )
        else:
            found = [one for one in self.clients.values() if one["client_id"] == data["client_id"]]
            if not found:
                return {**done, "outcome": "refused", "reason": "There is no such client."}
            client = found[0]
        match kind:
            case "disable" | "enable":
                client["enabled"] = kind == "enable"
            case "remove_secret":
                client["keys"].pop(data["key_id"], None)
            case _:
                key, until = uuid.uuid4().hex, data["expires_on"]
                client["keys"][key] = {"secret": f"made~{uuid.uuid4().hex}", "expires_on": until}
                return {**done, "client_id": client["client_id"], "client_secret": client["keys"][key]["secret"],
                        "key_id": key, "expires_on": until}  # fmt: skip
        return done

    def _listed(self, wanted: list[str]) -> list[dict[str, Any]]:
        return [
            {"client_id": one["client_id"], "enabled": one["enabled"],
             "secrets": [{"key_id": key, "expires_on": row["expires_on"]} for key, row in one["keys"].items()]}
            for one in self.clients.values() if one["client_id"] in wanted
        ]  # fmt: skip


class _Handler(BaseHTTPRequestHandler):
    vendor: Vendor

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        trouble = next((one for one in self.vendor.trouble if one.times > 0), None)
        status, content, more = 200, b"{}", {}
        if trouble is not None:
            trouble.times -= 1
            time.sleep(trouble.slow)
        if trouble is None or trouble.after:
            status, said = self.vendor.take(self.headers, body)
            content = json.dumps(said).encode()
        if trouble is not None:
            if trouble.hang_up:
                return
            status, content, more = trouble.status or status, trouble.body, trouble.headers
        self.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **more}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def vendor_running() -> Iterator[Vendor]:
    """Serve until the end of the block."""
    vendor = Vendor()
    server = Quiet(("127.0.0.1", 0), type("Handler", (_Handler,), {"vendor": vendor}))
    vendor.url = f"http://127.0.0.1:{server.server_port}/provider"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield vendor
    finally:
        server.shutdown()
        server.server_close()
