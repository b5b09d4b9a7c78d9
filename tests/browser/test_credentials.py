"""Saving credentials as files in a real browser, under the strict CSP, and watching a check go on."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.actions import verifying
from accounts.gateways.loop import Outcome, TokenCheck
from accounts.lifecycle.actor import SYSTEM
from accounts.models import Account, Credential
from accounts.readers import postman
from accounts.readers.keeping import dotenv
from tests.browser.conftest import Enter
from tests.browser.soundness import listen
from tests.story import Story

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

CANARY = "canary-~7 <b>&\"'æ"


@pytest.fixture
def story(transactional_db: None) -> Story:
    return Story(timezone.now())


@pytest.fixture
def account(story: Story) -> Account:
    """An account whose secret CANARY waits for its owner."""
    order = story.order_in("cegal_setup")
    story.do(order, "complete_setup", "cegal", client_id__TEST="client-canary", client_secret__TEST=CANARY)
    story.do(order, "issue_credentials", "support", **story.data_for(order, "issue_credentials"))
    return Account.objects.select_related("environment").get(order=order)


def reveal(page: Page, account: Account) -> None:
    page.goto(reverse("collect", args=[account.pk]))
    page.get_by_label("I am ready to store the secret safely").check()
    page.get_by_role("button", name="Show the secret once").click()
    expect(page.get_by_role("heading", name="Your credentials")).to_be_visible()


def test_the_files_are_made_in_the_page_and_saved(story: Story, account: Account, enter: Enter, tmp_path: Path) -> None:
    page = enter(story.ingrid).new_page()
    said, asked = listen(page), list[str]()
    reveal(page, account)
    page.on("request", lambda request: asked.append(request.url))
    texts = {}
    for title in ("An .env file", "Postman environment", "Postman collection"):
        with page.expect_download() as begun:
            page.get_by_role("button", name=title).click()
        kept = tmp_path / begun.value.suggested_filename
        begun.value.save_as(kept)
        texts[kept.name] = kept.read_text(encoding="utf-8")
    assert [url for url in asked if not url.startswith("blob:")] == []
    assert said == []
    assert set(texts) == {
        "loop-TEST-client-canary.env",
        "loop-TEST-client-canary.postman_environment.json",
        "loop-api.postman_collection.json",
    }
    assert texts["loop-TEST-client-canary.env"] == dotenv(account, CANARY)
    environment = json.loads(texts["loop-TEST-client-canary.postman_environment.json"])
    assert environment == postman.environment(account, CANARY)
    assert json.loads(texts["loop-api.postman_collection.json"]) == postman.collection()


def test_without_script_the_texts_are_there_to_copy(story: Story, account: Account, enter: Enter) -> None:
    page = enter(story.ingrid, java_script_enabled=False).new_page()
    reveal(page, account)
    expect(page.get_by_role("button", name="An .env file")).to_be_hidden()
    page.get_by_text("The text of loop-TEST-client-canary.env").click()
    expect(page.locator("#file-env")).to_have_text(dotenv(account, CANARY))
    expect(page.locator("#file-env")).to_be_visible()


def test_a_check_is_watched_until_it_is_over(story: Story, enter: Enter) -> None:
    order = story.order_in("credential_issue")
    page = enter(story.support).new_page()
    page.goto(reverse("staff_order", args=[order.reference]))
    status = page.get_by_role("status").filter(has_text="Client secret")
    expect(status).to_contain_text("The portal is asking the token URL.")
    _keep(TokenCheck(Outcome.WRONG_SECRET, "invalid_client."), again=timedelta(seconds=60))
    expect(status).to_contain_text("A new secret may take a while to work.")
    _keep(TokenCheck(Outcome.OK, "Accepted.", elapsed_ms=354, expires_in=3599), again=None)
    expect(status).to_contain_text("Token received in 354 ms, valid for 3,599 seconds.")
    assert not re.search(r"hx-trigger", status.inner_html())


def _keep(token: TokenCheck, again: timedelta | None) -> None:
    """What a worker does after a check."""
    credential, now = Credential.objects.select_related("account__environment").get(), timezone.now()
    due = now + again if again else None
    verifying.keep(credential, credential.account, verifying.Checked(token), by=SYSTEM, now=now, again=due)
