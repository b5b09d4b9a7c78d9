"""The order form in a real browser: it saves itself, says so, keeps what was typed, and never writes over a window."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import Order, Person

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SLOW = 10_000  # milliseconds: a pause of 1.5 seconds, and a busy machine


@pytest.fixture
def context(browser: Chromium, live_server: LiveServer) -> Iterator[BrowserContext]:
    """A browser in which Ingrid is signed in."""
    client = Client()
    client.force_login(Person.objects.create_user("ingrid@nordsjo.example", "Ingrid Solheim"))
    made = browser.new_context(base_url=live_server.url, locale="en-GB")
    cookie = {"name": settings.SESSION_COOKIE_NAME, "value": client.session.session_key, "url": live_server.url}
    made.add_cookies([cookie])  # type: ignore[list-item]  # a plain cookie
    yield made
    made.close()


def saved(page: Page, words: str) -> None:
    expect(page.locator("#saved")).to_contain_text(words, timeout=SLOW)


def test_typing_makes_one_draft_and_a_reload_finds_it(context: BrowserContext) -> None:
    page = context.new_page()
    page.goto("/orders/new/")
    page.locator("[name=system]").press_sequentially("SAP in Stavanger", delay=40)
    saved(page, "Saved at")
    page.locator("[name=organisation_name]").press_sequentially("Nordsjø", delay=40)
    page.wait_for_function("document.getElementById('seen').value !== ''")
    page.wait_for_timeout(2500)
    assert Order.objects.get().organisation_name == "Nordsjø"
    page.reload()
    assert page.input_value("[name=system]") == "SAP in Stavanger"
    assert Order.objects.count() == 1


def test_two_windows_do_not_write_over_each_other(context: BrowserContext) -> None:
    first = context.new_page()
    first.goto("/orders/new/")
    first.fill("[name=system]", "One")
    saved(first, "Saved at")
    second = context.new_page()
    second.goto(first.url)
    second.fill("[name=system]", "Two")
    saved(second, "Saved at")
    first.fill("[name=system]", "Three")
    saved(first, "changed in another window")
    assert Order.objects.get().system == "Two"
    first.click("button[value=draft]")
    expect(first.locator("[role=alert]")).to_contain_text("Another window saved other answers")
    assert first.input_value("[name=system]") == "Three"
    first.click("button[value=draft]")
    first.wait_for_load_state()
    assert Order.objects.get().system == "Three"


def test_without_a_connection_it_says_so_and_goes_on_later(context: BrowserContext) -> None:
    page = context.new_page()
    page.goto("/orders/new/")
    page.fill("[name=system]", "SAP")
    saved(page, "Saved at")
    context.set_offline(True)
    page.fill("[name=system]", "Maximo")
    expect(page.locator("[data-not-saved]")).to_be_visible(timeout=SLOW)
    context.set_offline(False)
    page.fill("[name=system]", "Maximo 9")
    expect(page.locator("[data-not-saved]")).to_be_hidden(timeout=SLOW)
    assert Order.objects.get().system == "Maximo 9"
