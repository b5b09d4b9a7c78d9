"""The whole life in a real browser, as all roles: by the words on the page, on a phone and on a desktop, in both
languages, with and without script. From the order with its mistakes to the secret; from a year of silence to a
kept account, and to a suspended one that comes back.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer

from accounts.actions import credentials, inactivity
from accounts.lifecycle.actor import SYSTEM
from accounts.models import Account, Environment, Notice, Order, Person
from loop_standin.process import running
from tests.browser.conftest import Enter
from tests.browser.visitor import Newcomer, Visitor
from tests.story import PURPOSE, Story

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]

PHONE, DESKTOP = {"width": 390, "height": 844}, {"width": 1280, "height": 900}
KARI, INGRID, MARTE = "kari@nordsjo.example", "ingrid@nordsjo.example", "marte@support.example"
HENRIK, SILJE = "henrik@loop.example", "silje@cegal.example"
SECRET = "canary-Wq5~browser-secret"
WALKS = [
    pytest.param((PHONE, "nb", False), id="phone-norwegian-without-script"),
    pytest.param((DESKTOP, "en", True), id="desktop-english-with-script"),
]
"""Each width, each language, with and without script: once."""


@pytest.fixture(scope="module")
def loop() -> Iterator[str]:
    """A Loop API on this machine."""
    with running() as address:
        yield address


@pytest.fixture
def story(transactional_db: None, live_server: LiveServer, loop: str, settings: object) -> Story:
    """The people and environments of a portal whose links lead to the live server."""
    settings.PORTAL_URL = live_server.url  # type: ignore[attr-defined]
    base = f"{loop}/test"
    Environment.objects.filter(name="TEST").update(
        token_url=f"{base}/loop-m2m/loop-api/v1/token", base_url=base, private_addresses_allowed=True
    )
    body = {"secret": SECRET, "environment": "test"}
    httpx.put(f"{loop}/standin/clients/client-of-kari", json=body, trust_env=False).raise_for_status()
    return Story(timezone.now())


@pytest.fixture
def newcomer(enter: Enter, request: pytest.FixtureRequest) -> Iterator[Newcomer]:
    """Open a browser for somebody; at the end no browser may have complained."""
    size, language, script = request.param
    visitors: list[Visitor] = []

    def newcomer(email: str) -> Visitor:
        locale = {"en": "en-GB", "nb": "nb-NO"}[language]
        context = enter(viewport=size, locale=locale, java_script_enabled=script)
        visitors.append(Visitor(email, context.new_page(), language))
        return visitors[-1]

    yield newcomer
    assert [what for visitor in visitors for what in visitor.complaints()] == []


@pytest.mark.parametrize("newcomer", WALKS, indirect=True)
def test_from_the_order_to_the_secret(story: Story, newcomer: Newcomer) -> None:
    kari, marte, henrik, silje = (newcomer(email) for email in (KARI, MARTE, HENRIK, SILJE))
    reference = _order(kari)
    _return(marte, reference)
    _answer(kari, reference)
    _send_on(marte, reference)
    _approve(henrik, reference)
    marte.open_mail(reference)
    _decide(marte, "Send to Cegal")
    _set_up(silje, reference)
    _issue(marte, reference)
    _reveal(kari, reference)
    assert Order.objects.get().state == "issued"
    assert Person.objects.get(email=KARI).language == kari.language, "mails come in the language of her browser"
    assert Account.objects.get().state == "active"


@pytest.mark.parametrize("newcomer", WALKS, indirect=True)
def test_from_silence_to_kept_and_to_suspended_and_back(story: Story, newcomer: Newcomer) -> None:
    today = timezone.localdate()
    story.covered(today - timedelta(days=600), today)
    kept = story.account(client_id="nordsjo-kept", last_used_on=today - timedelta(days=400))
    list(inactivity.check(today=today, now=story.now))
    _keep(newcomer(INGRID))
    assert Account.objects.get(pk=kept.pk).state == "active"

    silent = story.account(client_id="nordsjo-silent", last_used_on=today - timedelta(days=500))
    list(inactivity.check(today=today - timedelta(days=40), now=story.now - timedelta(days=40)))
    story.deliver(silent, today - timedelta(days=40))
    list(inactivity.check(today=today, now=timezone.now()))
    assert Account.objects.get(pk=silent.pk).state == "suspended"
    assert Notice.objects.get(account=silent).outcome == "suspended"
    _order_the_reactivation(newcomer(INGRID))
    _reactivate(newcomer(MARTE), newcomer(SILJE))
    assert Account.objects.get(pk=silent.pk).state == "active"


def _order(kari: Visitor) -> str:
    """Order access: first an empty form, then a purpose that says nothing, then all of it."""
    kari.page.goto("/")
    kari.follow("Order API access")
    kari.sign_in()
    kari.press("Continue to check your answers")
    kari.sees("Describe what you will use the API for.")
    assert kari.page.title().startswith(kari.word("Error:"))
    summary = kari.page.get_by_role("alert")
    beside = kari.page.locator(".ds-validation-message").filter(visible=True)
    assert summary.get_by_role("link").count() == beside.count() > 5, "one line for each field"
    summary.get_by_role("link", name=kari.word("Describe what you will use the API for.")).click()
    assert kari.page.url.endswith("#id_purpose")
    _fill_in(kari)
    kari.fill("Purpose", "test")
    kari.press("Continue to check your answers")
    assert kari.page.get_by_role("alert").get_by_role("link").count() == 1
    assert kari.page.get_by_label(kari.word("System"), exact=True).input_value() == "SAP", "answers are kept"
    kari.fill("Purpose", PURPOSE)
    kari.press("Continue to check your answers")
    kari.sees("Check your answers before you send the order")
    kari.press("Send the order to Support")
    kari.sees("Order sent")
    found = re.search(r"LA-\d{4}-\d{4}", kari.page.inner_text("main"))
    assert found
    return found.group(0)


def _fill_in(kari: Visitor) -> None:
    kari.fill("Organisation name", "Nordsjø Surplus AS")
    kari.fill("Organisation number", "923 609 016")
    kari.tick("Seller")
    kari.fill("System", "SAP")
    kari.tick("TEST")
    kari.fill("Technical contact", "Tor Teknisk")
    kari.fill("Technical contact’s email", "tor@nordsjo.example")
    kari.fill("Owner of the account", "Kari Nes")
    kari.fill("Owner’s email", KARI)


def _return(marte: Visitor, reference: str) -> None:
    """Support finds the order in the worklist, checks one thing, and asks for more about the purpose."""
    marte.page.goto("/account/login/")
    marte.sign_in()
    marte.go_to("Worklist")
    marte.follow("Nordsjø Surplus AS")
    marte.sees(reference)
    marte.tick("Return for more information")
    marte.tick("Purpose")
    marte.fill(_about(marte, "Purpose"), "Which customer is it for?")
    marte.press("Continue")
    marte.sees("The email that goes out")
    marte.press("Return for more information")
    marte.sees("Returned to the requester.")


def _about(marte: Visitor, field: str) -> str:
    return marte.word("%(field)s: what is missing?") % {"field": marte.word(field)}


def _answer(kari: Visitor, reference: str) -> None:
    """The requester follows the mail, sees the comment at the field, and sends the order again."""
    assert "Which customer is it for?" in kari.open_mail("Which customer is it for?")
    if kari.page.url.endswith(f"/orders/{reference}/"):
        kari.follow("Answer the comments")
    kari.sees("Which customer is it for?")
    kari.fill("Purpose", f"{PURPOSE} The customer is Brattholm Offshore.")
    kari.press("Continue to check your answers")
    kari.press("Send the order again")
    kari.page.goto(f"/orders/{reference}/")
    kari.sees("With Support")


def _send_on(marte: Visitor, reference: str) -> None:
    marte.open_mail(reference)
    marte.sees("Brattholm Offshore")
    _decide(marte, "Send for approval")
    marte.sees("Sent for approval.")


def _decide(marte: Visitor, verb: str) -> None:
    """Choose in the decision panel, look once more, press."""
    marte.tick(verb)
    marte.press("Continue")
    marte.press(verb)


def _approve(henrik: Visitor, reference: str) -> None:
    """The approver comes by the mail's link, reads one screen, and decides."""
    henrik.open_mail(reference)
    henrik.sees("Brattholm Offshore")
    henrik.press("Approve")
    henrik.press("Approve")
    henrik.sees("Approved.")


