"""The Loop API by telephone: is this client id with this secret right at this token URL?"""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import Any

import httpx

from accounts.gateways.addresses import AddressRefused, NameNotFound
from accounts.gateways.claims import NOTHING_SAID, Claims, read_claims
from accounts.gateways.client import BODY_MOST, BodyTooLong, GuardedClient, basic, post_form, shared_client

# RFC 6749, section 5.2, and what Microsoft Entra ID adds. Only these are repeated to people: any other text
# in an answer is the server's own, and might hold what was sent.
OAUTH_ERRORS = {
    "access_denied",
    "interaction_required",
    "invalid_client",
    "invalid_grant",
    "invalid_request",
    "invalid_resource",
    "invalid_scope",
    "server_error",
    "temporarily_unavailable",
    "unauthorized_client",
    "unsupported_grant_type",
}


PORT_MOST = 65_535


class Outcome(StrEnum):
    """What came of a check."""

    OK = "ok"
    WRONG_SECRET = "wrong_secret"  # noqa: S105 - a word, not a secret
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    UNEXPECTED = "unexpected"
    REDIRECTED = "redirected"
    ADDRESS_REFUSED = "address_refused"
    OTHER_CLIENT = "other_client"
    EXPIRED = "expired"
    NOT_OPENED = "not_opened"


LASTING = frozenset({Outcome.OK, Outcome.REDIRECTED, Outcome.ADDRESS_REFUSED, Outcome.OTHER_CLIENT, Outcome.NOT_OPENED})
"""What stays so, however often one asks. The rest may be otherwise in a while: a new secret is not known everywhere
at once, and a server that is away comes back."""


@dataclass(frozen=True, slots=True)
class TokenCheck:
    """The result of one check. It holds neither the secret nor the token.

    ``sentence`` is an English text with ``%(name)s`` places for ``params``, so that a door can say it in
    another language; ``str()`` gives it in English. ``expires_in`` is the life of a token in seconds, where
    it was told; ``claims`` is what the token says of itself, which nobody vouches for.
    """

    outcome: Outcome
    sentence: str
    params: dict[str, Any] = field(default_factory=dict)
    http_status: int | None = None
    expires_in: int | None = None
    elapsed_ms: int = 0
    claims: Claims = NOTHING_SAID

    @property
    def ok(self) -> bool:
        """Say whether the client id and the secret were right."""
        return self.outcome is Outcome.OK

    def __str__(self) -> str:
        return self.sentence % self.params


def _(sentence: str) -> str:
    """Mark a sentence for translation."""
    return sentence


def _found(outcome: Outcome, sentence: str, **params: Any) -> TokenCheck:
    return TokenCheck(outcome, sentence, params, http_status=params.get("status"))


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """How a token is asked for. ``by_basic``: the client id and the secret go in the header, not in the form."""

    client_id: str
    client_secret: str = field(repr=False)
    by_basic: bool = False
    now: datetime | None = None


def check_token(
    token_url: str,
    client_id: str,
    client_secret: str,
    *,
    allow_private: bool,
    by_basic: bool = False,
    now: datetime | None = None,
    then: Callable[[str], object] = lambda _token: None,
    client: GuardedClient | None = None,
) -> TokenCheck:
    """Ask for a token with ``grant_type=client_credentials`` and say what came of it; the token is dropped.

    Success is 200 or 201 with a JSON object that carries an ``access_token`` (DOMAIN.md, Credentials), of the type
    Bearer where it says one, and of this client where it says whose it is. With ``now`` one that says that it
    expired already is none. ``then`` is given the token of a success, at once. Whatever the other side does is an
    outcome, never an exception, and takes at most TOTAL_SECONDS. Without ``allow_private`` only https and public
    addresses will do. ``client`` (by default the process's own) must be made with the same ``allow_private``.
    """
    check, token = fetch_token(
        token_url, client_id, client_secret, allow_private=allow_private, by_basic=by_basic, now=now, client=client
    )
    if check.ok:
        then(token)
    return check


def fetch_token(
    token_url: str,
    client_id: str,
    client_secret: str,
    *,
    allow_private: bool,
    by_basic: bool = False,
    now: datetime | None = None,
    client: GuardedClient | None = None,
) -> tuple[TokenCheck, str]:
    """As ``check_token``, with the token itself ("" without one): for a request that is made at once."""
    client = client or shared_client(allow_private)
    if client.allow_private != allow_private:
        raise ValueError("allow_private must be what the client was made with")
    asked = TokenRequest(client_id, client_secret, by_basic, now)
    started = time.monotonic()
    check, token = _check(token_url, asked, client)
    return replace(check, elapsed_ms=round((time.monotonic() - started) * 1000)), token


def _check(token_url: str, asked: TokenRequest, client: GuardedClient) -> tuple[TokenCheck, str]:
    url = web_address(token_url)
    if problem := _url_problem(url, client.allow_private):
        return _found(Outcome.ADDRESS_REFUSED, problem), ""
    try:
        answer, body = _sent(client, url, asked)
    except UnicodeEncodeError:  # quotes the text that is no UTF-8: it must not get out
        said = _("The client id or the secret holds a character that cannot be sent. Type them in again.")
        return _found(Outcome.WRONG_SECRET, said), ""
    except (AddressRefused, BodyTooLong, httpx.HTTPError) as error:
        return _no_answer(url.host, error), ""
    content = json_object(body)
    check = _judged(url.host, answer.status_code, content)
    if not check.ok:
        return check, ""
    token = content["access_token"].strip()
    check = _looked_into(check, read_claims(token, asked.client_secret), asked)
    return check, token if check.ok else ""


