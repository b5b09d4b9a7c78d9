"""The pages of the answers in a real browser: opening them, scripts and all, changes nothing; axe finds nothing."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import axe_playwright_python
import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from accounts.actions import handovers, inactivity
from accounts.models import Account, Handover
from accounts.people import notice_token
from tests.actions.checking import notice_of
from tests.actions.tools import contents
from tests.browser.conftest import Enter
from tests.story import NOW, Story

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

AXE = (Path(axe_playwright_python.__path__[0]) / "axe.min.js").read_text(encoding="utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
KARI = "kari@nordsjo.example"


@pytest.fixture
def story(transactional_db: None) -> Story:
    return Story()


@pytest.fixture
def accounts(story: Story) -> list[Account]:
    today = NOW.date()
    story.covered(today - timedelta(days=500), today)
    for name in ("erp-export", "price-check"):
        story.account(client_id=name, last_used_on=today - timedelta(days=400), technical_email="tor@nordsjo.example")
    list(inactivity.check(today=today, now=NOW))
    found = list(Account.objects.order_by("client_id"))
    for account in found:
        story.deliver(account)
    return found


def sound(page: Page, name: str) -> None:
    """axe finds nothing, nothing runs out of the window; LOOK=folder keeps a picture."""
    page.evaluate(AXE)
    found = page.evaluate("(rules) => axe.run({runOnly: {type: 'tag', values: rules}})", RULES)
    assert [(one["id"], one["nodes"][0]["html"]) for one in found["violations"]] == []
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    if folder := os.environ.get("LOOK"):
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)


def link(account: Account, email: str = "ingrid@nordsjo.example") -> str:
    return reverse("notice_answer", args=[notice_token(notice_of(account).pk, email)])


@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (1280, "dark")])
def test_opening_the_pages_changes_nothing_and_they_are_sound(
    story: Story, accounts: list[Account], enter: Enter, width: int, scheme: str
) -> None:
    other = story.account(client_id="reports", last_used_on=NOW.date())
    handovers.hand_over(
        other, by=story.actor("ingrid"), now=NOW, email=KARI, name="Kari Nes", comment="Kari runs the integration now."
    )
    kari, stranger = story.person(KARI, "Kari Nes"), None
    looks = [
        (stranger, link(accounts[0]), "answer"),
        (story.ingrid, link(accounts[0]), "answer-signed-in"),
        (stranger, link(accounts[0], "tor@nordsjo.example"), "answer-technical"),
        (story.ingrid, reverse("answer_all"), "answer-all"),
        (story.ingrid, reverse("account", args=[other.pk]), "account"),
        (story.ingrid, reverse("account_hand_over", args=[accounts[0].pk]), "hand-over"),
        (kari, reverse("handover", args=[Handover.objects.get().pk]), "handover"),
        (kari, reverse("my_accounts"), "my-accounts"),
    ]
    size = {"width": width, "height": 844}
    windows = [enter(person, viewport=size, color_scheme=scheme) for person, _path, _name in looks]
    before = contents()
    for window, (_person, path, name) in zip(windows, looks, strict=True):
        page = window.new_page()
        page.goto(path)
        page.wait_for_load_state("networkidle")
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true })")
        sound(page, f"{name}-{width}-{scheme}")
        page.close(run_before_unload=True)
    assert contents() == before


def test_answers_by_link_and_for_many(story: Story, accounts: list[Account], enter: Enter) -> None:
    page = enter().new_page()
    page.goto(link(accounts[0]))
    page.get_by_text("Hand it over to a colleague").click()
    page.get_by_label("Your colleague’s name").fill("Kari Nes")
    page.get_by_label("Your colleague’s email address").fill(KARI)
    page.get_by_label("What should your colleague know?").fill("Her team runs it.")
    page.get_by_role("button", name="Keep it and ask my colleague").click()
    expect(page.get_by_role("heading", name="Answered: the account is kept")).to_be_visible()
    sound(page, "answered")
    signed_in = enter(story.ingrid).new_page()
    signed_in.goto(reverse("answer_all"))
    signed_in.get_by_label("Your answer").select_option("close")
    signed_in.get_by_label("Reason for all of them").fill("Replaced.")
    signed_in.get_by_role("button", name="Record these answers").click()
    expect(signed_in.get_by_text("Closing cannot be undone.")).to_be_visible()
    sound(signed_in, "answer-all-refused")
    signed_in.get_by_label("I know that a closed account stays closed").check()
    signed_in.get_by_role("button", name="Record these answers").click()
    expect(signed_in.get_by_text("1 account is answered.")).to_be_visible()
    assert Account.objects.get(pk=accounts[1].pk).state == "closed"