def _set_up(silje: Visitor, reference: str) -> None:
    silje.open_mail(reference)
    silje.fill("Client ID", "client-of-kari")
    silje.press("Complete setup")
    silje.sees(silje.word("Paste the client secret for %(environment)s.") % {"environment": "TEST"})
    silje.fill("Client secret", SECRET)
    silje.press("Complete setup")
    silje.sees("The setup is complete. Support goes on from here.")
    silje.sees_not(SECRET)


def _issue(marte: Visitor, reference: str) -> None:
    """A worker asks the token URL meanwhile; Support issues what works."""
    marte.open_mail(reference)
    marte.sees("The portal is asking the token URL.")
    credentials.verify_new(clock=timezone.now, by=SYSTEM)
    marte.page.reload()
    marte.sees("Verified")
    marte.tick("Issue credentials")
    marte.fill(marte.word("Reference in Loop, %(environment)s") % {"environment": "TEST"}, "LOOP-T1")
    marte.press("Continue")
    marte.press("Issue credentials")
    marte.sees("The credentials are issued.")


def _reveal(kari: Visitor, reference: str) -> None:
    """The owner sees the secret once: not before the button, not after a reload."""
    kari.open_mail(reference)
    kari.follow("Collect the secret")
    kari.sees_not(SECRET)
    kari.press("Show the secret once")
    kari.sees("Tick the box first: the secret is shown only once.")
    kari.tick("I am ready to store the secret safely")
    kari.press("Show the secret once")
    kari.sees("Save the secret before you leave this page")
    assert kari.page.locator("#client-secret").inner_text() == SECRET
    collected = kari.page.url
    kari.follow("I have saved it")
    kari.sees_not(SECRET)
    kari.page.goto(collected)
    kari.sees("There is no secret to collect")
    kari.sees_not(SECRET)


