"""Last sign-ins out of Microsoft Graph, against a real server that does not always behave."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from accounts.gateways import graph

pytestmark = pytest.mark.sqlite_only

SECRET = "top-secret-of-the-application"
Answer = tuple[int, dict[str, str], bytes]
Page = Callable[["Tenant", str], Answer]


class Quiet(ThreadingHTTPServer):
    """Callers that hang up are what is tested here: no word about them."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass


class Tenant:
    """A token URL and a report on 127.0.0.1; ``page`` says what the report answers to a path with its query."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.asked: list[tuple[str, str]] = []
        self.forms: list[str] = []
        self.token: Answer = (200, {}, json.dumps({"access_token": "t-o-k-e-n"}).encode())
        tenant = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                tenant.forms.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
                self.say(tenant.token)

            def do_GET(self) -> None:
                tenant.asked.append((self.path, self.headers.get("Authorization", "")))
                self.say(tenant.page(tenant, self.path))

            def say(self, answer: Answer) -> None:
                status, headers, body = answer
                self.send_response(status)
                for name, value in {"Content-Length": str(len(body)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: Any) -> None:
                pass

        self.server = Quiet(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.origin = f"http://127.0.0.1:{self.server.server_port}"

    def access(self, **changed: Any) -> graph.Access:
        said = {"token_url": f"{self.origin}/token", "report_url": f"{self.origin}/report", "client_id": "app",
                "client_secret": SECRET, "allow_private": True}  # fmt: skip
        return graph.Access(**{**said, **changed})


def entry(client: str, stamp: object = "2026-11-20T23:30:00Z") -> dict[str, Any]:
    return {"appId": client, graph.ACTIVITY: {graph.MOMENT: stamp}, "delegatedClientSignInActivity": {
        "lastSignInDateTime": "2030-01-01T00:00:00Z"}}  # fmt: skip


def page(*entries: object, following: str | None = None) -> Answer:
    content: dict[str, Any] = {"value": entries}
    if following is not None:
        content["@odata.nextLink"] = following
    return 200, {}, json.dumps(content).encode()


@pytest.fixture
def tenant() -> Iterator[Callable[[Page], Tenant]]:
    made: list[Tenant] = []

    def make(answers: Page) -> Tenant:
        made.append(Tenant(answers))
        threading.Thread(target=made[-1].server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return made[-1]

    yield make
    for one in made:
        one.server.shutdown()
        one.server.server_close()


def read(tenant: Tenant, **options: Any) -> graph.Report:
    report = graph.last_sign_ins(tenant.access(), **{"sleep": lambda _seconds: None, "request_seconds": 2.0, **options})
    assert SECRET not in repr(tenant.access())
    said = report.problem % report.params
    assert SECRET not in said
    assert "t-o-k-e-n" not in said
    return report


Make = Callable[[Page], Tenant]


def test_every_page_is_read_and_the_latest_sign_in_counts(tenant: Make) -> None:
    def pages(found: Tenant, path: str) -> Answer:
        if path == "/report":
            return page(entry("a"), entry("b", "2021-03-01T00:00:00.1234567-8:00"), {"appId": "never"},
                        following=f"{found.origin}/report?$skiptoken=2")  # fmt: skip
        return page(entry("a", "2026-11-01T00:00:00Z"), {"appId": "n", graph.ACTIVITY: {graph.MOMENT: None}})

    found = tenant(pages)
    report = read(found)
    assert report.is_complete
    assert report.moments == {
        "a": datetime(2026, 11, 20, 23, 30, tzinfo=UTC),
        "b": datetime(2021, 3, 1, 8, 0, tzinfo=UTC),
    }
    assert [authorization for _path, authorization in found.asked] == ["Bearer t-o-k-e-n"] * 2
    assert "grant_type=client_credentials" in found.forms[0]
    assert "%2F.default" in found.forms[0]


def test_a_busy_server_is_asked_again_when_it_says(tenant: Make) -> None:
    busy = iter([(429, {"Retry-After": "7"}, b""), (503, {}, b"")])
    waited: list[float] = []
    report = read(tenant(lambda _t, _path: next(busy, page(entry("a")))), sleep=waited.append)
    assert report.is_complete
    assert waited == [7.0, graph.WAIT_SECONDS]


@pytest.mark.parametrize("retry_after", ["3600", "-1", "Wed, 21 Oct 2026 07:28:00 GMT", "9" * 400])
def test_a_server_that_stays_busy_is_left_alone(tenant: Make, retry_after: str) -> None:
    found = tenant(lambda _t, _path: (429, {"Retry-After": retry_after}, b""))
    report = read(found)
    assert "busy" in report.problem
    assert len(found.asked) <= graph.WAITS_MOST + 1


def test_half_a_report_is_not_a_complete_one(tenant: Make) -> None:
    def pages(found: Tenant, path: str) -> Answer:
        if path == "/report":
            return page(entry("a"), following=f"{found.origin}/report?$skiptoken=2")
        return 200, {"Content-Length": "5000"}, b'{"value": ['  # and hangs up, or says nothing more

    report = read(tenant(pages), request_seconds=0.5)
    assert not report.is_complete
    assert list(report.moments) == ["a"]


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"[]", b'{"value": 7}', b'{"value": [7]}', b'{"value": [{"appId": 7}]}', b"[" * 100_000,
     json.dumps({"value": [entry("a", "yesterday")]}).encode(), json.dumps({"value": [entry("a", 7)]}).encode(),
     json.dumps({"value": [entry("a", "2026-13-20T23:30:00Z")]}).encode()],
)  # fmt: skip
def test_wrong_content_is_told(tenant: Make, body: bytes) -> None:
    report = read(tenant(lambda _t, _path: (200, {}, body)))
    assert "Page 1 of the report" in report.problem % report.params
    assert report.moments == {}


def test_a_report_that_leads_round_in_a_circle(tenant: Make) -> None:
    found = tenant(lambda t, _path: page(entry("a"), following=f"{t.origin}/report"))
    assert "circle" in read(found).problem
    assert len(found.asked) == 1


def test_a_report_without_end(tenant: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graph, "PAGES_MOST", 5)
    found = tenant(lambda t, _path: page(entry("a"), following=f"{t.origin}/report?n={len(t.asked)}"))
    assert "more than 5 pages" in (report := read(found)).problem % report.params
    assert len(found.asked) == 5


def test_more_applications_than_there_can_be(tenant: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graph, "CLIENTS_MOST", 2)
    report = read(tenant(lambda _t, _path: page(entry("a"), entry("b"), entry("c"))))
    assert not report.is_complete


def test_a_page_that_never_ends(tenant: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graph, "PAGE_BYTES_MOST", 1000)
    assert "too long" in read(tenant(lambda _t, _path: (200, {}, b" " * 5000))).problem


@pytest.mark.parametrize("link", ["http://127.0.0.2:{port}/report", "http://127.0.0.1:{port}/other", "file:///x",
                                  "http://user@127.0.0.1:{port}/report?n=1", "/report?n=1", "http://[bad"])  # fmt: skip
def test_the_token_goes_nowhere_else(tenant: Make, link: str) -> None:
    found = tenant(lambda t, _path: page(entry("a"), following=link.format(port=t.server.server_port)))
    report = read(found)
    assert not report.is_complete
    assert len(found.asked) == 1
    assert list(report.moments) == ["a"]


def test_a_redirect_is_not_followed(tenant: Make) -> None:
    found = tenant(lambda t, _path: (302, {"Location": f"{t.origin}/report?n=1"}, b""))
    assert "HTTP 302" in (report := read(found)).problem % report.params
    assert len(found.asked) == 1


@pytest.mark.parametrize(("status", "words"), [(401, "AuditLog.Read.All"), (403, "AuditLog.Read.All"), (500, "500")])
def test_refusals_say_what_to_do(tenant: Make, status: int, words: str) -> None:
    report = read(tenant(lambda _t, _path: (status, {}, SECRET.encode())))
    assert words in report.problem % report.params


@pytest.mark.parametrize(
    "token", [(401, {}, b'{"error": "invalid_client"}'), (200, {}, b"{}"), (200, {}, b'{"access_token": "a\\nb"}')]
)
def test_without_a_token_nothing_is_asked(tenant: Make, token: Answer) -> None:
    found = tenant(lambda _t, _path: page())
    found.token = token
    assert "client id and its secret" in read(found).problem
    assert found.asked == []


def test_a_slow_server_is_given_up_in_time(tenant: Make) -> None:
    def slow(_tenant: Tenant, _path: str) -> Answer:
        time.sleep(1.5)
        return page()

    began = time.monotonic()
    assert "in time" in read(tenant(slow), request_seconds=0.4).problem
    assert time.monotonic() - began < 1.4


def test_the_whole_reading_ends_in_time(tenant: Make) -> None:
    def slow(found: Tenant, _path: str) -> Answer:
        time.sleep(0.15)
        return page(entry("a"), following=f"{found.origin}/report?n={len(found.asked)}")

    began = time.monotonic()
    report = read(tenant(slow), total_seconds=0.8)
    assert not report.is_complete
    assert time.monotonic() - began < 1.6


def test_in_production_neither_http_nor_an_inner_address_will_do(tenant: Make) -> None:
    found = tenant(lambda _t, _path: page())
    assert "https://" in graph.last_sign_ins(found.access(allow_private=False)).problem
    inner = dict.fromkeys(("token_url", "report_url"), f"https://127.0.0.1:{found.server.server_port}/x")
    assert "public internet" in graph.last_sign_ins(found.access(allow_private=False, **inner)).problem
    assert (found.asked, found.forms) == ([], [])


@pytest.mark.parametrize("name", ["contoso.onmicrosoft.com", "5b6d7c1e-0f5f-4c5e-9a53-0f1d2c3b4a59"])
def test_a_tenant_can_stand_in_an_address(name: str) -> None:
    assert graph.is_tenant(name)
    assert f"/{name}/" in graph.token_url(name)


@pytest.mark.parametrize("name", ["", "a/b", "a..b", ".a", "a?b", "a b", "a\n"])
def test_what_is_no_tenant(name: str) -> None:
    assert not graph.is_tenant(name)
