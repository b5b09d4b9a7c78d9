"""The order's page of Support in a real browser: what is typed survives every button, and axe finds nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import Check, Event, Order, ReturnReason
from tests.story import Story

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

AXE = (Path(axe_playwright_python.__path__[0]) / "axe.min.js").read_text(encoding="utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture
def story(transactional_db: None) -> Story:
    return Story()


def opened(browser: Browser, live_server: LiveServer, story: Story, order: Order, **options: Any) -> Page:
    client = Client()
    client.force_login(story.support)
    context = browser.new_context(
        viewport={"width": options.pop("width", 1280), "height": 900}, locale="en-GB", **options
    )
    cookie = {"name": settings.SESSION_COOKIE_NAME, "value": client.session.session_key}
    context.add_cookies([{**cookie, "url": live_server.url}])
    page = context.new_page()
    page.goto(f"{live_server.url}/staff/orders/{order.reference}/")
    return page


def test_what_is_typed_survives_inserting_a_reason_and_ticking_an_item(
    browser: Browser, live_server: LiveServer, story: Story
) -> None:
    order = story.order_in("support")
    private = ReturnReason.objects.get(field="owner_email")
    page = opened(browser, live_server, story, order)
    page.check("input[name=verb][value=return]")
    page.check("input[name=return-on][value=owner_email]")
    page.fill("textarea[name=return-comment]", "Two things.")
    page.select_option("select[name=return-reason_owner_email]", str(private.pk))
    page.click("button[name=insert][value=owner_email]")
    written = page.locator("textarea[name=return-comment_owner_email]")
    expect(written).to_have_value(private.text_en)
    written.fill("Use the address at work, please.")
    page.click("#do-organisation")
    page.wait_for_selector("#checked-count >> text=1 of 5 checked")
    assert Check.objects.get(order=order).item == "organisation"
    assert written.input_value() == "Use the address at work, please."
    assert page.input_value("textarea[name=return-comment]") == "Two things."
    page.click("#decision > button")
    page.wait_for_selector("text=The email that goes out")
    page.click("main button:text-is('Return for more information')")
    page.wait_for_selector("text=Returned to the requester.")
    event = Event.objects.get(subject_id=order.pk, verb="return")
    assert event.data["comments"] == [{"field": "owner_email", "text": "Use the address at work, please."}]


def test_a_reason_is_inserted_without_script_too(browser: Browser, live_server: LiveServer, story: Story) -> None:
    order = story.order_in("support")
    private = ReturnReason.objects.get(field="owner_email")
    page = opened(browser, live_server, story, order, java_script_enabled=False)
    page.check("input[name=verb][value=return]")
    page.check("input[name=return-on][value=owner_email]")
    page.select_option("select[name=return-reason_owner_email]", str(private.pk))
    page.click("button[name=insert][value=owner_email]")
    assert page.input_value("textarea[name=return-comment_owner_email]") == private.text_en
    page.click("#do-purpose")
    assert "Checked by Marte Lunde" in page.inner_text("#checklist")


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_and_nothing_is_wider_than_the_page(
    browser: Browser, live_server: LiveServer, story: Story, theme: Any, width: int
) -> None:
    story.account(client_id="nordsjo-test")
    order = story.order_in("returned")
    story.do(order, "resubmit", "ingrid", comment="I added the project.")
    page = opened(browser, live_server, story, order, color_scheme=theme, width=width)
    page.check("input[name=verb][value=return]")
    page.check("input[name=return-on][value=purpose]")
    page.fill("textarea[name=return-comment_purpose]", "Which project?")
    page.locator("#checklist summary").first.click()
    page.click("text=Write an internal note")
    assert _found(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.click("#decision > button")
    page.wait_for_selector("text=The email that goes out")
    assert _found(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.goto(f"{live_server.url}/staff/orders/{order.reference}/requester/")
    assert _found(page) == []


def _found(page: Page) -> list[str]:
    page.evaluate(AXE)
    result = page.evaluate("rules => axe.run({runOnly: rules})", RULES)
    return [f"{v['id']}: {n['target']} {n['failureSummary']}" for v in result["violations"] for n in v["nodes"]]
