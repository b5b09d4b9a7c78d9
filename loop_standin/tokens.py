"""Access tokens of the stand-in: JWTs (RFC 7519), signed with HS256 under a key that the process made up."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from typing import Any

LIFETIME = 3599
# The shape of an issuer of Microsoft Entra ID, with a tenant that does not exist.
ISSUER = "https://login.microsoftonline.com/00000000-0000-4000-8000-000000000000/v2.0"


class BadToken(Exception):
    """The token is not one of ours, is for another environment, or has expired."""


class Tokens:
    """Issues and checks tokens. All times are Unix seconds."""

    def __init__(self, lifetime: int = LIFETIME) -> None:
        self.lifetime = lifetime
        self._key = secrets.token_bytes(32)

    def issue(self, client_id: str, environment: str, now: float) -> str:
        """Give a signed token for a client in an environment (empty: none was named)."""
        issued = int(now)
        claims = {
            "aud": audience(environment),
            "iss": ISSUER,
            "iat": issued,
            "nbf": issued,
            "exp": issued + self.lifetime,
            "azp": client_id,
            "azpacr": "1",
            "jti": secrets.token_hex(8),
            "ver": "2.0",
        }
        unsigned = _part({"typ": "JWT", "alg": "HS256"}) + "." + _part(claims)
        return unsigned + "." + self._signature(unsigned)

    def check(self, token: str, environment: str, now: float) -> str:
        """Give the client id of a good token; raises BadToken with the reason otherwise."""
        unsigned, _, signature = token.rpartition(".")
        if not hmac.compare_digest(signature.encode(), self._signature(unsigned).encode()):
            raise BadToken("The token was not issued by this server.")
        claims = _claims(unsigned)
        if claims["aud"] != audience(environment):
            raise BadToken("The token is for another environment.")
        if now >= claims["exp"]:
            raise BadToken("The token has expired.")
        return str(claims["azp"])

    def _signature(self, unsigned: str) -> str:
        return _base64(hmac.digest(self._key, unsigned.encode(), hashlib.sha256))


def audience(environment: str) -> str:
    """Give the ``aud`` claim of the tokens of an environment."""
    return "api://loop-m2m" + (f"/{environment.lower()}" if environment else "")


def _part(claims: dict[str, Any]) -> str:
    return _base64(json.dumps(claims, separators=(",", ":")).encode())


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _claims(unsigned: str) -> dict[str, Any]:
    """Read the claims of a token whose signature was found right."""
    text = unsigned.partition(".")[2]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    return claims
