"""What a token says of itself, read without trusting it: the signature is for the API to check, not for the portal.

Where it is no JWT it is opaque (RFC 6749, section 1.4), and says nothing to anybody but the API.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

TEXT_MOST = 200
_CLIENT = ("azp", "appid", "client_id")
"""Whose token it is: OpenID Connect and Entra ID v2, Entra ID v1, RFC 9068."""


@dataclass(frozen=True, slots=True)
class Claims:
    """The claims of a JWT that are looked at; "" and None for what it does not say. ``opaque``: it is no JWT."""

    client: str = ""
    audience: str = ""
    expires_at: datetime | None = None
    opaque: bool = True


NOTHING_SAID = Claims()
"""What an opaque token says, and a check without a token."""


def read_claims(token: str, secret: str) -> Claims:
    """The claims of ``token``; whatever it holds, never an exception. A text in which ``secret`` stands is left out."""
    content = _payload(token)
    if content is None:
        return NOTHING_SAID
    client = next((content[name] for name in _CLIENT if isinstance(content.get(name), str)), "")
    return Claims(
        client=_clean(client, secret),
        audience=_clean(_audience(content.get("aud")), secret),
        expires_at=_moment(content.get("exp")),
        opaque=False,
    )


def _payload(token: str) -> dict[str, Any] | None:
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        found = [json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))) for part in parts[:2]]
    except (ValueError, RecursionError):
        return None
    return found[1] if all(isinstance(part, dict) for part in found) else None


def _audience(said: object) -> str:
    several = said if isinstance(said, list) else [said]
    return ", ".join(one for one in several if isinstance(one, str))


def _moment(said: object) -> datetime | None:
    if isinstance(said, bool) or not isinstance(said, int | float):
        return None
    try:
        return datetime.fromtimestamp(said, UTC)
    except (OverflowError, ValueError, OSError):
        return None


def _clean(text: str, secret: str) -> str:
    """The server's own words: one line of printable letters, and never what was sent to it."""
    if not text.isprintable() or (secret and secret in text):
        return ""
    return text.strip()[:TEXT_MOST]
