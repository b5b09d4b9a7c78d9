"""The first two requests of one account as files for Postman: an environment with its values, and a collection.

The format is Postman's own, version 2.1 for collections. The environment has a place for the client secret, marked as
secret; what stands in it is for the caller to say, and nothing by default.
"""

from __future__ import annotations

import uuid
from typing import Any

from accounts.models import Account
from accounts.readers.snippets import API_PATH

SCHEMA = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
_COLLECTION = uuid.UUID("0c9ee8fb-21a1-5f9c-8bb5-d7a3c11f6f5e")
_AFTER_FIRST = """pm.test("a token came", function () {
    pm.expect(pm.response.code).to.be.oneOf([200, 201]);
    const answer = pm.response.json();
    pm.expect(answer.access_token).to.be.a("string");
    pm.environment.set("accessToken", answer.access_token);
});"""
_AFTER_SECOND = """pm.test("sales came", function () {
    pm.response.to.have.status(200);
    pm.expect(pm.response.json().data).to.be.an("array");
});"""


def environment(account: Account, secret: str = "") -> dict[str, Any]:
    """The values of ``account`` under the names that the collection uses. ``secret`` is put in as it is given."""
    values = [
        _value("tokenUrl", account.environment.token_url),
        _value("baseUrl", account.environment.base_url.rstrip("/")),
        _value("clientId", account.client_id),
        _value("clientSecret", secret, kind="secret"),
        _value("accessToken", "", kind="secret"),
    ]
    return {
        "id": str(uuid.uuid5(_COLLECTION, str(account.pk))),
        "name": f"Loop API {account.environment.name} ({account.client_id})",
        "values": values,
        "_postman_variable_scope": "environment",
    }


def collection(*, by_basic: bool = False) -> dict[str, Any]:
    """Two requests that hold for every account: get a token (it is kept in the environment), then ask for sales.

    ``by_basic``: the client ID and the secret go by HTTP Basic, as the environment of the account wants it.
    """
    return {
        "info": {
            "_postman_id": str(_COLLECTION),
            "name": "Loop API: first requests",
            "description": "Choose the environment of your API account, put the client secret in as its current"
            " value, and send both requests in their order.",
            "schema": SCHEMA,
        },
        "item": [_token_request(by_basic), _sales_request()],
    }


def _value(key: str, value: str, kind: str = "default") -> dict[str, Any]:
    return {"key": key, "value": value, "type": kind, "enabled": True}


def _token_request(by_basic: bool) -> dict[str, Any]:
    both = {} if by_basic else {"client_id": "{{clientId}}", "client_secret": "{{clientSecret}}"}
    form = {"grant_type": "client_credentials", **both}
    pair = [_attribute("username", "{{clientId}}"), _attribute("password", "{{clientSecret}}")]
    return {
        "name": "1. Get a token",
        "event": [_afterwards(_AFTER_FIRST)],
        "request": {
            "method": "POST",
            "auth": {"type": "basic", "basic": pair} if by_basic else {"type": "noauth"},
            "header": [{"key": "Accept", "value": "application/json"}],
            "url": {"raw": "{{tokenUrl}}", "host": ["{{tokenUrl}}"]},
            "body": {
                "mode": "urlencoded",
                "urlencoded": [{"key": key, "value": value, "type": "text"} for key, value in form.items()],
            },
        },
        "response": [],
    }


def _sales_request() -> dict[str, Any]:
    path = [*API_PATH.strip("/").split("/"), "sales"]
    query = {"page": "1", "limit": "1", "countQueries": "true"}
    asked = "&".join(f"{key}={value}" for key, value in query.items())
    return {
        "name": "2. Ask for sales",
        "event": [_afterwards(_AFTER_SECOND)],
        "request": {
            "method": "GET",
            "auth": {"type": "bearer", "bearer": [_attribute("token", "{{accessToken}}")]},
            "header": [{"key": "Accept", "value": "application/json"}],
            "url": {
                "raw": "{{baseUrl}}/" + "/".join(path) + "?" + asked,
                "host": ["{{baseUrl}}"],
                "path": path,
                "query": [{"key": key, "value": value} for key, value in query.items()],
            },
        },
        "response": [],
    }


def _attribute(key: str, value: str) -> dict[str, str]:
    return {"key": key, "value": value, "type": "string"}


def _afterwards(script: str) -> dict[str, Any]:
    return {"listen": "test", "script": {"type": "text/javascript", "exec": script.split("\n")}}
