"""A server on 127.0.0.1 that says exactly the bytes it is told to, and remembers what it was sent."""

from __future__ import annotations

import json
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field


@dataclass
class Blunt:
    """One answer for every request; ``pause`` seconds between its bytes, if wanted."""

    answer: bytes = b""
    pause: float = 0.0
    tls: ssl.SSLContext | None = None
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0
    port: int = 0

    def url(self, host: str = "127.0.0.1") -> str:
        return f"{'https' if self.tls else 'http'}://{host}:{self.port}/loop-m2m/loop-api/v1/token"

    def serve(self, line: socket.socket) -> None:
        with line, suppress(OSError):
            self.connections += 1
            talk = self.tls.wrap_socket(line, server_side=True) if self.tls else line
            with talk:
                while request := whole_request(talk):
                    self.requests.append(request)
                    self.say(talk)
                    if b"\r\nContent-Length: " not in self.answer:
                        return

    def say(self, line: socket.socket) -> None:
        if not self.pause:
            line.sendall(self.answer)
            return
        for byte in self.answer:
            line.sendall(bytes([byte]))
            time.sleep(self.pause)


def whole_request(line: socket.socket) -> bytes:
    """Read one request with its body; nothing when the caller has hung up."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = line.recv(65_536)
        if not piece:
            return b""
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0] or 0)
    while len(body) < length:
        body += line.recv(65_536)
    return head + b"\r\n\r\n" + body


def http(status: int, content: object, *headers: str) -> bytes:
    """Write an answer: JSON, or bytes as they are."""
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@contextmanager
def blunt(answer: bytes = b"", *, pause: float = 0.0, tls: ssl.SSLContext | None = None) -> Iterator[Blunt]:
    """Serve until the end of the block."""
    server = Blunt(answer, pause, tls)
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        server.port = listener.getsockname()[1]

        def accept() -> None:
            with suppress(OSError):
                while True:
                    line, _ = listener.accept()
                    threading.Thread(target=server.serve, args=(line,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        try:
            yield server
        finally:
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)


def nobody_listens() -> int:
    """Give a port at which nothing answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
