"""Single sign-on, a passkey and stepping up in a real browser, under the real rules about what a page may load."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.conf import settings as configured
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import BrowserContext, ConsoleMessage, Page
from pytest_django.live_server_helper import LiveServer

from accounts.lifecycle.states import Role
from accounts.models import Person
from tests.life import issuer as issuers
from tests.life.issuer import NAME, PASSWORD, PERSON, Issuer
from tests.story import Story
from tests.web.visitors import AN_HOUR, browser_of

pytestmark = [pytest.mark.browser, pytest.mark.processes, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def issuer(live_server: LiveServer, settings: Any, tmp_path: Any) -> Iterator[Issuer]:
    """An issuer that knows the portal, and a portal that knows the issuer."""
    with issuers.running(tmp_path, f"{live_server.url}/account/oidc/work/login/callback/") as found:
        settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [found.app()]}}
        settings.OIDC_ROLE_MAP = {"loop-support": "support"}
        rules = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
        settings.CONTENT_SECURITY_POLICY = {"DIRECTIVES": rules | {"form-action": ["'self'", found.url]}}
        found.say(claims={"groups": ["loop-support"]})
        yield found


@pytest.fixture
def page(browser: Chromium, live_server: LiveServer) -> Iterator[Page]:
    """A page that fails the test when the browser's console complains."""
    context = browser.new_context(base_url=live_server.url, locale="en-GB")
    made, said = context.new_page(), []

    def hear(message: ConsoleMessage) -> None:
        if message.type == "error" and "/favicon.ico" not in message.location["url"]:  # the issuer has no icon
            said.append(message.text)

    made.on("console", hear)
    yield made
    context.close()
    assert said == []


def signed_in_as(context: BrowserContext, person: Person, live_server: LiveServer, **options: Any) -> None:
    """Put the session of ``person`` into the browser."""
    key = browser_of(person, **options).session.session_key
    cookie = {"name": configured.SESSION_COOKIE_NAME, "value": key, "url": live_server.url}
    context.add_cookies([cookie])  # type: ignore[list-item]  # a plain cookie


def with_authenticator(page: Page) -> None:
    """Give the browser a passkey device that says yes."""
    device = page.context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    device.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def test_signing_on_and_out(issuer: Issuer, page: Page) -> None:
    page.goto("/account/login/?next=/staff/worklist/")
    page.click("text=Sign in with Nordsjø ID")
    page.fill("[name=login]", PERSON)
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_url("**/staff/worklist/")
    assert NAME in page.inner_text(".lp-topbar")
    assert Person.objects.get().roles == {Role.SUPPORT}
    page.goto("/account/logout/")
    page.click("main button:has-text('Sign out')")
    page.wait_for_url("**/account/signed-out/")
    assert page.get_by_role("link", name="Sign out there too").get_attribute("href").startswith(issuer.url)


def test_a_passkey_is_added_and_signs_in(live_server: LiveServer, page: Page, story: Story) -> None:
    EmailAddress.objects.create(user=story.responsible, email=story.responsible.email, verified=True)
    with_authenticator(page)
    signed_in_as(page.context, story.responsible, live_server)
    page.goto("/account/2fa/webauthn/add/")
    page.fill("[name=name]", "Laptop")
    page.check("[name=passwordless]")
    page.click("#mfa_webauthn_add")
    page.wait_for_url("**/recovery-codes/")
    assert Authenticator.objects.get(type="webauthn").user == story.responsible
    page.context.clear_cookies()
    page.goto("/account/login/")
    page.click("#passkey_login")
    page.wait_for_url("**/staff/approvals/")
    assert "Henrik Aasen" in page.inner_text(".lp-topbar")


def test_a_passkey_that_is_stopped_is_said(page: Page) -> None:
    page.goto("/account/login/")
    page.evaluate("() => { navigator.credentials.get = () => Promise.reject(new Error('stopped')) }")
    page.click("#passkey_login")
    page.wait_for_selector("#passkey-error", state="visible")


def test_the_form_goes_on_by_itself_after_stepping_up(live_server: LiveServer, page: Page, story: Story) -> None:
    order = story.order_in("approval")
    signed_in_as(page.context, story.responsible, live_server, signed_in_ago=AN_HOUR)
    page.goto(f"/staff/approvals/{order.reference}/")
    page.fill("[name=comment]", "Good: Johan Castberg")
    page.click("button[name=verb][value=approve]")
    page.click("main form button.ds-button:not([data-variant])")
    page.wait_for_url("**/account/confirm/**")
    key = page.context.cookies()[0]["value"]
    assert key
    goes_on = page.get_attribute("form[action$='again/'] [name=next]", "value")
    page.context.clear_cookies()
    signed_in_as(page.context, story.responsible, live_server)  # as after the code
    page.goto(str(goes_on))
    page.wait_for_url(f"**/staff/approvals/{order.reference}/")
    order.refresh_from_db()
    assert order.state == "approved"