def _sent(client: GuardedClient, url: httpx.URL, asked: TokenRequest) -> tuple[httpx.Response, bytes]:
    form = {"grant_type": "client_credentials"}
    if asked.by_basic:
        return post_form(client, url, form, headers=basic(asked.client_id, asked.client_secret))
    return post_form(client, url, {**form, "client_id": asked.client_id, "client_secret": asked.client_secret})


def _looked_into(check: TokenCheck, found: Claims, asked: TokenRequest) -> TokenCheck:
    """Is it a token of this client that still lives, as far as the token itself says?"""
    if found.client and found.client.lower() != asked.client_id.strip().lower():
        said = _(
            "%(host)s gave a token that belongs to another client: %(client)s. Check the client id and the secret."
        )
        check = replace(
            check, outcome=Outcome.OTHER_CLIENT, sentence=said, params={**check.params, "client": found.client}
        )
    elif found.expires_at and asked.now and found.expires_at <= asked.now:
        said = _("%(host)s gave a token that has expired already. Its clock or ours is wrong.")
        check = replace(check, outcome=Outcome.EXPIRED, sentence=said)
    return replace(check, claims=found)


def web_address(text: str) -> httpx.URL:
    """``text`` as an address; what is none is an empty one."""
    try:
        return httpx.URL(text)
    except httpx.InvalidURL:
        return httpx.URL()


def _url_problem(url: httpx.URL, allow_private: bool) -> str:
    """Say why a token URL will not do; empty when it will."""
    if url.scheme not in ("https", "http") or not url.host or (url.port or 0) > PORT_MOST:
        return _("The token URL is not a web address. Correct it.")
    if url.scheme == "http" and not allow_private:
        return _("The token URL must begin with https://, or the secret could be read on its way.")
    if url.userinfo:
        return _("The token URL must not hold a user name or a password. Correct it.")
    return ""


def _no_answer(host: str, error: AddressRefused | BodyTooLong | httpx.HTTPError) -> TokenCheck:
    """Say why there is no answer to judge."""
    if isinstance(error, AddressRefused):
        said = _("%(host)s has the address %(address)s, which is not public. Nothing was sent.")
        return _found(Outcome.ADDRESS_REFUSED, said, host=host, address=error.address)
    if isinstance(error, BodyTooLong):
        said = _("%(host)s answered with more than %(kilobytes)s KB: no token. Check the token URL.")
        return _found(Outcome.UNEXPECTED, said, host=host, kilobytes=BODY_MOST // 1024)
    if isinstance(error, httpx.TimeoutException):
        return _found(Outcome.TIMEOUT, _("%(host)s did not answer in time. Try again later."), host=host)
    if isinstance(error, httpx.ReadError | httpx.RemoteProtocolError):
        said = _("%(host)s broke off, or does not speak HTTP. Try again, or check the token URL.")
        return _found(Outcome.UNEXPECTED, said, host=host)
    return _found(Outcome.UNREACHABLE, _why_unreachable(error), host=host)


def _why_unreachable(error: BaseException) -> str:
    """Find the reason among the causes of httpx's error, which alone says little."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return _("%(host)s did not prove its identity (TLS), so nothing was sent. Check the token URL.")
        if isinstance(cause, NameNotFound):
            return _("The name %(host)s cannot be found. Check the token URL.")
        cause = cause.__cause__ or cause.__context__  # httpcore raises again "from None"
    return _("%(host)s cannot be reached. Try again later, or check the token URL.")


def json_object(body: bytes) -> dict[str, Any]:
    """Read a JSON object; anything else counts as an empty one."""
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def _judged(host: str, status: int, content: dict[str, Any]) -> TokenCheck:
    """Say what an answer means."""
    found = partial(_found, host=host, status=status)
    token, error = content.get("access_token"), content.get("error")
    if 300 <= status < 400:
        said = _("%(host)s points to another address; the secret was not sent there. Check the token URL.")
        return found(Outcome.REDIRECTED, said)
    if status in (200, 201) and isinstance(token, str) and token.strip():
        return _shaped(found, content)
    if error == "invalid_client":
        said = _("invalid_client: %(host)s does not accept this client id with this secret. Check both.")
        return found(Outcome.WRONG_SECRET, said)
    if isinstance(error, str) and error:
        said = _("%(host)s refused the request (%(error)s, HTTP %(status)s).")
        return found(Outcome.REFUSED, said, error=error if error in OAUTH_ERRORS else "?")
    said = _("%(host)s answered HTTP %(status)s without a token. Check the token URL.")
    return found(Outcome.UNEXPECTED, said)


def _shaped(found: Callable[..., TokenCheck], content: dict[str, Any]) -> TokenCheck:
    """A token came: has the answer the shape of RFC 6749, section 5.1? What it leaves out is not held against it."""
    kind, life = content.get("token_type", "Bearer"), content.get("expires_in")
    if not isinstance(kind, str) or kind.lower() != "bearer":
        return found(
            Outcome.UNEXPECTED, _("%(host)s gave a token that is not of the type Bearer. Check the token URL.")
        )
    seconds = _seconds(life)
    if life is not None and seconds is None:
        said = _("%(host)s gave a token without saying rightly how long it is valid. Check the token URL.")
        return found(Outcome.UNEXPECTED, said)
    return replace(found(Outcome.OK, _("%(host)s accepted the client id and the secret.")), expires_in=seconds)


def _seconds(life: object) -> int | None:
    """Read ``expires_in``, which some servers send as a text; None for what is no number of seconds above 0."""
    text = str(life)
    return int(text) or None if text.isascii() and text.isdigit() and len(text) < 10 else None
