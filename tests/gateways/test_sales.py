"""check_sales against the stand-in and against a server that says anything."""

from __future__ import annotations

import json

import pytest

from accounts.gateways.client import GuardedClient
from accounts.gateways.loop import fetch_token
from accounts.gateways.sales import SalesOutcome, check_sales
from loop_standin.clients import derived_secret
from tests.gateways.servers import blunt

CLIENT = "sales-client"


def sales_url(token_url: str) -> str:
    return token_url.removesuffix("/token") + "/sales?page=1&limit=1&countQueries=true"


def test_a_token_of_the_token_url_gets_sales(token_url: str) -> None:
    checked, token = fetch_token(token_url, CLIENT, derived_secret(CLIENT), allow_private=True)
    assert checked.ok
    assert token
    assert token not in repr(checked)
    sales = check_sales(sales_url(token_url), token, allow_private=True)
    assert (sales.ok, str(sales)) == (True, "127.0.0.1 accepted the token and answered with sales.")
    assert token not in repr(sales)


def test_without_a_token_there_is_none_to_give(token_url: str) -> None:
    checked, token = fetch_token(token_url, CLIENT, "wrong", allow_private=True)
    assert (checked.ok, token) == (False, "")


def test_a_made_up_token_is_refused(token_url: str) -> None:
    assert check_sales(sales_url(token_url), "made-up", allow_private=True).outcome is SalesOutcome.TOKEN_REFUSED


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        ("200 OK", json.dumps({"data": []}), SalesOutcome.OK),
        ("200 OK", json.dumps({"data": "x"}), SalesOutcome.UNEXPECTED),
        ("200 OK", "<html>", SalesOutcome.UNEXPECTED),
        ("200 OK", "x" * 70_000, SalesOutcome.UNEXPECTED),
        ("403 Forbidden", "{}", SalesOutcome.NOT_ALLOWED),
        ("302 Found", "{}", SalesOutcome.UNEXPECTED),
        ("503 Busy", "{}", SalesOutcome.UNEXPECTED),
    ],
)
def test_every_answer_has_its_outcome(status: str, body: str, outcome: SalesOutcome) -> None:
    answer = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nLocation: http://127.0.0.1:1/\r\n\r\n{body}"
    with blunt(answer.encode()) as server:
        check = check_sales(server.url(), "t0ken", allow_private=True)
    assert check.outcome is outcome
    assert "127.0.0.1" in str(check)
    assert [b"authorization: bearer t0ken" in one.lower() for one in server.requests] == [True]


def test_what_does_not_answer_is_told(hasty: GuardedClient) -> None:
    for url in ("http://127.0.0.1:1/sales", "http://127.0.0.1:99999/sales", "ftp://x/", "http://[", ""):
        check = check_sales(url, "t", allow_private=True, client=hasty)
        assert check.outcome is SalesOutcome.UNREACHABLE, url
    assert check_sales("http://127.0.0.1:1/", "t\ud800", allow_private=True).outcome is SalesOutcome.UNEXPECTED


@pytest.mark.parametrize("url", ["https://127.0.0.1/sales", "http://example.com/sales"])
def test_a_token_goes_only_to_public_addresses_over_tls(url: str) -> None:
    assert check_sales(url, "t", allow_private=False).outcome is SalesOutcome.UNREACHABLE
