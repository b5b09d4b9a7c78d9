"""The look in a real browser: accessible in both themes and widths, no breach of the policy, usable without script."""

from collections.abc import Callable, Iterator
from pathlib import Path

import axe_playwright_python
import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from accounts.lifecycle.states import Role
from accounts.models import Person, RoleGrant

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

AXE = (Path(axe_playwright_python.__path__[0]) / "axe.min.js").read_text(encoding="utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
WIDTHS = {"desktop": 1280, "phone": 390}

OpenPage = Callable[..., Page]


@pytest.fixture
def open_page(browser: Browser, live_server: LiveServer) -> Iterator[OpenPage]:
    """Open an address as somebody; at the end nothing may have been said against the security policy."""
    said: list[str] = []
    contexts = []

    def opened(path: str, who: Person | None = None, theme: str = "light", width: int = 1280, js: bool = True) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": 800}, color_scheme=theme, java_script_enabled=js, locale="en-GB"
        )
        contexts.append(context)
        if who:
            client = Client()
            client.force_login(who)
            cookie = {"name": settings.SESSION_COOKIE_NAME, "value": client.session.session_key}
            context.add_cookies([{**cookie, "url": live_server.url}])
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(f"page error: {error}"))
        page.goto(live_server.url + path)
        return page

    yield opened
    for context in contexts:
        context.close()
    breaches = [text for text in said if "Content Security" in text or "page error" in text]
    assert breaches == []


@pytest.fixture
def support() -> Person:
    made = Person.objects.create_user("marte@example.com", "Marte Lunde")
    RoleGrant.objects.create(person=made, role=Role.SUPPORT, granted_by="a test", granted_at=timezone.now())
    return made


def violations(page: Page) -> list[str]:
    page.evaluate(AXE)
    found = page.evaluate("rules => axe.run(document, {runOnly: rules})", RULES)["violations"]
    return [f"{one['id']}: {node['html'][:120]}" for one in found for node in one["nodes"]]


def assert_sound(page: Page, width: int) -> None:
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width, "the page scrolls sideways"


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS.keys())
@pytest.mark.parametrize("path", ["/", "/account/login/", "/accessibility/", "/privacy/", "/no/such/page"])
def test_public_pages_are_sound(open_page: OpenPage, path: str, width: int, theme: str) -> None:
    assert_sound(open_page(path, theme=theme, width=width), width)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS.keys())
def test_every_component_is_sound(open_page: OpenPage, support: Person, width: int, theme: str) -> None:
    assert_sound(open_page("/style/", support, theme=theme, width=width), width)


def test_the_page_still_fits_at_320(open_page: OpenPage, support: Person) -> None:
    assert_sound(open_page("/style/", support, width=320), 320)


def test_a_short_page_begins_below_the_bar(open_page: OpenPage, support: Person) -> None:
    page = open_page("/staff/messages/?q=nothing-like-it", support, width=390)
    page.set_viewport_size({"width": 390, "height": 3000})
    bar, main = page.locator(".lp-topbar").bounding_box(), page.locator("main").bounding_box()
    assert bar
    assert main
    assert main["y"] == bar["y"] + bar["height"]


def test_the_account_menu_is_sound_when_open_and_signs_out(open_page: OpenPage, support: Person) -> None:
    page = open_page("/style/", support)
    page.click("[popovertarget=me]")
    assert violations(page) == []
    page.click("#me >> text=Sign out")
    assert page.inner_text("[role=status].ds-alert") == "You are signed out."


def test_the_theme_changes_at_once_and_stays(open_page: OpenPage) -> None:
    page = open_page("/privacy/")
    page.click("[data-theme-toggle] button")
    assert page.get_attribute("html", "data-color-scheme") == "dark"
    page.reload()
    assert page.get_attribute("html", "data-color-scheme") == "dark"


def test_a_copy_is_said(open_page: OpenPage, support: Person) -> None:
    page = open_page("/style/", support)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.click("[data-copy=x1]")
    page.wait_for_selector("#toasts >> text=Client ID copied")
    assert page.evaluate("navigator.clipboard.readText()") == "4b7d1e0a-52c9-4f0e-9a61"


def test_a_counter_counts(open_page: OpenPage, support: Person) -> None:
    page = open_page("/style/", support)
    page.fill("#id_purpose", "Twelve signs")
    assert page.inner_text("[data-counter=id_purpose]") == "12 of 1,000 characters"


def test_htmx_sends_the_token_along(open_page: OpenPage) -> None:
    page = open_page("/privacy/")
    with page.expect_response("**/preferences/theme") as answer:
        page.evaluate(
            """() => {
              document.querySelector('main').insertAdjacentHTML('beforeend',
                '<button id="try" hx-post="/preferences/theme" hx-vals=\\'{"theme":"dark"}\\'>Try</button>');
              htmx.process(document.querySelector('#try'));
              document.querySelector('#try').click();
            }"""
        )
    assert answer.value.status == 302


def test_signing_in_with_script_off(open_page: OpenPage, mailoutbox: list) -> None:
    page = open_page("/account/login/", js=False)
    page.fill("#id_login", "kari@example.com")
    page.click("main button")
    assert page.inner_text("h1") == "Enter your code"
    code = next(line.strip() for line in mailoutbox[-1].body.splitlines() if line.startswith("    "))
    page.fill("#id_code", "wrong")
    page.click("main form button")
    assert page.locator(".ds-error-summary a").get_attribute("href") == "#id_code"
    page.fill("#id_code", code)
    page.click("main form button")
    page.wait_for_url("**/orders/")
    assert page.locator("[popovertarget=me]").inner_text().startswith("K")


def test_pages_work_with_script_off(open_page: OpenPage, support: Person) -> None:
    page = open_page("/style/", support, width=390, js=False)
    page.click("[popovertarget=nav]")
    assert page.locator("#nav").is_visible()
    page.keyboard.press("Escape")
    page.click("[data-theme-toggle] button")
    assert page.get_attribute("html", "data-color-scheme") == "dark"
    assert page.url.endswith("/style/")
    assert page.locator(".lp-needs-js:visible").count() == 0
    page.check("input[value=return]")
    assert page.locator("#decision_comment").is_visible()


def test_the_code_page_is_sound(open_page: OpenPage) -> None:
    page = open_page("/account/login/")
    page.fill("#id_login", "kari@example.com")
    page.click("main button")
    page.wait_for_selector("#id_code")
    assert violations(page) == []
    assert page.get_attribute("#id_code", "autocomplete") == "one-time-code"


def test_a_wrong_form_puts_the_reader_at_its_problems(open_page: OpenPage) -> None:
    page = open_page("/account/login/")
    page.fill("#id_login", "not an address")
    page.click("main button")
    page.wait_for_selector(".ds-error-summary")
    assert page.evaluate("document.activeElement.className").startswith("ds-error-summary")
    assert page.title().startswith("Error:")
    assert violations(page) == []


def test_the_keyboard_reaches_the_main_content(open_page: OpenPage) -> None:
    page = open_page("/privacy/")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
