"""The OpenAPI file of the sample data says of the stand-in what is so: addresses, answers, fields."""

from __future__ import annotations

import json
from typing import Any

import httpx

from accounts.management.samples.documentation import FILE
from tests.standin.conftest import SALES, TOKEN, Caller

DESCRIBED: dict[str, Any] = json.loads(FILE.read_bytes())


def answers(caller: Caller) -> dict[str, list[httpx.Response]]:
    """What the stand-in answers to requests that are right, misshapen and refused, by address."""
    good = caller.token("loop-client-1")
    token = str(good.json()["access_token"])
    return {
        TOKEN: [good, caller.token("loop-client-1", "wrong"), caller.http.post(TOKEN, json={})],
        SALES: [caller.sales(token, countQueries="true"), caller.sales(token, page=0), caller.sales("nonsense")],
    }


def test_it_answers_as_it_is_described(caller: Caller) -> None:
    found = answers(caller)
    assert set(found) == set(DESCRIBED["paths"])
    for path, responses in found.items():
        [operation] = DESCRIBED["paths"][path].values()
        assert {str(one.status_code) for one in responses} == set(operation["responses"]), path
        for one in responses:
            said = resolved(operation["responses"][str(one.status_code)])
            fits(resolved(said["content"]["application/json"]["schema"]), one.json(), path)


def resolved(part: dict[str, Any]) -> dict[str, Any]:
    """``part``, or what it refers to."""
    found: Any = DESCRIBED
    for key in part.get("$ref", "").removeprefix("#/").split("/"):
        found = found[key] if key else found
    return found if "$ref" in part else part


def fits(schema: dict[str, Any], value: Any, where: str) -> None:
    """Assert that ``value`` has what ``schema`` requires, and of enumerations what they name."""
    if "enum" in schema:
        assert value in schema["enum"], where
    for name in schema.get("required", []):
        assert name in value, f"{where}: {name}"
    for name, inner in schema.get("properties", {}).items():
        if isinstance(value, dict) and name in value:
            fits(resolved(inner), value[name], f"{where}, {name}")
    for one in value if isinstance(value, list) else []:
        fits(resolved(schema["items"]), one, where)
