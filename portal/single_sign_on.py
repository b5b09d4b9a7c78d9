"""Single sign-on out of the environment: one OpenID Connect issuer (Microsoft Entra ID, Keycloak, ...), or none.

Without OIDC_ISSUER nobody is offered it. With it, the client id and the secret must be there too.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from portal.environment import Environment

PROVIDER_ID = "work"
"""Part of the address that the issuer sends people back to: /account/oidc/work/login/callback/."""

ROLES = ("support", "service_responsible", "cegal", "administrator")
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


@dataclass(frozen=True)
class SingleSignOn:
    """What the settings need: allauth's description of the issuer, and how its groups become roles."""

    apps: list[dict[str, Any]] = field(default_factory=list)
    origins: list[str] = field(default_factory=list)
    groups_claim: str = "groups"
    role_map: dict[str, str] = field(default_factory=dict)


def read(env: Environment) -> SingleSignOn:
    """The single sign-on that the environment describes. Raises ImproperlyConfigured with what to write."""
    issuer = env.text("OIDC_ISSUER").rstrip("/")
    if not issuer:
        return SingleSignOn()
    parts = urlsplit(issuer)
    if not parts.hostname or (parts.scheme != "https" and parts.hostname not in _LOOPBACK):
        raise ImproperlyConfigured(
            "OIDC_ISSUER must begin with https://, such as https://login.microsoftonline.com/TENANT/v2.0."
        )
    app = {
        "provider_id": PROVIDER_ID,
        "name": env.text("OIDC_NAME", "your work account"),
        "client_id": _needed(env, "OIDC_CLIENT_ID"),
        "secret": _needed(env, "OIDC_CLIENT_SECRET"),
        "settings": {
            "server_url": issuer,
            "scope": env.text("OIDC_SCOPES", "openid profile email").split(),
            "oauth_pkce_enabled": True,
            # Entra ID says no email_verified: then the domains that are known to be the issuer's own count
            "verified_email": [domain.lower() for domain in env.names("OIDC_VERIFIED_DOMAINS", [])],
            "email_authentication": True,
        },
    }
    origins = [f"{parts.scheme}://{parts.netloc}", *env.names("OIDC_ORIGINS", [])]
    return SingleSignOn([app], origins, env.text("OIDC_GROUPS_CLAIM", "groups"), role_map(env.text("OIDC_ROLE_MAP")))


def role_map(text: str) -> dict[str, str]:
    """Which role each group brings, out of a JSON object of group to role; several groups may bring one role."""
    sentence = 'OIDC_ROLE_MAP must be a JSON object of group to role, such as {"loop-support": "support"}. Roles: '
    try:
        found = json.loads(text or "{}")
    except ValueError:
        found = None
    if not isinstance(found, dict) or any(role not in ROLES for role in found.values()):
        raise ImproperlyConfigured(sentence + ", ".join(ROLES) + ".")
    return found


def _needed(env: Environment, name: str) -> str:
    if not env.given(name):
        raise ImproperlyConfigured(f"{name} is not set. It must be set because OIDC_ISSUER is.")
    return env.text(name)
