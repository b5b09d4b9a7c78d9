"""The broker of the embedded default: messages are files in a folder.

Kombu's own transport writes a file in place: a worker that looks at that moment finds it empty and ends with a stack
trace (celery/kombu issue 1551), and a table of queues that was written half stops every later start. Here there is a
whole file or none (ADR 0094).
"""

from __future__ import annotations

import json
import time
import uuid
from pathlib import Path
from queue import Empty
from typing import Any

import structlog
from kombu.exceptions import ChannelError
from kombu.transport import TRANSPORT_ALIASES, filesystem
from kombu.utils.json import dumps

from portal.files import locked, write_whole

log = structlog.get_logger(__name__)


class Channel(filesystem.Channel):
    """Kombu's channel over files, which never shows half a file to a reader."""

    def get_table(self, exchange: str) -> list[Any]:
        """Return the queues bound to `exchange`; a table that cannot be read counts as none: workers bind anew."""
        try:
            return list(super().get_table(exchange))
        except json.JSONDecodeError:
            log.warning("broker_table_unreadable", exchange=exchange)
            return []

    def _queue_bind(self, exchange: str, routing_key: str | None, pattern: str | None, queue: str | None) -> None:
        bound = filesystem.exchange_queue_t(routing_key or "", pattern or "", queue or "")
        with locked(self.control_folder):
            table = self.get_table(exchange)
            if bound not in table:
                _write(self._exchange_file(exchange), [bound, *table])

    def _put(self, queue: str, payload: Any, **_kwargs: Any) -> None:  # type: ignore[override]  # Kombu's two parents differ
        # Readers sort the names, and know the queue by what stands after the first full stop.
        name = f"{time.monotonic_ns() // 1_000_000}_{uuid.uuid4()}.{queue}.msg"
        _write(Path(self.data_folder_out) / name, payload)

    def _get(self, queue: str, timeout: float | None = None) -> Any:
        try:
            return super()._get(queue)
        except json.JSONDecodeError:  # by another hand; what must happen is a row, not this message
            log.warning("broker_message_unreadable", queue=queue)
            raise Empty from None


class Transport(filesystem.Transport):
    """What ``filesystem://`` in CELERY_BROKER_URL means here."""

    Channel = Channel


def _write(path: Path, content: Any) -> None:
    try:
        write_whole(path, dumps(content))
    except OSError as mistake:
        raise ChannelError(f"{path.parent} cannot be written ({mistake.strerror}).") from mistake


def use_folders() -> None:
    """Let Celery take this transport for ``filesystem://``."""
    TRANSPORT_ALIASES["filesystem"] = f"{Transport.__module__}:{Transport.__name__}"
