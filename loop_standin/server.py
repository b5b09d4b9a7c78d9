"""The HTTP server of the stand-in: takes requests apart, asks the API or the admin door, sends and logs."""

from __future__ import annotations

import re
import socket
import sys
import threading
import time
from collections.abc import Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from loop_standin.admin import AdminDoor
from loop_standin.answers import Answer, error, json_answer
from loop_standin.api import LoopApi
from loop_standin.behaviour import HUGE, Behaviour, Behaviours, huge_body, wrong_answer
from loop_standin.gatewaylog import GatewayLog

API = re.compile(r"(?:/(?P<environment>[A-Za-z0-9_-]{1,60}))?/loop-m2m/loop-api/v1/(?P<name>token|sales)")
METHODS = {"token": "POST", "sales": "GET"}
BODY_MOST = 64 * 1024
GRACE_SECONDS = 3.0


class StandIn(ThreadingHTTPServer):
    """The server; ``port`` 0 takes a free one. ``stop`` ends it from any thread."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], api: LoopApi, log: GatewayLog, delay_ms: int) -> None:
        self.behaviours = Behaviours()
        self.api = api
        self.admin = AdminDoor(api.clients, self.behaviours)
        self.log = log
        self.delay_ms = delay_ms
        self.stopping = threading.Event()
        self._busy = 0
        self._idle = threading.Condition()
        if ":" in address[0]:
            self.address_family = socket.AF_INET6
        super().__init__(address, Handler)

    @property
    def url(self) -> str:
        """The address to reach it at."""
        host = f"[{self.server_name}]" if ":" in self.server_name else self.server_name
        return f"http://{host}:{self.server_port}"

    def server_bind(self) -> None:
        """Bind without asking the name service who we are, as the base class does."""
        super(ThreadingHTTPServer, self).server_bind()
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def begin(self) -> None:
        """Note that a request is being answered."""
        with self._idle:
            self._busy += 1

    def end(self) -> None:
        """Note that a request was answered."""
        with self._idle:
            self._busy -= 1
            self._idle.notify_all()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Tell of an error on standard error, unless it is only a caller that went away."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    def stop(self) -> None:
        """Take no more requests, let those under way finish (at most GRACE_SECONDS), close the log."""
        self.stopping.set()
        self.shutdown()
        with self._idle:
            self._idle.wait_for(lambda: self._busy == 0, GRACE_SECONDS)
        self.log.close()


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    server: StandIn
    protocol_version = "HTTP/1.1"
    server_version = "LoopStandIn"
    sys_version = ""
    timeout = 60
    wbufsize = -1  # head and body leave in one packet

    def _serve(self) -> None:
        self.server.begin()
        try:
            self._answer()
            self.wfile.flush()
        finally:
            self.server.end()

    do_GET = do_POST = do_PUT = do_DELETE = _serve  # noqa: N815 - the base class's names

    def log_message(self, format: str, *args: object) -> None:
        """Stay silent: the gateway's log is the record."""

    def _answer(self) -> None:
        path, _, query = self.path.partition("?")
        body = self._body()
        if isinstance(body, Answer):
            self.close_connection = True  # what was not read would be taken for the next request
            self._send(body)
        elif route := API.fullmatch(path):
            self._call(route["environment"] or "", route["name"], path, query, body)
        elif path == "/healthz":
            self._send(json_answer(200, {"status": "ok"}))
        elif path.startswith("/standin/"):
            self._send(self.server.admin.answer(self.command, path, body))
        else:
            self._send(error(404, "not_found", "There is nothing at this address."))

    def _body(self) -> bytes | Answer:
        if "Transfer-Encoding" in self.headers:
            return error(411, "invalid_request", "Send the body with a Content-Length.")
        length = self.headers.get("Content-Length", "0")
        if not (length.isascii() and length.isdigit()):
            return error(400, "invalid_request", "Content-Length is not a number.")
        if int(length) > BODY_MOST:
            return error(413, "invalid_request", f"The body must not be longer than {BODY_MOST} bytes.")
        return self.rfile.read(int(length))

    def _call(self, environment: str, name: str, path: str, query: str, body: bytes) -> None:
        """Answer a call of the API, as well or as badly as was asked."""
        behaviour = self.server.behaviours.take()
        if self.server.delay_ms:
            self.server.stopping.wait(self.server.delay_ms / 1000)
        if behaviour.mode == "slow":
            self.server.stopping.wait(behaviour.delay_ms / 1000)
        if behaviour.mode in ("ok", "slow", "drip"):
            answer, client_id = self._right(environment, name, query, body)
        else:
            answer, client_id = wrong_answer(behaviour.mode, path), ""
        self.server.log.write(time.time(), client_id, self.command, path, answer.status)
        self._deliver(answer, behaviour)

    def _right(self, environment: str, name: str, query: str, body: bytes) -> tuple[Answer, str]:
        if self.command != METHODS[name]:
            return error(405, "invalid_request", f"Use {METHODS[name]}.", Allow=METHODS[name]), ""
        if name == "token":
            return self.server.api.token(environment, self.headers.get("Content-Type", ""), body, time.time())
        return self.server.api.sales(environment, self.headers.get("Authorization", ""), query, time.time())

    def _deliver(self, answer: Answer, behaviour: Behaviour) -> None:
        if behaviour.mode == "hang":
            self.server.stopping.wait()
            self.close_connection = True
        elif behaviour.mode == "huge":
            self._send_pieces(answer, HUGE, huge_body())
        elif behaviour.mode == "truncated":
            self._send_pieces(answer, len(answer.body) + 500, [answer.body])
            self.close_connection = True
        elif behaviour.mode == "drip":
            self._drip(answer, behaviour.delay_ms / 1000)
        else:
            self._send(answer)

    def _drip(self, answer: Answer, pause: float) -> None:
        self._send_pieces(answer, len(answer.body), [])
        for byte in answer.body:
            self.wfile.write(bytes([byte]))
            self.wfile.flush()
            if self.server.stopping.wait(pause):
                self.close_connection = True
                return

    def _send(self, answer: Answer) -> None:
        self._send_pieces(answer, len(answer.body), [answer.body])

    def _send_pieces(self, answer: Answer, length: int, pieces: Iterable[bytes]) -> None:
        """Send an answer that announces ``length`` bytes."""
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(length))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if self.close_connection or self.server.stopping.is_set():
            self.send_header("Connection", "close")
        self.end_headers()
        for piece in pieces:
            self.wfile.write(piece)
