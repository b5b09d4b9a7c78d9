"""The pages of secrets, providers and documentation, asked by everybody for odd things: no mistake of ours."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.actions import connectors, operations
from accounts.actions.connectors import Details
from accounts.models import Account, Credential, Finding, FindingKind, Operation, ProviderKind
from tests.actions import rotating
from tests.actions.rotating import account_with_secret, collected
from tests.gateways.servers import nobody_listens
from tests.gateways.vendor import SECRET
from tests.story import Story
from tests.web.visitors import browser_of

works = rotating.works
pytestmark = pytest.mark.usefixtures("works")

NOBODYS = uuid.UUID(int=0)
ODD = ["", "\0", "٣", "-1", "9" * 400, "<script>", "2027-02-30", "%s%(x)s", "' OR 1=1 --", "https://[::1", "å" * 3000]
FIELDS = [
    "q", "state", "environment", "kind", "after", "before", "page", "comment", "until", "client_secret", "secret",
    "ready", "key_id", "expires_on", "secret_days", "tenant", "url", "token_url", "graph_url", "client_id", "version",
    "file", "next",
]  # fmt: skip
OF_ACCOUNT = [
    "account", "account_rotate", "account_secret_in_use", "account_keep_both", "account_test_new", "account_test",
    "collect", "account_start", "staff_account", "account_new_secret",
]  # fmt: skip
OF_NOTHING = ["staff_secrets", "secrets_export", "providers", "providers_export", "providers_compare", "documentation"]
OF_ENVIRONMENT = ["environment_provider", "environment_provider_try", "environment_documentation"]
WHO = ["ingrid", "stranger", "support", "responsible", "cegal", "administrator"]


@pytest.fixture
def addresses(story: Story) -> list[str]:
    """Every page with a row of its own, and with an id of nothing."""
    account = account_with_secret(story)
    collected(story, account)
    story.test.private_addresses_allowed = True
    story.test.save()
    url = f"http://127.0.0.1:{nobody_listens()}"
    by, now = story.actor("administrator"), timezone.now()
    connectors.choose(story.test, Details(ProviderKind.WEBHOOK, url=url, secret=SECRET), by=by, now=now)
    story.order_in("cegal_setup")
    operations.open_wanted(now=now)
    finding = Finding.objects.create(
        environment=story.test, kind=FindingKind.ENABLED_THERE.value, account=account, client_id="c", found_at=now
    )
    rows = {
        **dict.fromkeys(OF_ACCOUNT, account.pk), **dict.fromkeys(OF_ENVIRONMENT, story.test.pk),
        "provider_open_again": finding.pk, "operation_retry": Operation.objects.get().pk,
        "credential_verify": Credential.objects.all()[0].pk,
    }  # fmt: skip
    found = [reverse(name) for name in OF_NOTHING]
    found += [reverse(name, args=[pk]) for name, row in rows.items() for pk in (row, NOBODYS)]
    found += [reverse("account_collector", args=[account.pk, verb]) for verb in ("let", "stop", "burn")]
    found += [
        reverse(name, args=[of]) for name in ("documentation_of", "documentation_file") for of in ("TEST", "x" * 300)
    ]
    return found


def requests(browser: Client, where: str, turn: int, closed: bool) -> Iterator[tuple[str, int]]:
    """A GET, and a POST where somebody is let in, or must not be (``closed``)."""
    said = {field: ODD[(place + turn) % len(ODD)] for place, field in enumerate(FIELDS)}
    for method in ("get", "post"):
        answer = getattr(browser, method)(where, said)
        if answer.streaming:
            list(answer)
        yield method, answer.status_code
        if answer.status_code in (403, 404) and not closed:
            return


def test_nobody_gets_an_error_of_ours_whatever_they_say(story: Story, addresses: list[str]) -> None:
    before = Account.objects.count(), Credential.objects.count()
    browsers = {name: browser_of(getattr(story, name)) for name in WHO} | {"nobody": Client()}
    for who, browser in browsers.items():
        browser.raise_request_exception = False
        for turn, where in enumerate(addresses):
            for how, status in requests(browser, where, turn, who == "stranger"):
                assert status < 500, (who, where, how)
                if who == "stranger" and "/accounts/" in where:
                    assert status in (403, 404, 405), (who, where, how)
    assert (Account.objects.count(), Credential.objects.count()) == before
