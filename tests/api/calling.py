"""A program that calls the portal's API, for tests."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.actions import tokens
from accounts.lifecycle.actor import SYSTEM
from accounts.models import Scope

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


def new_token(*scopes: Scope, days: int = 30) -> tokens.NewToken:
    """A token made just now."""
    return tokens.make(
        "Log shipper", scopes=scopes or (Scope.USAGE_WRITE,), days=days, by=SYSTEM, now=timezone.now()
    )  # fmt: skip
