"""What the adapters of providers share: one bounded request, and what went wrong as an outcome."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Any

import httpx

from accounts.gateways.addresses import AddressRefused
from accounts.gateways.client import BODY_MOST, BodyTooLong, GuardedClient
from accounts.gateways.deadline import within
from accounts.gateways.provider import Outcome, Seen, Verdict

PAGE_MOST = 8 * 1024 * 1024
WAIT_MOST = 3600.0
LATER = (408, 409, 423, 425, 429)


class Halt(Exception):
    """The conversation ends here with this outcome. It holds neither a secret nor a token."""

    def __init__(self, outcome: Outcome) -> None:
        self.outcome = outcome
        super().__init__(outcome.sentence % outcome.params)


@dataclass(frozen=True)
class Reply:
    """What the other side said: status, the seconds it asks to wait (None: it did not say), the body."""

    status: int
    wait: float | None
    body: bytes

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    def content(self) -> dict[str, Any]:
        """The JSON object that came; {} for anything else, half an answer say, or texts that nobody can store."""
        try:
            content = json.loads(self.body)
            return content if isinstance(content, dict) and is_storable(content) else {}
        except (ValueError, RecursionError):
            return {}


def is_storable(said: Any) -> bool:
    """Can every text in ``said`` be stored, and sent? JSON also writes NUL and halves of characters (surrogates)."""
    if isinstance(said, str):
        return "\0" not in said and (said.isascii() or not any("\ud800" <= one <= "\udfff" for one in said))
    if isinstance(said, dict):
        return all(is_storable(name) and is_storable(one) for name, one in said.items())
    return all(map(is_storable, said)) if isinstance(said, list) else True


def _(sentence: str) -> str:
    """Mark a sentence for translation."""
    return sentence


def checked(text: str, *, allow_private: bool) -> httpx.URL:
    """An address that may be asked. Raises Halt for one without TLS, or without a host."""
    url = httpx.URL(text)
    if url.scheme != "https" and not (url.scheme == "http" and allow_private):
        raise Halt(Outcome(Verdict.REFUSED, _("The provider’s address does not begin with https://. Correct it.")))
    if not url.host or url.userinfo:
        raise Halt(Outcome(Verdict.REFUSED, _("The provider’s address cannot be used. Correct it.")))
    return url


def ask(
    client: GuardedClient,
    method: str,
    url: httpx.URL,
    *,
    content: bytes | None = None,
    form: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    most: int = BODY_MOST,
) -> Reply:
    """One request within the client's ``total_seconds``, at most ``most`` bytes of answer. Raises what httpx raises."""
    said = {"content": content} if content is not None else {"data": dict(form)} if form is not None else {}
    with within(client.total_seconds), client.stream(method, url, headers=dict(headers or {}), **said) as answer:
        body = b""
        for piece in answer.iter_raw():
            body += piece
            if len(body) > most:
                raise BodyTooLong
        return Reply(answer.status_code, _seconds(answer.headers.get("Retry-After", "")), body)


def refused_or_later(reply: Reply, who: str) -> Halt:
    """An answer that is no success: a busy or broken server is asked again, anything else a person must see."""
    params = {"who": who, "status": reply.status}
    if reply.status >= 500 or reply.status in LATER:
        said = _("%(who)s is busy or out of order (HTTP %(status)s). It is tried again.")
        return Halt(Outcome(Verdict.LATER, said, params, wait=reply.wait))
    if 300 <= reply.status < 400:
        said = _("%(who)s leads to another address (HTTP %(status)s). That is not followed; correct the address.")
        return Halt(Outcome(Verdict.REFUSED, said, params))
    return Halt(Outcome(Verdict.REFUSED, _("%(who)s refused this (HTTP %(status)s)."), params))


def in_words(work: Callable[..., Outcome]) -> Callable[..., Outcome]:
    """Give an outcome whatever happens on the line."""

    @wraps(work)
    def said(*args: Any) -> Outcome:
        try:
            return work(*args)
        except Halt as halt:
            return halt.outcome
        except ON_THE_LINE as error:
            return no_answer(error)

    return said


def seen_in_words(work: Callable[..., None]) -> Callable[..., Seen]:
    """Give what was seen so far whatever happens on the line: ``work`` fills it in."""

    @wraps(work)
    def said(self: Any, clients: Any) -> Seen:
        seen = Seen()
        try:
            work(self, clients, seen)
        except Halt as halt:
            seen.problem, seen.params = halt.outcome.sentence, halt.outcome.params
        except ON_THE_LINE as error:
            seen.problem = no_answer(error).sentence
        return seen

    return said


ON_THE_LINE = (httpx.HTTPError, AddressRefused, BodyTooLong, httpx.InvalidURL, UnicodeError)


def no_answer(error: Exception) -> Outcome:
    """What went wrong on the line. Whether the other side did what it was asked, nobody knows."""
    if isinstance(error, AddressRefused):
        said = _("The provider’s address is not on the public internet. Nothing was sent; correct the address.")
        return Outcome(Verdict.REFUSED, said)
    if isinstance(error, httpx.InvalidURL | UnicodeError):
        return Outcome(Verdict.REFUSED, _("The provider’s address, or its secret, cannot be sent. Set it anew."))
    if isinstance(error, httpx.TimeoutException):
        return Outcome(Verdict.LATER, _("The provider did not answer in time. It is tried again."))
    if isinstance(error, BodyTooLong):
        return Outcome(Verdict.LATER, _("The provider’s answer is too long to be one. It is tried again."))
    return Outcome(Verdict.LATER, _("The provider broke off, or cannot be reached. It is tried again."))


def _seconds(retry_after: str) -> float | None:
    said = retry_after.isascii() and retry_after.isdigit()
    return min(float(retry_after[:9]), WAIT_MOST) if said else None
