"""What the issuer puts into its tokens besides what its library does: groups, and whatever a test wants to be wrong."""

import json
from typing import Any

from allauth.idp.oidc.adapter import DefaultOIDCAdapter
from django.conf import settings


def says() -> dict[str, Any]:
    """What ``says.json`` holds now: ``claims`` (userinfo, ID token), ``id_token``, ``access_token``."""
    found: dict[str, Any] = json.loads((settings.FOLDER / "says.json").read_text())
    return found


class Adapter(DefaultOIDCAdapter):
    """The library's own, with the claims of ``says.json`` over it."""

    def get_claims(self, purpose: Any, user: Any, client: Any, scopes: Any, *args: Any, **kwargs: Any) -> Any:
        """The library's claims, and the file's."""
        claims = super().get_claims(purpose, user, client, scopes, *args, **kwargs)
        return {**claims, **says().get("claims", {})}

    def populate_id_token(self, id_token: dict[str, Any], client: Any, scopes: Any, **kwargs: Any) -> None:
        """Change the token's own fields."""
        id_token.update(says().get("id_token", {}))

    def populate_access_token(self, access_token: dict[str, Any], **kwargs: Any) -> None:
        """Change the fields of a token that opens something."""
        access_token.update(says().get("access_token", {}))
