"""The gateway's log: one line of JSON for every call of the API, in the form that ``import_usage`` reads."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime
from pathlib import Path

NOBODY = "-"  # as in any access log: the call did not show who made it


class GatewayLog:
    """Appends to a file, a line at a time and at once. Without a path it keeps nothing."""

    def __init__(self, path: Path | None) -> None:
        self._lock = threading.Lock()
        self._file = path.open("a", encoding="utf-8") if path is not None else None

    def write(self, now: float, client_id: str, method: str, path: str, status: int) -> None:
        """Note one call; ``now`` in Unix seconds, ``path`` without its query."""
        if self._file is None:
            return
        line = {
            "timestamp": datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds"),
            "client_id": client_id or NOBODY,
            "method": method,
            "path": path,
            "status": status,
        }
        with self._lock:
            if not self._file.closed:
                self._file.write(json.dumps(line, ensure_ascii=False) + "\n")
                self._file.flush()

    def close(self) -> None:
        """Close the file; a call that is still under way then goes unlogged."""
        with self._lock:
            if self._file is not None:
                self._file.close()
