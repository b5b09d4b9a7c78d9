"""The files in which somebody keeps credentials that were shown a moment ago: made for that one answer, stored nowhere.

They hold the client secret: nothing but the page that reveals it may ask for them.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field

from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

from accounts.models import Account
from accounts.readers import postman

JSON = "application/json"
_PLAIN = re.compile(r"[A-Za-z0-9_./:@%+,=-]+")
"""What every reader of such a file takes as it stands."""


@dataclass(frozen=True)
class KeptFile:
    """A file to save: a short key for its place on the page, its name, its type, its text."""

    key: str
    title: str
    name: str
    kind: str
    text: str = field(repr=False)


@sensitive_variables()
def files(account: Account, secret: str) -> list[KeptFile]:
    """An .env file, a Postman environment and the Postman collection for ``account`` with ``secret``."""
    named = file_name(account)
    return [
        KeptFile("env", _("An .env file"), f"loop-{named}.env", "text/plain", dotenv(account, secret)),
        KeptFile(
            "environment", _("Postman environment"), f"loop-{named}.postman_environment.json", JSON,
            _json(postman.environment(account, secret)),
        ),
        KeptFile(
            "collection", _("Postman collection"), "loop-api.postman_collection.json", JSON,
            _json(postman.collection(by_basic=account.environment.token_by_basic)),
        ),
    ]  # fmt: skip


@sensitive_variables()
def dotenv(account: Account, secret: str) -> str:
    """The lines of an .env file, under the names that the examples read."""
    values = {
        "LOOP_TOKEN_URL": account.environment.token_url,
        "LOOP_BASE_URL": account.environment.base_url,
        "LOOP_CLIENT_ID": account.client_id,
        "LOOP_CLIENT_SECRET": secret,
    }
    return "".join(f"{name}={_quoted(value)}\n" for name, value in values.items())


def file_name(account: Account) -> str:
    """The part of a file's name that says which account it is."""
    return re.sub(r"[^A-Za-z0-9.-]+", "-", f"{account.environment.name}-{account.client_id}")[:80]


def _quoted(value: str) -> str:
    """A value as a shell and the usual .env readers take it: in single quotes nothing means anything but itself."""
    if _PLAIN.fullmatch(value):
        return value
    if "'" not in value:
        return f"'{value}'"
    return '"' + re.sub(r'([\\"$`])', r"\\\1", value) + '"'


def _json(content: object) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"
