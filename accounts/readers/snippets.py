"""The first two requests, written out for one account in the languages that people use (SOURCE.md, slide 2).

The texts are templates in ``templates/snippets``: real programs with places for this account's values, each put in as
a literal of that language. None holds a secret: they all read it from the environment variable LOOP_CLIENT_SECRET.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from dataclasses import dataclass

from django.template import Context
from django.template.loader import get_template
from django.utils.translation import gettext_noop

from accounts.gateways import sales
from accounts.gateways.sales import API_PATH as API_PATH
from accounts.models import Account


@dataclass(frozen=True)
class Language:
    """A language of the examples: the ending of its two templates, and how it writes a text."""

    key: str
    title: str
    note: str
    ending: str
    literal: Callable[[str], str]


@dataclass(frozen=True)
class Snippet:
    """The token request and the sales request in one language; the second goes on where the first one ends."""

    language: Language
    token: str
    sales: str


def _powershell(text: str) -> str:
    """A text that PowerShell takes as it stands; it ends one at any of five kinds of quotation marks."""
    return "'" + "".join(letter * 2 if letter in "'‘’‚‛" else letter for letter in text) + "'"


LANGUAGES = (
    Language("curl", "curl", gettext_noop("bash or zsh; no list of processes shows the secret"), "sh", shlex.quote),
    Language("python", "Python", "httpx", "httpx.py", json.dumps),
    Language("msal", "Python, MSAL", gettext_noop("the Microsoft library asks Entra ID itself"), "msal.py", json.dumps),
    Language("csharp", "C#", gettext_noop(".NET 8 or later"), "cs", json.dumps),
    Language("powershell", "PowerShell", gettext_noop("PowerShell 7"), "ps1", _powershell),
    Language(
        "javascript", "JavaScript", gettext_noop("Node.js 20 or later, a file that ends in .mjs"), "mjs", json.dumps
    ),
)


def snippets(account: Account) -> list[Snippet]:
    """Both requests of ``account`` in every language. No query if its environment was fetched with it."""
    return [Snippet(one, _written("token", account, one), _written("sales", account, one)) for one in LANGUAGES]


def token_with_curl(account: Account) -> str:
    """The token request of ``account`` with curl alone."""
    return _written("token", account, LANGUAGES[0])


def sales_address(account: Account) -> str:
    """The address of the sales of the environment of ``account``, without a query."""
    return sales.sales_address(account.environment.base_url)


def sales_request(account: Account) -> str:
    """The address that gives one sale and their number."""
    return sales.first_sale(account.environment.base_url)


def _written(request: str, account: Account, language: Language) -> str:
    address = sales_address(account)
    values = {
        "token_url": account.environment.token_url,
        "client_id": account.client_id,
        "client_id_field": f"client_id={account.client_id}",
        "sales_address": address,
        "sales_url": sales_request(account),
    }
    context: dict[str, object] = {name: language.literal(value) for name, value in values.items()}
    context["basic"] = account.environment.token_by_basic
    template = get_template(f"snippets/{request}.{language.ending}").template  # type: ignore[attr-defined]  # Django's
    return str(template.render(Context(context, autoescape=False))).rstrip("\n")  # code, not HTML: the page escapes it