def _keep(ingrid: Visitor) -> None:
    """The mail's link opens without signing in; only the button answers, and only with a reason."""
    ingrid.open_mail("nordsjo-kept", "/answer/")
    ingrid.sees("Do you still need this access?")
    link = ingrid.page.url
    ingrid.press("I still need it")
    ingrid.sees("Say what you use it for.")
    ingrid.fill("What do you use it for?", "The Ekko project goes on.")
    ingrid.press("I still need it")
    ingrid.sees("Answered: the account is kept")
    ingrid.page.goto(link)
    ingrid.sees("The Ekko project goes on.")


def _order_the_reactivation(ingrid: Visitor) -> None:
    ingrid.open_mail("nordsjo-silent")
    ingrid.press("Order the reactivation")
    ingrid.fill("System", "SAP")
    ingrid.fill("Technical contact", "Tor Teknisk")
    ingrid.fill("Technical contact’s email", "tor@nordsjo.example")
    ingrid.press("Continue to check your answers")
    ingrid.press("Send the order to Support")
    ingrid.sees("Order sent")


def _reactivate(marte: Visitor, silje: Visitor) -> None:
    """Suspended a moment ago, it comes back by the short path: Support, Cegal, Support."""
    reference = Order.objects.get().reference
    marte.open_mail(reference)
    _decide(marte, "Send to Cegal")
    silje.open_mail(reference)
    silje.press("Confirm that the client is enabled")
    marte.open_mail(reference)
    marte.tick("Issue credentials")
    marte.press("Continue")
    marte.press("Issue credentials")
    marte.sees("The credentials are issued.")
