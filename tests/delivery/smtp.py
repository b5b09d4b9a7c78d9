"""A mail server with bad days: it falls silent, hangs up, or refuses. On top of the one in ``tests.servers``."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from aiosmtpd.controller import Controller

from tests.servers import MailServer, free_port


@dataclass
class MoodyServer(MailServer):
    """``silent_from``: the number of mails after which it answers no more; ``hang_up_at``: the mails (from 0) at
    whose content it drops the connection, once each. ``connections`` are those on which a mail was begun."""

    port: int = 0
    silent_from: int | None = None
    hang_up_at: set[int] = field(default_factory=set)
    connections: set[Any] = field(default_factory=set)
    silences: int = 0

    async def handle_MAIL(self, _server: Any, _session: Any, envelope: Any, address: str, options: Any) -> str:
        if refusal := self.answers.get("MAIL"):
            return refusal
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        self.connections.add(session.peer)
        return await super().handle_RCPT(server, session, envelope, address, options)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.silent_from is not None and len(self.mails) >= self.silent_from:
            self.silences += 1
            await asyncio.sleep(3600)
        if len(self.mails) in self.hang_up_at:
            self.hang_up_at.discard(len(self.mails))
            server.transport.abort()
            return "421 never heard"
        return await super().handle_DATA(server, session, envelope)

    def addresses(self) -> list[str]:
        """Who got a mail, in order."""
        return [address for to in self.recipients for address in to]


@contextlib.contextmanager
def listening(server: MoodyServer) -> Iterator[MoodyServer]:
    """Let ``server`` answer on its port for the length of the block; it may be used again afterwards."""
    server.port = server.port or free_port()
    controller = Controller(server, hostname="127.0.0.1", port=server.port)
    controller.start()
    server.url = f"smtp://127.0.0.1:{server.port}"
    try:
        yield server
    finally:
        controller.stop()
