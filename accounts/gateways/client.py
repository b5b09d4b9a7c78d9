"""The HTTP client of every gateway: strict about where it goes and how long it takes; one a process."""

from __future__ import annotations

import base64
import functools
import os
import ssl
from collections.abc import Mapping
from http.cookiejar import DefaultCookiePolicy
from urllib.parse import quote_plus

import httpcore
import httpx

from accounts.gateways.addresses import CheckedBackend, Resolve, system_addresses
from accounts.gateways.deadline import within

TOTAL_SECONDS = 10.0  # half of them to connect
BODY_MOST = 64 * 1024
HEADERS = {"User-Agent": "loop-access-portal", "Accept": "application/json", "Accept-Encoding": "identity"}


class BodyTooLong(Exception):
    """The answer has more than BODY_MOST bytes; the rest was not read."""


class _CheckedTransport(httpx.HTTPTransport):
    def __init__(self, ssl_context: ssl.SSLContext, backend: httpcore.NetworkBackend) -> None:
        super().__init__(verify=ssl_context, trust_env=False)
        # httpx hands no backend on to httpcore, which takes one; tests prove that this pool is in use.
        self._pool = httpcore.ConnectionPool(
            ssl_context=ssl_context, max_connections=20, keepalive_expiry=5.0, network_backend=backend
        )


class GuardedClient(httpx.Client):
    """An httpx client for addresses that people typed in.

    Public addresses only (all of them with ``allow_private``), TLS verified, no redirects, no proxies or
    certificates from the environment, no cookies kept, ``total_seconds`` for a conversation and half of them
    to connect. ``ssl_context`` is for certificates of one's own, ``resolve`` another way to look names up.
    """

    def __init__(
        self,
        *,
        allow_private: bool,
        ssl_context: ssl.SSLContext | None = None,
        resolve: Resolve = system_addresses,
        total_seconds: float = TOTAL_SECONDS,
    ) -> None:
        self.allow_private = allow_private
        self.total_seconds = total_seconds
        context = ssl_context or httpx.create_ssl_context(trust_env=False)
        backend = CheckedBackend(allow_private=allow_private, resolve=resolve)
        super().__init__(
            transport=_CheckedTransport(context, backend),
            timeout=httpx.Timeout(total_seconds, connect=total_seconds / 2),
            follow_redirects=False,
            trust_env=False,
            headers=HEADERS,
        )
        self.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=[]))


@functools.cache
def shared_client(allow_private: bool) -> GuardedClient:
    """Give this process's client; made at the first call, since loading the certificates takes its time."""
    return GuardedClient(allow_private=allow_private)


# Connections must not be shared by two processes: a worker's child makes a client of its own.
os.register_at_fork(after_in_child=shared_client.cache_clear)


def post_form(
    client: GuardedClient, url: httpx.URL, form: Mapping[str, str], *, headers: Mapping[str, str] | None = None
) -> tuple[httpx.Response, bytes]:
    """Send a form and give the answer with its body, within the client's ``total_seconds``.

    Raises AddressRefused, BodyTooLong or what httpx raises; none of them holds the form's values in its text.
    """
    with within(client.total_seconds), client.stream("POST", url, data=form, headers=headers) as answer:
        return answer, _whole_body(answer)


def basic(client_id: str, client_secret: str) -> dict[str, str]:
    """The header that says who asks, by HTTP Basic: both parts are form-encoded first (RFC 6749, section 2.3.1).

    Raises UnicodeEncodeError for a text that is no UTF-8.
    """
    pair = f"{quote_plus(client_id)}:{quote_plus(client_secret)}"
    return {"Authorization": "Basic " + base64.b64encode(pair.encode("ascii")).decode("ascii")}


def get_with_token(client: GuardedClient, url: httpx.URL, token: str) -> tuple[httpx.Response, bytes]:
    """Ask for ``url`` with a bearer ``token`` and give the answer with its body; raises as ``post_form``."""
    headers = {"Authorization": f"Bearer {token}"}
    with within(client.total_seconds), client.stream("GET", url, headers=headers) as answer:
        return answer, _whole_body(answer)


def _whole_body(answer: httpx.Response) -> bytes:
    body = b""
    for piece in answer.iter_raw():
        body += piece
        if len(body) > BODY_MOST:
            raise BodyTooLong
    return body
