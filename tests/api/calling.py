"""A program that calls the portal's API, for tests."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.actions import tokens
from accounts.lifecycle.actor import SYSTEM, Actor
from accounts.lifecycle.states import Role, TaskKind
from accounts.models import Account, Event, Scope, Task

USAGE = "/api/v1/usage"
NDJSON = "application/x-ndjson"


class Program:
    """Sends requests with a token; ``headers`` are sent with each."""

    def __init__(self, text: str, **headers: str) -> None:
        self.client = Client(headers={"Authorization": f"Bearer {text}", **headers})

    def log(self, *lines: str, key: str = "", **asked: str) -> Any:
        """Gateway log lines; ``asked`` is the query of the address."""
        body = "".join(line + "\n" for line in lines)
        return self._post(body, NDJSON, key, asked)

    def counted(self, *lines: Any, key: str = "", **more: Any) -> Any:
        """Lines that the program counted, as JSON."""
        return self._post(json.dumps({"lines": lines, **more}), "application/json", key, {})

    def _post(self, body: str, content_type: str, key: str, asked: dict[str, str]) -> Any:
        headers = {"Idempotency-Key": key} if key else {}
        return self.client.post(
            USAGE, body, content_type=content_type, query_params=asked, headers=headers
        )  # fmt: skip


@pytest.fixture
def program(db: None) -> Program:
    """A program whose token may send usage."""
    return Program(new_token().text)


def new_token(
    *scopes: Scope, days: int = 30, roles: tuple[Role, ...] = (), name: str = "Log shipper", by: Actor = SYSTEM
) -> tokens.NewToken:
    """A token made just now."""
    return tokens.make(
        name, scopes=scopes or (Scope.USAGE_WRITE,), roles=roles, days=days, by=by, now=timezone.now()
    )  # fmt: skip


class Caller:
    """A program that acts in ``roles``: ``get`` and ``do`` what stands under /api/v1."""

    def __init__(self, *roles: Role, scopes: tuple[Scope, ...] = tuple(Scope), name: str = "", by: Actor = SYSTEM):
        made = new_token(*scopes, roles=roles, name=name or f"Program of {roles}", by=by)
        self.token, self.text = made.token, made.text
        self.client = Client(headers={"Authorization": f"Bearer {made.text}"})

    def get(self, path: str, **asked: Any) -> Any:
        """Read ``path``; ``asked`` is the query."""
        return self.client.get(f"/api/v1/{path}", query_params=asked)

    def do(self, path: str, headers: dict[str, str] | None = None, **fields: Any) -> Any:
        """Carry out the verb at ``path`` with ``fields``."""
        return self.client.post(f"/api/v1/{path}", fields, content_type="application/json", headers=headers or {})


def owed_task(account: Account, kind: TaskKind = TaskKind.CALLS_AFTER_SUSPENSION) -> Task:
    """An open task about ``account``; without ``kind`` it is Support's."""
    event = Event.objects.filter(subject_id=account.pk).latest("seq")
    return Task.objects.create(account=account, kind=kind.value, event=event, opened_at=timezone.now())


def problem(response: Any, status: int) -> dict[str, Any]:
    """What a problem says; it must be one, with this status."""
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    content: dict[str, Any] = response.json()
    assert content["status"] == status
    assert content["title"]
    assert content["detail"]
    return content
