"""GET .../sales with a Bearer token."""

from __future__ import annotations

import time

import httpx
import pytest

from loop_standin.process import running
from tests.standin.conftest import SALES, Caller


@pytest.fixture
def token(caller: Caller) -> str:
    return str(caller.token("loop-client-1").json()["access_token"])


def test_the_request_of_the_slide(caller: Caller, token: str) -> None:
    answer = caller.sales(token, page=1, limit=1, countQueries="true")
    assert answer.status_code == 200
    assert list(answer.json()) == ["data", "count"]
    [sale] = answer.json()["data"]
    assert {"status", "objectInformation", "saleInformation"} <= sale.keys()
    assert {"description", "productClass"} <= sale["objectInformation"].keys()


def test_pages_cover_every_sale_once(caller: Caller, token: str) -> None:
    total = caller.sales(token, limit=1, countQueries="true").json()["count"]
    seen: list[str] = []
    page = 1
    while rows := caller.sales(token, page=page, limit=50).json()["data"]:
        seen += [row["id"] for row in rows]
        page += 1
    assert len(seen) == len(set(seen)) == total
    assert page == 4


def test_the_count_is_given_only_on_demand(caller: Caller, token: str) -> None:
    assert "count" not in caller.sales(token).json()
    assert "count" not in caller.sales(token, countQueries="false").json()


@pytest.mark.parametrize(
    "query",
    [{"page": "0"}, {"page": "x"}, {"page": "²"}, {"limit": "101"}, {"limit": "-1"}, {"countQueries": "1"}],
)
def test_a_bad_parameter_is_named(caller: Caller, token: str, query: dict[str, str]) -> None:
    answer = caller.sales(token, **query)
    assert answer.status_code == 400
    assert next(iter(query)) in answer.json()["error_description"]


def refused(answer: httpx.Response, why: str) -> None:
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer ")
    assert why in answer.json()["error_description"]


def test_no_token_is_challenged(caller: Caller) -> None:
    refused(caller.http.get(SALES), "Bearer token")
    refused(caller.http.get(SALES, headers={"Authorization": "Basic YTpi"}), "Bearer token")


def test_a_changed_or_foreign_token_is_refused(caller: Caller, token: str) -> None:
    head, body, signature = token.split(".")
    for forged in ("abc", f"{head}.{body}.", f"{head}.{body[:-2]}AA.{signature}", "..", "é"):
        answer = caller.http.get(SALES, headers={"Authorization": f"Bearer {forged}".encode()})
        refused(answer, "not issued by this server")
    with running() as other, httpx.Client(base_url=other, trust_env=False) as http:
        refused(Caller(http).sales(token), "not issued by this server")


def test_an_expired_token_is_refused() -> None:
    with running("--token-lifetime", "1") as address, httpx.Client(base_url=address, trust_env=False) as http:
        caller = Caller(http)
        token = caller.token("loop-client-1").json()["access_token"]
        time.sleep(1.1)
        refused(caller.sales(token), "expired")


def test_a_token_is_good_in_its_environment_only(caller: Caller, token: str) -> None:
    test = caller.token("loop-client-1", environment="/test").json()["access_token"]
    assert caller.sales(test, environment="/test").status_code == 200
    refused(caller.sales(test, environment="/production"), "another environment")
    refused(caller.sales(test), "another environment")
    refused(caller.sales(token, environment="/test"), "another environment")
    first = [caller.sales(value, environment=at).json()["data"] for value, at in ((test, "/test"), (token, ""))]
    assert first[0] != first[1]
