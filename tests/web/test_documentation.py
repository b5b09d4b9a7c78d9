"""The pages of documentation: read by whoever signed in, handed in and shown by administrators."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.actions import documentation
from accounts.actions.openapi_file import LARGEST
from accounts.management.samples.documentation import FILE
from accounts.models import Documentation, Environment, Event
from tests.story import Story
from tests.web.forms_of import hidden
from tests.web.staff_pages import WORKERS, browser, queries, read, words

SCRIPT = "<script>alert(1)</script>"


def listed(environment: Environment) -> str:
    return f"/staff/environments/{environment.pk}/documentation/"


def hand_in(client: Client, environment: Environment, content: bytes, name: str = "loop.json") -> Any:
    return client.post(listed(environment), {"file": SimpleUploadedFile(name, content)})


def changed(**parts: Any) -> bytes:
    return json.dumps({**json.loads(FILE.read_bytes()), **parts}).encode()


def shown(story: Story, content: bytes | None = None) -> Documentation:
    """TEST has documentation that everybody sees."""
    by = {"by": story.actor("administrator"), "now": story.now}
    version = documentation.try_out(content or FILE.read_bytes(), "loop.json", environment=story.test, **by).version
    documentation.show(version, comment="It is there.", **by)
    return version


@pytest.mark.parametrize("who", [*WORKERS, "stranger"])
def test_everybody_who_signed_in_reads_it(story: Story, who: str) -> None:
    version = shown(story)
    client = browser(story, who)
    page = words(read(client, "/docs/TEST/"))
    for said in ("Loop API", "TEST", "Version 1.0", "2 operations", "GET /loop-m2m/loop-api/v1/sales", "countQueries"):
        assert said in page, said
    assert "PRODUCTION" in words(read(client, "/docs/"))
    file = client.get("/docs/TEST/openapi.json")
    assert file.content == bytes(version.content)
    assert file["Content-Type"] == "application/json"
    assert file["Content-Disposition"] == 'attachment; filename="loop-api-TEST-1.0.openapi.json"'
    assert file["Cache-Control"] == "private, no-cache"


@pytest.mark.parametrize("url", ["/docs/", "/docs/TEST/", "/docs/TEST/openapi.json"])
def test_nobody_reads_it_without_signing_in(story: Story, url: str) -> None:
    shown(story)
    answer = Client().get(url)
    assert (answer.status_code, answer["Location"]) == (302, f"/account/login/?next={url}")


def test_the_name_of_an_environment_is_found_in_small_letters(story: Story) -> None:
    answer = browser(story, "ingrid").get("/docs/test/")
    assert (answer.status_code, answer["Location"]) == (302, "/docs/TEST/")
    assert browser(story, "ingrid").get("/docs/MOON/").status_code == 404


def test_without_documentation_the_page_says_where_to_go(story: Story) -> None:
    client = browser(story, "ingrid")
    assert "No documentation yet" in read(client, "/docs/TEST/")
    assert client.get("/docs/TEST/openapi.json").status_code == 404
    Environment.objects.filter(name="TEST").update(documentation_url="https://docs.example/")
    page = read(client, "/docs/TEST/")
    assert "The documentation is on another site" in page
    assert 'href="https://docs.example/"' in page


def test_it_is_linked_from_where_one_needs_it(story: Story) -> None:
    account = story.account()
    client = browser(story, "ingrid")
    for url in (f"/accounts/{account.pk}/", f"/accounts/{account.pk}/start/"):
        assert 'href="/docs/TEST/"' not in read(client, url)
    shown(story)
    for url in (f"/accounts/{account.pk}/", f"/accounts/{account.pk}/start/"):
        assert 'href="/docs/TEST/"' in read(client, url)
    assert 'href="/docs/"' in read(client, "/orders/")
    assert 'href="/docs/"' in read(Client(), "/")


def test_what_the_file_says_is_text_and_nothing_else(story: Story) -> None:
    info = {"title": f"Loop {SCRIPT}", "version": "1", "description": SCRIPT}
    shown(story, changed(info=info, tags=[{"name": "Sales", "description": SCRIPT}]))
    page = browser(story, "ingrid").get("/docs/TEST/").content.decode()
    assert SCRIPT not in page
    assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= 3


def test_the_number_of_queries_does_not_grow(story: Story) -> None:
    shown(story)
    client, staff = browser(story, "ingrid"), browser(story, "administrator")
    before = [queries(client, "/docs/"), queries(client, "/docs/TEST/"), queries(staff, listed(story.test))]
    story.test.refresh_from_db()
    for number in range(5):
        by = {"by": story.actor("administrator"), "now": story.now}
        content = changed(info={"title": "Loop API", "version": str(number)})
        documentation.try_out(content, "loop.json", environment=story.test, **by)
    after = [queries(client, "/docs/"), queries(client, "/docs/TEST/"), queries(staff, listed(story.test))]
    assert after == before


@pytest.mark.parametrize("who", WORKERS)
def test_only_an_administrator_hands_in(story: Story, who: str) -> None:
    shown(story)
    client, page = browser(story, who), listed(story.test)
    allowed = who == "administrator"
    for url in (page, f"{page}1/", f"{page}1/openapi.json", f"{page}take-away/"):
        assert client.get(url).status_code == (200 if allowed else 403), url
    if not allowed:
        assert hand_in(client, story.test, changed(openapi="3.0.4")).status_code == 403
        for url in (f"{page}1/", f"{page}take-away/"):
            assert client.post(url, {"comment": "Because."}).status_code == 403, url
        assert Documentation.objects.count() == 1


def test_a_file_is_tried_then_shown_with_a_reason(story: Story) -> None:
    client = browser(story, "administrator")
    answer = hand_in(client, story.test, FILE.read_bytes())
    version = f"{listed(story.test)}1/"
    assert (answer.status_code, answer["Location"]) == (302, version)
    page = read(client, version)
    assert "Not shown" in page
    assert "GET" in page
    assert "No documentation yet" in read(browser(story, "ingrid"), "/docs/TEST/")
    assert "Write a reason." in client.post(version, hidden(page)).content.decode()
    done = client.post(version, {**hidden(page), "comment": "The first one."}, follow=True)
    assert "Version 1 is shown to everybody who signs in." in done.content.decode()
    assert "List sales" in read(browser(story, "ingrid"), "/docs/TEST/")
    history = read(client, f"/staff/environments/{story.test.pk}/")
    assert "showed documentation to everybody who signs in" in history
    assert "1: Loop API 1.0 (loop.json)" in history
    assert "Version of the API" in read(client, "/staff/audit/")


def test_the_next_version_says_what_differs(story: Story) -> None:
    shown(story)
    client = browser(story, "administrator")
    paths = json.loads(FILE.read_bytes())["paths"]
    paths["/items"] = paths.pop("/loop-m2m/loop-api/v1/sales")
    hand_in(client, story.test, changed(paths=paths))
    page = words(read(client, f"{listed(story.test)}2/"))
    assert "Show it instead of version 1" in page
    assert "New operations GET /items" in page
    assert "Operations that are gone GET /loop-m2m/loop-api/v1/sales" in page


def test_the_same_file_leads_to_the_version_that_is_there(story: Story) -> None:
    shown(story)
    client = browser(story, "administrator")
    answer = client.post(listed(story.test), {"file": SimpleUploadedFile("b.json", FILE.read_bytes())}, follow=True)
    assert "This file is there already: it is version 1." in answer.content.decode()
    assert Documentation.objects.count() == 1


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"<!doctype html><p>Sign in", "This is a web page or XML, not JSON."),
        (b"", "The file is empty."),
        (b"x" * (LARGEST + 1), "The file is larger than 2 MB."),
        (b"[" * 50_000, "The file has more than 100 levels inside each other."),
        (b'{"openapi": "3.0.3"}', "paths is missing."),
    ],
)
def test_a_bad_file_is_refused_with_sentences_and_nothing_is_kept(story: Story, content: bytes, sentence: str) -> None:
    answer = hand_in(browser(story, "administrator"), story.test, content)
    page = answer.content.decode()
    assert (answer.status_code, sentence in page, "<title>Error:" in page) == (422, True, True)
    assert not Documentation.objects.exists()


def test_all_that_is_wrong_with_a_file_stands_on_the_page(story: Story) -> None:
    answer = hand_in(browser(story, "administrator"), story.test, b'{"openapi": "2"}')
    for sentence in ("openapi must be 3.0.x or 3.1.x", "info is missing.", "paths is missing."):
        assert sentence in answer.content.decode()


def test_no_file_is_asked_for(story: Story) -> None:
    answer = browser(story, "administrator").post(listed(story.test), {})
    assert (answer.status_code, "Choose the file to try." in answer.content.decode()) == (422, True)


def test_it_is_taken_away_with_a_reason(story: Story) -> None:
    shown(story)
    client, url = browser(story, "administrator"), f"{listed(story.test)}take-away/"
    page = read(client, url)
    done = client.post(url, {**hidden(page), "comment": "It was the wrong one."}, follow=True)
    assert "The documentation of TEST is not shown any more." in done.content.decode()
    assert "No documentation yet" in read(browser(story, "ingrid"), "/docs/TEST/")
    assert Event.objects.get(verb="hide_documentation").comment == "It was the wrong one."


@pytest.mark.parametrize("what", ["1/", "take-away/"])
def test_who_was_first_is_said(story: Story, what: str) -> None:
    version = shown(story)
    client = browser(story, "administrator")
    url = f"{listed(story.test)}{what}"
    answer = client.post(url, {"version": "0", "comment": "Because."})
    assert answer.status_code == 409
    assert Environment.objects.get(name="TEST").documentation_id == version.pk


def test_a_version_that_is_not_there_is_not_found(story: Story) -> None:
    assert browser(story, "administrator").get(f"{listed(story.test)}7/").status_code == 404


# --- the portal's own API


@pytest.mark.parametrize("who", [*WORKERS, "stranger"])
def test_whoever_works_here_reads_what_programs_may_do(story: Story, who: str) -> None:
    client = browser(story, who)
    if who in ("ingrid", "stranger"):
        assert client.get("/staff/api/").status_code == 403
        assert "/staff/api/" not in read(client, "/docs/")
        return
    page = words(read(client, "/staff/api/"))
    for said in ("POST /api/v1/orders/{reference}/approve", "GET /api/v1/accounts", "POST /api/v1/usage", "cursor"):
        assert said in page, said
    assert "/staff/api/" in read(client, "/docs/")
