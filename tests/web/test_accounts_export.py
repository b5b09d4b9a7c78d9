"""The accounts as a file: the list's own filter, safe in a spreadsheet, sent while it is read."""

from __future__ import annotations

import csv
import json
from io import StringIO
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.readers.export import CHUNK
from tests.story import Story
from tests.web.staff_pages import browser, read

URL = "/staff/accounts/export.{}"


def fetched(story: Story, form: str, query: str = "", who: str = "support") -> str:
    answer: Any = browser(story, who).get(URL.format(form) + query)
    assert answer.status_code == 200
    assert answer.streaming
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="api-accounts-')
    return b"".join(answer.streaming_content).decode()


def test_the_file_holds_what_the_list_shows(story: Story) -> None:
    story.account(client_id="one")
    story.account(client_id="two", environment=story.production)
    story.do(story.account(client_id="gone"), "close", "support", comment="Asked for by phone.")
    rows = list(csv.DictReader(StringIO(fetched(story, "csv").removeprefix("\ufeff"))))
    assert [row["client_id"] for row in rows] == ["one", "two"]
    only = fetched(story, "json", "?environment=PRODUCTION&q=two&state=all&after=nonsense")
    assert [entry["client_id"] for entry in json.loads(only)] == ["two"]
    assert json.loads(fetched(story, "json", "?q=nothing")) == []


def test_no_cell_is_a_formula(story: Story) -> None:
    story.account(client_id="=1+1")
    (row,) = csv.DictReader(StringIO(fetched(story, "csv").removeprefix("\ufeff")))
    assert row["client_id"] == "'=1+1"


def test_the_list_offers_the_file_with_its_filter(story: Story) -> None:
    text = read(browser(story, "support"), "/staff/accounts/?state=all&q=x")
    assert 'href="/staff/accounts/export.csv?state=all&q=x"' in text
    assert 'href="/staff/accounts/export.json"' in read(browser(story, "support"), "/staff/accounts/")


@pytest.mark.parametrize("who", ["ingrid", "cegal"])
def test_others_get_no_file(story: Story, who: str) -> None:
    assert browser(story, who).get(URL.format("csv")).status_code == 403


def test_the_number_of_queries_grows_with_the_chunks_alone(story: Story) -> None:
    counts = []
    for _round in range(2):
        story.account()
        with CaptureQueriesContext(connection) as asked:
            fetched(story, "json")
        counts.append(len(asked))
    assert counts[0] == counts[1]
    assert CHUNK > 2
