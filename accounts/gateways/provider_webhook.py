"""Another system as the provider: asked by a signed request, it answers later by a signed one of its own.

Both are signed by the Standard Webhooks specification with one shared secret. ``webhook-id`` is the operation's id,
the same in every attempt: a receiver that has it already does nothing anew.
"""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import islice
from typing import Any

import httpx
from standardwebhooks import Webhook

from accounts.gateways.client import BODY_MOST, GuardedClient, shared_client
from accounts.gateways.provider import Client, Outcome, Secret, Seen, Verdict, Wish
from accounts.gateways.talk import PAGE_MOST, Halt, Reply, ask, checked, in_words, refused_or_later, seen_in_words

SHARED = "whsec_"
CHUNK = 500  # clients in one request to look
CANNOT_LOOK = (202, 204, 404, 405, 501)


@dataclass(frozen=True)
class Access:
    """Where to ask, the secret that both sides sign with (whsec_...), and where the answer is to go."""

    url: str
    secret: str = field(repr=False)
    callback_url: str = ""
    environment: str = ""
    allow_private: bool = False


def _(sentence: str) -> str:
    """Mark a sentence for translation."""
    return sentence


def is_shared_secret(text: str) -> bool:
    """Is this a secret as the specification wants it: whsec_ and the base64 of 24 to 64 bytes?"""
    try:
        return (
            text.startswith("whsec_") and 24 <= len(base64.b64decode(text.removeprefix("whsec_"), validate=True)) <= 64
        )
    except ValueError:
        return False


class ByWebhook:
    """The adapter. ``clock`` is for the signatures: the receiver takes none that is older than some minutes."""

    def __init__(self, access: Access, *, clock: Callable[[], datetime], client: GuardedClient | None = None) -> None:
        self._access, self._clock = access, clock
        self._client = client or shared_client(access.allow_private)

    def __repr__(self) -> str:
        return f"ByWebhook({self._access!r})"

    @in_words
    def set_up(self, wish: Wish) -> Outcome:
        """Ask for the client ``wish.name``."""
        return self._ask("set_up", wish, name=wish.name, label=wish.label, expires_on=_iso(wish.until))

    @in_words
    def disable(self, wish: Wish) -> Outcome:
        """Ask to disable the client."""
        return self._ask("disable", wish, client_id=wish.client_id)

    @in_words
    def enable(self, wish: Wish) -> Outcome:
        """Ask to enable the client."""
        return self._ask("enable", wish, client_id=wish.client_id)

    @in_words
    def add_secret(self, wish: Wish) -> Outcome:
        """Ask for one more secret."""
        return self._ask("add_secret", wish, client_id=wish.client_id, expires_on=_iso(wish.until))

    @in_words
    def remove_secret(self, wish: Wish) -> Outcome:
        """Ask to remove one secret."""
        return self._ask("remove_secret", wish, client_id=wish.client_id, key_id=wish.key_id)

    @seen_in_words
    def look(self, clients: Collection[str], seen: Seen) -> None:
        """Ask how these clients stand, [500] at a time; the answer stands in the answer's own body.

        A system that does not take this request cannot be looked at.
        """
        for chunk in _chunks(clients, CHUNK):
            data = {"environment": self._access.environment, "clients": chunk}
            reply = self._post(str(uuid.uuid4()), "provider.look", data, most=PAGE_MOST)
            if reply.status in CANNOT_LOOK:
                seen.possible = False
                return
            if not reply.ok:
                raise refused_or_later(reply, self._host)
            listed = reply.content().get("clients")
            if not isinstance(listed, list):
                said = _("%(who)s gave half an answer. It is tried again.")
                raise Halt(Outcome(Verdict.LATER, said, {"who": self._host}))
            found = [_client(row) for row in listed if isinstance(row, dict)]
            seen.clients |= {one.client_id: one for one in found if one.client_id}

    @in_words
    def try_out(self) -> Outcome:
        """A signed request that asks for nothing; any 2xx is an answer."""
        reply = self._post(str(uuid.uuid4()), "provider.test", {"environment": self._access.environment})
        if not reply.ok:
            raise refused_or_later(reply, self._host)
        said = _("%(who)s took a signed test request (HTTP %(status)s).")
        return Outcome(Verdict.DONE, said, {"who": self._host, "status": reply.status})

    @property
    def _host(self) -> str:
        return self._url.host

    @property
    def _url(self) -> httpx.URL:
        return checked(self._access.url, allow_private=self._access.allow_private)

    def _ask(self, kind: str, wish: Wish, **said: str) -> Outcome:
        data = {
            "operation": wish.id, "environment": wish.environment, **said, "callback_url": self._access.callback_url
        }  # fmt: skip
        reply = self._post(wish.id, f"provider.{kind}", data)
        if not reply.ok:
            raise refused_or_later(reply, self._host)
        taken = _("%(who)s took the request; its answer has not come yet.")
        return Outcome(Verdict.ASKED, taken, {"who": self._host})

    def _post(self, id: str, kind: str, data: dict[str, Any], *, most: int = BODY_MOST) -> Reply:
        at = self._clock().astimezone(UTC)
        said = {"type": kind, "timestamp": at.isoformat(timespec="seconds"), "data": data}
        text = json.dumps(said, ensure_ascii=False)
        headers = {
            "Content-Type": "application/json", "webhook-id": id, "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": Webhook(self._access.secret).sign(id, at, text),
        }  # fmt: skip
        return ask(self._client, "POST", self._url, content=text.encode(), headers=headers, most=most)


def _client(row: dict[str, Any]) -> Client:
    listed = row.get("secrets")
    secrets = None
    if isinstance(listed, list):
        rows = [one for one in listed if isinstance(one, dict)]
        secrets = tuple(Secret(_text(one.get("key_id")), _day(one.get("expires_on"))) for one in rows)
    return Client(_text(row.get("client_id")), row.get("enabled") is True, secrets)


def _chunks(rows: Iterable[str], size: int) -> Iterator[list[str]]:
    left = iter(rows)
    while chunk := list(islice(left, size)):
        yield chunk


def _iso(day: date | None) -> str:
    return day.isoformat() if day else ""


def _text(said: object) -> str:
    return said if isinstance(said, str) else ""


def _day(said: object) -> date | None:
    try:
        return date.fromisoformat(_text(said)[:10])
    except ValueError:
        return None
