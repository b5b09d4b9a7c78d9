"""The stand-in as a real process, one for the whole module, and a plain client to call it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest

from loop_standin.clients import derived_secret
from loop_standin.process import running

TOKEN, SALES = "/loop-m2m/loop-api/v1/token", "/loop-m2m/loop-api/v1/sales"


@dataclass(frozen=True)
class Caller:
    """What a user of the Loop API does, and what the admin door offers."""

    http: httpx.Client

    def token(self, client_id: str, secret: str | None = None, environment: str = "", **more: str) -> httpx.Response:
        form = {"grant_type": "client_credentials", "client_id": client_id}
        form["client_secret"] = derived_secret(client_id) if secret is None else secret
        return self.http.post(environment + TOKEN, data={**form, **more})

    def sales(self, token: str, environment: str = "", **query: str | int) -> httpx.Response:
        return self.http.get(environment + SALES, params=query, headers={"Authorization": f"Bearer {token}"})

    def behave(self, **behaviour: object) -> None:
        self.http.put("/standin/behaviour", json=behaviour).raise_for_status()


@pytest.fixture(scope="module")
def standin() -> Iterator[str]:
    with running() as address:
        yield address


@pytest.fixture
def caller(standin: str) -> Iterator[Caller]:
    with httpx.Client(base_url=standin, timeout=10, trust_env=False) as http:
        yield Caller(http)
        http.put("/standin/behaviour", json={"mode": "ok"})
