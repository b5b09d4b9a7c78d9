"""What Cegal enters for one environment: a value on its way from a form to an action, never a row."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from accounts.models.environment import Environment


@dataclass(frozen=True)
class Setup:
    """One client. The secret never shows in a representation of this. ``key_id``: the provider's id of the secret."""

    environment: Environment
    client_id: str
    client_secret: str = field(repr=False)
    expires_on: date | None = None
    key_id: str = ""
