"""Microsoft Entra ID as the provider, by Microsoft Graph v1.0: a client is an application with its service principal.

The portal's own application needs the permission Application.ReadWrite.OwnedBy: it changes nothing but what it made,
or was named an owner of. An application is made by its ``uniqueName`` (an upsert), so that asking twice makes one;
a secret carries the operation's id as its name, so that one whose text got lost is found, removed and made anew.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from urllib.parse import quote

import httpx

from accounts.gateways.client import BODY_MOST, GuardedClient, shared_client
from accounts.gateways.provider import PREFIX, Client, Made, Outcome, Secret, Seen, Verdict, Wish
from accounts.gateways.talk import PAGE_MOST, Halt, Reply, ask, checked, in_words, refused_or_later, seen_in_words

GRAPH_URL = "https://graph.microsoft.com"
PERMISSIONS = ("Application.ReadWrite.OwnedBy", "Application.ReadWrite.All")
PATIENCE = (0.5, 1.0, 2.0)
"""Seconds between looks at what was made a moment ago: the directory may need them until it finds it."""
PAGES_MOST = 500
TOKEN_KEPT = 300.0
WHO = "Microsoft Graph"
UPSERT = {"Prefer": "create-if-missing"}
WITH_SECRETS = "?$select=id,appId,passwordCredentials"


@dataclass(frozen=True)
class Access:
    """Where to ask, and as whom. ``allow_private`` is for development: http and addresses inside."""

    token_url: str
    client_id: str
    client_secret: str = field(repr=False)
    graph_url: str = GRAPH_URL
    allow_private: bool = False


def _(sentence: str) -> str:
    """Mark a sentence for translation."""
    return sentence


class Entra:
    """The adapter; one for a run of operations, since it keeps its token for some minutes."""

    def __init__(
        self, access: Access, *, client: GuardedClient | None = None, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._access, self._client, self._sleep = access, client or shared_client(access.allow_private), sleep
        self._token, self._token_until = "", 0.0

    def __repr__(self) -> str:
        return f"Entra({self._access!r})"

    @in_words
    def set_up(self, wish: Wish) -> Outcome:
        """The application by its unique name, its service principal, a secret; what an earlier attempt left goes."""
        found = self._application(wish)
        client_id = str(found["appId"])
        self._service_principal(client_id)
        lost = [key for key, name in _secrets_by_name(found) if name.startswith(PREFIX)]
        return self._new_secret(client_id, wish, lost)

    @in_words
    def add_secret(self, wish: Wish) -> Outcome:
        """One more secret. One of this same operation was made by an attempt whose answer got lost: it goes."""
        found = self._patiently("GET", _app(wish.client_id) + WITH_SECRETS).content()
        lost = [key for key, name in _secrets_by_name(found) if name == PREFIX + wish.id]
        return self._new_secret(wish.client_id, wish, lost)

    @in_words
    def remove_secret(self, wish: Wish) -> Outcome:
        """Gone is gone, whoever removed it."""
        found = self._patiently("GET", _app(wish.client_id) + WITH_SECRETS).content()
        if wish.key_id in [key for key, _name in _secrets_by_name(found)]:
            self._remove(wish.client_id, wish.key_id)
        return Outcome(Verdict.DONE)

    @in_words
    def disable(self, wish: Wish) -> Outcome:
        """accountEnabled false, and read back."""
        return self._switch(wish.client_id, on=False)

    @in_words
    def enable(self, wish: Wish) -> Outcome:
        """accountEnabled true, and read back."""
        return self._switch(wish.client_id, on=True)

    @seen_in_words
    def look(self, clients: Collection[str], seen: Seen) -> None:
        """The whole directory, page by page: of it what is asked for, and what the portal made."""
        wanted, enabled = set(clients), {}
        query = "/servicePrincipals?$filter=servicePrincipalType eq 'Application'&$select=appId,accountEnabled&$top=999"
        for row in self._rows(query):
            enabled[_text(row.get("appId"))] = row.get("accountEnabled") is True
        found: dict[str, Client] = {}
        for row in self._rows("/applications?$select=appId,uniqueName,passwordCredentials&$top=999"):
            client_id, ours = _text(row.get("appId")), _text(row.get("uniqueName")).startswith(PREFIX)
            if ours or client_id in wanted:
                found[client_id] = Client(client_id, enabled.get(client_id, False), _secrets_of(row), ours)
        for client_id in wanted & enabled.keys() - found.keys():  # the application is registered somewhere else
            found[client_id] = Client(client_id, enabled[client_id], None)
        seen.clients = found

    @in_words
    def try_out(self) -> Outcome:
        """A token, its permission as far as it says, and one application read."""
        roles = _roles_in(self._bearer())
        if roles is not None and not roles & set(PERMISSIONS):
            said = _("The token lacks the permission %(permission)s. Grant it with admin consent, then try again.")
            return Outcome(Verdict.REFUSED, said, {"permission": PERMISSIONS[0]})
        if not isinstance(self._sure("GET", "/applications?$top=1&$select=appId").content().get("value"), list):
            raise Halt(Outcome(Verdict.REFUSED, _("%(who)s did not answer as it should."), {"who": WHO}))
        return Outcome(Verdict.DONE, _("%(who)s answered, and the permission is there."), {"who": WHO})

    def _application(self, wish: Wish) -> dict[str, Any]:
        path = f"/applications(uniqueName='{wish.name}')"
        body = {"displayName": wish.label[:120] or wish.name, "signInAudience": "AzureADMyOrg"}
        found = self._sure("PATCH", path, body, UPSERT).content()
        if not found.get("appId"):  # it was there already, or the answer was cut off
            found = self._patiently("GET", path + WITH_SECRETS).content()
        if not found.get("appId"):
            raise Halt(Outcome(Verdict.LATER, _("%(who)s gave half an answer. It is tried again."), {"who": WHO}))
        return found

    def _service_principal(self, client_id: str) -> None:
        self._patiently("PATCH", _principal(client_id), {"accountEnabled": True}, UPSERT, besides=(400,))

    def _new_secret(self, client_id: str, wish: Wish, lost: list[str]) -> Outcome:
        for key_id in lost:
            self._remove(client_id, key_id)
        password: dict[str, str] = {"displayName": PREFIX + wish.id}
        if wish.until is not None:
            password["endDateTime"] = f"{wish.until.isoformat()}T00:00:00Z"
        body = {"passwordCredential": password}
        said = self._patiently("POST", f"{_app(client_id)}/addPassword", body).content()
        secret, key_id = _text(said.get("secretText")), _text(said.get("keyId"))
        if not secret or not key_id:  # the next attempt removes what this one has made
            raise Halt(Outcome(Verdict.LATER, _("%(who)s gave half an answer. It is tried again."), {"who": WHO}))
        made = Made(client_id, secret, key_id, _day(said.get("endDateTime")) or wish.until)
        return Outcome(Verdict.DONE, made=made)

    def _remove(self, client_id: str, key_id: str) -> None:
        self._patiently("POST", f"{_app(client_id)}/removePassword", {"keyId": key_id})

    def _switch(self, client_id: str, *, on: bool) -> Outcome:
        path = _principal(client_id)
        self._patiently("PATCH", path, {"accountEnabled": on})
        for seconds in (*PATIENCE, None):
            if self._patiently("GET", f"{path}?$select=accountEnabled").content().get("accountEnabled") is on:
                return Outcome(Verdict.DONE)
            if seconds is not None:
                self._sleep(seconds)
        said = _("%(who)s took the change, but does not show it yet. It is tried again.")
        return Outcome(Verdict.LATER, said, {"who": WHO})

    def _rows(self, path: str) -> Iterator[dict[str, Any]]:
        for _page in range(PAGES_MOST):
            page = self._sure("GET", path, most=PAGE_MOST).content()
            if not isinstance(page.get("value"), list):
                raise Halt(Outcome(Verdict.LATER, _("%(who)s gave half an answer. It is tried again."), {"who": WHO}))
            yield from (row for row in page["value"] if isinstance(row, dict))
            link = page.get("@odata.nextLink")
            if link is None:
                return
            path = self._following(str(link))
        raise Halt(Outcome(Verdict.REFUSED, _("The directory has more than %(most)s pages: reading stopped."),
                           {"most": PAGES_MOST}))  # fmt: skip

    def _following(self, link: str) -> str:
        """The next page below our own address: the token goes nowhere else."""
        home = f"{self._access.graph_url.rstrip('/')}/v1.0"
        if not link.startswith(f"{home}/"):
            said = _("%(who)s leads to another address than its own: the token was not sent there.")
            raise Halt(Outcome(Verdict.REFUSED, said, {"who": WHO}))
        return link.removeprefix(home)

    def _patiently(
        self, method: str, path: str, body: object = None, more: dict[str, str] | None = None, *,
        besides: tuple[int, ...] = (),
    ) -> Reply:  # fmt: skip
        """As ``_sure``, and again for what is not found yet. What stays away a person must look for."""
        for seconds in PATIENCE:
            reply = self._send(method, path, body, more)
            if reply.status != 404 and reply.status not in besides:
                return _good(reply)
            self._sleep(seconds)
        reply = self._send(method, path, body, more)
        if reply.status == 404:
            said = _("%(who)s knows no such client (HTTP 404). See whether it was deleted, or made by somebody else.")
            raise Halt(Outcome(Verdict.REFUSED, said, {"who": WHO}))
        return _good(reply)

    def _sure(
        self, method: str, path: str, body: object = None, more: dict[str, str] | None = None, *, most: int = BODY_MOST
    ) -> Reply:
        return _good(self._send(method, path, body, more, most))

    def _send(
        self, method: str, path: str, body: object, more: dict[str, str] | None = None, most: int = BODY_MOST
    ) -> Reply:
        url = self._url(f"{self._access.graph_url.rstrip('/')}/v1.0{path}")
        headers = {"Authorization": f"Bearer {self._bearer()}", **(more or {})}
        content = None if body is None else json.dumps(body).encode()
        if content is not None:
            headers["Content-Type"] = "application/json"
        reply = ask(self._client, method, url, content=content, headers=headers, most=most)
        if reply.status in (401, 403):
            self._token = ""
            said = _(
                "%(who)s refused the portal’s application (HTTP %(status)s). It needs %(permission)s, and to own the "
                "client."
            )
            params = {"who": WHO, "status": reply.status, "permission": PERMISSIONS[0]}
            raise Halt(Outcome(Verdict.REFUSED, said, params))
        return reply

    def _bearer(self) -> str:
        if self._token and time.monotonic() < self._token_until:
            return self._token
        form = {
            "grant_type": "client_credentials", "client_id": self._access.client_id,
            "client_secret": self._access.client_secret, "scope": f"{self._access.graph_url.rstrip('/')}/.default",
        }  # fmt: skip
        reply = ask(self._client, "POST", self._url(self._access.token_url), form=form)
        token = _text(reply.content().get("access_token")) if reply.status == 200 else ""
        if not token or not token.isascii() or not token.isprintable():
            if reply.status >= 500 or reply.status in (408, 429):
                raise refused_or_later(reply, WHO)
            said = _("The directory gave no token (HTTP %(status)s). Check the client id and its secret.")
            raise Halt(Outcome(Verdict.REFUSED, said, {"status": reply.status}))
        self._token, self._token_until = token, time.monotonic() + TOKEN_KEPT
        return token

    def _url(self, text: str) -> httpx.URL:
        return checked(text, allow_private=self._access.allow_private)


def _app(client_id: str) -> str:
    """The path of an application. A client id is somebody's text: it must not lead to another path."""
    return f"/applications(appId='{quote(client_id, safe='')}')"


