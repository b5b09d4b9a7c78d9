"""The viewer of an OpenAPI file in a real browser: under the strict policy, sending nothing, whatever the file says."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Page, expect

from accounts.actions import documentation
from accounts.management.samples.documentation import FILE
from tests.browser.conftest import Enter
from tests.browser.soundness import listen, serious
from tests.story import Story

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

HOSTILE = """<script>document.title = 'taken'</script><img src=x onerror="document.title='taken'">
<form action="https://evil.example/"><input name=secret></form><style>body{display:none}</style>
<a href="javascript:document.title='taken'">press me</a> <iframe src="https://evil.example/"></iframe>"""


def opened(enter: Enter, content: bytes) -> tuple[Page, list[str], list[str]]:
    """The viewer of ``content``, what the browser complained of, and every address that was asked for."""
    story = Story()
    by = {"by": story.actor("administrator"), "now": story.now}
    version = documentation.try_out(content, "loop.json", environment=story.test, **by).version
    documentation.show(version, comment="It is there.", **by)
    page = enter(story.ingrid).new_page()
    said, asked = listen(page), []
    page.on("request", lambda request: asked.append(request.url))
    page.goto("/docs/TEST/?url=https://evil.example/other.json&configUrl=https://evil.example/config.json")
    assert not any("swagger" in url for url in asked), "the viewer is fetched before anybody asks for it"
    page.get_by_role("button", name="Open in the viewer").click()
    expect(page.locator(".swagger-ui .opblock").first).to_be_visible(timeout=30_000)
    return page, said, asked


def test_the_viewer_shows_the_file_and_sends_nothing(enter: Enter) -> None:
    page, said, asked = opened(enter, FILE.read_bytes())
    expect(page.locator("#list")).to_be_hidden()
    for summary in page.locator(".opblock-summary-control").all():
        summary.click()
    expect(page.get_by_text("countQueries").filter(visible=True).first).to_be_visible()
    for words in ("Try it out", "Execute", "Authorize"):
        expect(page.get_by_role("button", name=words)).to_have_count(0)
    page.get_by_role("button", name="Back to the list").click()
    expect(page.locator("#list")).to_be_visible()
    ours = page.url.partition("/docs/")[0]
    assert [url for url in asked if not url.startswith((ours, "data:"))] == []
    assert serious(said) == []


def test_what_a_file_says_runs_nothing_and_leads_nowhere(enter: Enter) -> None:
    file = json.loads(FILE.read_bytes())
    file["info"]["description"] = HOSTILE
    file["externalDocs"] = {"url": "javascript:document.title='taken'", "description": "more"}
    file["components"]["schemas"]["Sale"]["properties"]["again"] = {"$ref": "#/components/schemas/Sale"}
    for item in file["paths"].values():
        for operation in item.values():
            operation["description"] = HOSTILE
    page, said, asked = opened(enter, json.dumps(file).encode())
    for summary in page.locator(".opblock-summary-control").all():
        summary.click()
    expect(page.locator(".responses-wrapper").first).to_be_visible()
    assert page.locator(".lp-viewer :is(script, form, iframe, style, [onerror])").count() == 0
    assert page.locator(".lp-viewer a[href^='javascript']").count() == 0
    assert page.title() == "Documentation · TEST | Loop API"
    assert [url for url in asked if "evil" in url.partition("?")[0]] == []
    assert [what for what in serious(said) if what.startswith("script:")] == []
