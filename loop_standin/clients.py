"""Which client ids and secrets are right at the stand-in.

A client that nobody registered has the secret that ``derived_secret`` computes, so that a demonstration needs
no preparation. A registered client has its own secret, a disabled one has none. Secrets are kept as salted
digests only: neither the memory nor the file of the stand-in can give one away.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
import tempfile
import threading
from dataclasses import asdict, dataclass, replace
from pathlib import Path


class BadClientsFile(Exception):
    """The file given with --clients cannot be used; the text says why and what to do."""


def derived_secret(client_id: str) -> str:
    """Give an unregistered client's secret: ``standin-`` and the first 24 hex digits of sha256(client id)."""
    return "standin-" + hashlib.sha256(client_id.encode()).hexdigest()[:24]


def _digest(salt: str, secret: str) -> str:
    return hashlib.sha256(f"{salt}:{secret}".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Client:
    """What was said about one client id. No digest: the derived secret. No environment: every one."""

    enabled: bool = True
    environment: str = ""
    salt: str = ""
    digest: str = ""

    def with_secret(self, secret: str) -> Client:
        salt = secrets.token_hex(16)
        return replace(self, salt=salt, digest=_digest(salt, secret))

    def accepts(self, client_id: str, secret: str, environment: str) -> bool:
        """Say whether ``secret`` is right in ``environment`` (empty: the URL named none)."""
        if self.digest:
            right = hmac.compare_digest(_digest(self.salt, secret), self.digest)
        else:
            right = hmac.compare_digest(secret.encode(), derived_secret(client_id).encode())
        here = not (self.environment and environment) or self.environment.lower() == environment.lower()
        return right and here and self.enabled


class Clients:
    """All registered clients, safe for threads, written to ``path`` (where given) with every change."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._known = _read(path) if path is not None and path.exists() else {}

    def accepts(self, client_id: str, secret: str, environment: str) -> bool:
        """Say whether this pair gets a token in this environment."""
        with self._lock:
            client = self._known.get(client_id, Client())
        return client.accepts(client_id, secret, environment)

    def register(self, client_id: str, secret: str | None, environment: str | None) -> None:
        """Enable a client; a secret or environment that is None stays as it was."""
        with self._lock:
            client = replace(self._known.get(client_id, Client()), enabled=True)
            if environment is not None:
                client = replace(client, environment=environment)
            self._keep(client_id, client.with_secret(secret) if secret is not None else client)

    def disable(self, client_id: str) -> None:
        """Give no more tokens to a client, registered or not. Tokens it has live until they expire."""
        with self._lock:
            self._keep(client_id, replace(self._known.get(client_id, Client()), enabled=False))

    def listed(self) -> list[dict[str, object]]:
        """Give every registered client without its secret, by client id."""
        with self._lock:
            return [
                {"client_id": client_id, "environment": client.environment, "enabled": client.enabled}
                for client_id, client in sorted(self._known.items())
            ]

    def _keep(self, client_id: str, client: Client) -> None:
        known = {**self._known, client_id: client}
        if self._path is not None:
            _write(self._path, known)  # first: a full disk must not leave memory and file apart
        self._known = known


def _read(path: Path) -> dict[str, Client]:
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        return {str(client_id): Client(**row) for client_id, row in rows.items()}
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise BadClientsFile(
            f"{path} is no file of clients that the stand-in wrote ({error}). Remove it or name another."
        ) from None


def _write(path: Path, known: dict[str, Client]) -> None:
    """Replace the file in one step; only its owner may read it."""
    text = json.dumps({client_id: asdict(client) for client_id, client in known.items()}, indent=2)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".new")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as new:
            new.write(text + "\n")
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
