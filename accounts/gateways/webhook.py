"""Sending a webhook: one POST to an address that an administrator typed in; what came of it, in a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import httpx

from accounts.gateways.addresses import AddressRefused
from accounts.gateways.client import GuardedClient, shared_client
from accounts.gateways.deadline import within


@dataclass(frozen=True)
class Answer:
    """Was it taken (any 2xx), and if not, why not."""

    ok: bool
    why: str = ""


def url_problem(url: str, *, allow_private: bool) -> str:
    """Why an address cannot be a webhook's, "" when it can. Its host is looked up at every sending."""
    try:
        said = httpx.URL(url)
    except httpx.InvalidURL:
        return "This is no web address."
    if not said.host or said.scheme not in (("https", "http") if allow_private else ("https",)):
        return "The address must begin with https://."
    return "The address must not hold a user name or a password." if said.userinfo else ""


def send(
    url: str, headers: Mapping[str, str], content: bytes, *, allow_private: bool, client: GuardedClient | None = None
) -> Answer:
    """POST ``content``. Private addresses are refused, redirects are not followed, the answer's body is not read.

    Whatever the other side does is an answer, never an exception, and takes at most the client's ``total_seconds``.
    """
    client = client or shared_client(allow_private)
    if problem := url_problem(url, allow_private=client.allow_private):
        return Answer(False, problem)
    host = httpx.URL(url).host
    try:
        with within(client.total_seconds), client.stream("POST", url, content=content, headers=dict(headers)) as got:
            status = got.status_code
    except AddressRefused as error:
        return Answer(False, f"{host} has the address {error.address}, which is not public. Nothing was sent.")
    except httpx.TimeoutException:
        return Answer(False, f"{host} did not answer in time.")
    except httpx.HTTPError:
        return Answer(False, f"{host} cannot be reached, or broke off.")
    if 200 <= status < 300:
        return Answer(True)
    return Answer(False, f"{host} answered with {status}.")
