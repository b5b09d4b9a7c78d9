"""The first request after the token by telephone: does the Loop API give sales for it?"""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import httpx

from accounts.gateways.addresses import AddressRefused
from accounts.gateways.client import BodyTooLong, GuardedClient, get_with_token, shared_client
from accounts.gateways.loop import json_object, web_address

API_PATH = "/loop-m2m/loop-api/v1"
FIRST_SALE = "?page=1&limit=1&countQueries=true"


class SalesOutcome(StrEnum):
    """What came of asking for sales."""

    OK = "ok"
    TOKEN_REFUSED = "token_refused"  # noqa: S105 - a word, not a token
    NOT_ALLOWED = "not_allowed"
    UNREACHABLE = "unreachable"
    UNEXPECTED = "unexpected"


@dataclass(frozen=True, slots=True)
class SalesCheck:
    """The result: an English sentence with ``%(name)s`` places for ``params``, without the token."""

    outcome: SalesOutcome
    sentence: str
    params: dict[str, Any] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Did sales come?"""
        return self.outcome is SalesOutcome.OK

    def __str__(self) -> str:
        return self.sentence % self.params


def _(sentence: str) -> str:
    """Mark a sentence for translation."""
    return sentence


def sales_address(base_url: str) -> str:
    """The address of the sales of an environment, without a query (SOURCE.md, slide 2)."""
    return base_url.rstrip("/") + API_PATH + "/sales"


def first_sale(base_url: str) -> str:
    """The address that gives one sale and their number."""
    return sales_address(base_url) + FIRST_SALE


def check_sales(sales_url: str, token: str, *, allow_private: bool, client: GuardedClient | None = None) -> SalesCheck:
    """Ask ``sales_url`` for one sale with ``token`` and say what came of it; the answer is dropped.

    Whatever the other side does is an outcome, never an exception. The token goes over TLS to a public address
    alone, unless ``allow_private``.
    """
    url = web_address(sales_url)
    if not url.host or url.scheme not in (("https", "http") if allow_private else ("https",)):
        return SalesCheck(SalesOutcome.UNREACHABLE, _("The base URL is no address that may be asked. Tell Support."))
    host = {"host": url.host}
    try:
        answer, body = get_with_token(client or shared_client(allow_private), url, token)
    except UnicodeEncodeError:  # quotes the token: it must not get out
        return SalesCheck(SalesOutcome.UNEXPECTED, _("The token holds a character that cannot be sent."))
    except AddressRefused:
        said = _("%(host)s has an address that is not public. Nothing was sent. Tell Support.")
        return SalesCheck(SalesOutcome.UNREACHABLE, said, host)
    except BodyTooLong:
        said = _("%(host)s answered with far more than one sale. Tell Support.")
        return SalesCheck(SalesOutcome.UNEXPECTED, said, host)
    except (httpx.HTTPError, ssl.SSLError):
        return SalesCheck(SalesOutcome.UNREACHABLE, _("%(host)s cannot be reached. Try again later."), host)
    return _judged(url.host, answer.status_code, json_object(body))


def _judged(host: str, status: int, content: dict[str, Any]) -> SalesCheck:
    """Say what an answer means."""
    params = {"host": host, "status": status}
    if status == 200 and isinstance(content.get("data"), list):
        return SalesCheck(SalesOutcome.OK, _("%(host)s accepted the token and answered with sales."), params)
    if status == 401:
        said = _("%(host)s does not accept the token (HTTP %(status)s). Tell Support.")
        return SalesCheck(SalesOutcome.TOKEN_REFUSED, said, params)
    if status == 403:
        said = _("%(host)s knows the token and does not allow it to read sales (HTTP %(status)s). Tell Support.")
        return SalesCheck(SalesOutcome.NOT_ALLOWED, said, params)
    said = _("%(host)s answered HTTP %(status)s without sales. Try again later; if it stays so, tell Support.")
    return SalesCheck(SalesOutcome.UNEXPECTED, said, params)