def _principal(client_id: str) -> str:
    return f"/servicePrincipals(appId='{quote(client_id, safe='')}')"


def _good(reply: Reply) -> Reply:
    if reply.ok:
        return reply
    raise refused_or_later(reply, WHO)


def _secrets_by_name(application: dict[str, Any]) -> list[tuple[str, str]]:
    listed = application.get("passwordCredentials")
    rows = [row for row in listed if isinstance(row, dict)] if isinstance(listed, list) else []
    return [(_text(row.get("keyId")), _text(row.get("displayName"))) for row in rows if row.get("keyId")]


def _secrets_of(application: dict[str, Any]) -> tuple[Secret, ...] | None:
    listed = application.get("passwordCredentials")
    if not isinstance(listed, list):
        return None
    rows = [row for row in listed if isinstance(row, dict)]
    return tuple(Secret(_text(row.get("keyId")), _day(row.get("endDateTime"))) for row in rows)


def _roles_in(token: str) -> set[str] | None:
    """The permissions that a token names; it is read, not trusted. None for one that cannot be read."""
    parts = token.split(".")
    try:
        said = json.loads(base64.urlsafe_b64decode(parts[1] + "==")) if len(parts) == 3 else None
    except ValueError:
        return None
    roles = said.get("roles", []) if isinstance(said, dict) else None
    return {str(role) for role in roles} if isinstance(roles, list) else None


def _text(said: object) -> str:
    return said if isinstance(said, str) else ""


def _day(said: object) -> date | None:
    try:
        return date.fromisoformat(_text(said)[:10])
    except ValueError:
        return None
