"""Credentials on the order’s page: verified, looked at again, issued; never shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse

from accounts.actions.credentials import verify_new
from accounts.gateways.claims import Claims
from accounts.gateways.loop import Outcome, TokenCheck
from accounts.gateways.sales import SalesCheck, SalesOutcome
from accounts.lifecycle.actor import SYSTEM
from accounts.models import Credential, Environment, Event, Order
from tests.story import NOW, Story
from tests.web.staff_pages import browser, decide, hidden_fields, read, words


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def page(order: Order) -> str:
    return reverse("staff_order", args=[order.reference])


def now(order: Order) -> Order:
    return Order.objects.get(pk=order.pk)


def test_credentials_are_shown_without_the_secret(story: Story) -> None:
    order = story.order_in("credential_issue", environments=("TEST", "PRODUCTION"))
    client = browser(story, "support")
    text = read(client, page(order))
    for account in order.accounts.all():
        assert account.client_id in text
    assert text.count("Not verified yet") == 2
    assert text.count("The portal is asking the token URL.") == 2
    assert "secret-TEST" not in text
    assert Credential.objects.first().sealed_secret not in text  # type: ignore[union-attr]
    assert "Verify now" not in text
    with time_machine.travel(NOW + timedelta(minutes=6), tick=False):
        assert read(client, page(order)).count("Verify now") == 2
        assert "Verify now" not in read(browser(story, "responsible"), page(order))


def test_a_new_credential_is_looked_at_again_until_it_was_checked(story: Story) -> None:
    order = story.order_in("credential_issue")
    client = browser(story, "support")
    text = read(client, page(order))
    assert "The portal is asking the token URL." in text
    assert 'hx-trigger="every 3s"' in text
    with time_machine.travel(NOW + timedelta(minutes=6), tick=False):
        assert "hx-trigger" not in read(client, page(order))
    said = {"checked_at": NOW, "check_outcome": Outcome.TIMEOUT.value, "check_sentence": "No answer."}
    Credential.objects.update(**said, check_tries=2, check_until=NOW + timedelta(seconds=85))
    text = read(client, page(order))
    assert "No answer. A new secret may take a while to work. Asked 2 times; the portal asks again for at most" in text
    assert "85 seconds" in text
    assert 'hx-trigger="every 3s"' in text
    assert "Ask Cegal for a new secret" not in text
    Credential.objects.update(check_due_at=None)
    text = read(client, page(order))
    assert "hx-trigger" not in text
    assert "Ask Cegal for a new secret" in text
    assert "Not verified: the token URL did not answer in time" in text


@pytest.mark.parametrize(
    ("outcome", "title", "tone"),
    [
        (Outcome.OK, "Verified", "good"),
        (Outcome.WRONG_SECRET, "Not verified: the client ID or the secret is wrong", "bad"),
    ],
)
def test_verify_has_the_token_url_asked_and_says_what_came_of_it(
    story: Story, monkeypatch: pytest.MonkeyPatch, outcome: Outcome, title: str, tone: str
) -> None:
    order = story.order_in("credential_issue")
    Credential.objects.update(check_due_at=None)
    claims = Claims(client="c", audience="api://loop", opaque=False)
    params = {"host": "apis-test-vi.collabor8.no"}
    said = TokenCheck(outcome, "%(host)s answered.", params, elapsed_ms=1354, expires_in=3599, claims=claims)
    monkeypatch.setattr("accounts.gateways.loop.check_token", lambda *_args, **_kwargs: said)
    client = browser(story, "support")
    credential = Credential.objects.get(account__order=order)
    answer = client.post(reverse("credential_verify", args=[credential.pk]))
    assert (answer.status_code, answer["Location"]) == (302, page(order))
    assert "The portal is asking the token URL." in read(client, page(order))
    for _ask in range(9):
        verify_new(clock=lambda: NOW, by=SYSTEM)
        Credential.objects.filter(check_due_at__isnull=False).update(check_due_at=NOW, check_until=NOW)
    text = read(client, page(order))
    assert "apis-test-vi.collabor8.no answered." in text
    figures = (
        "Token received in 1,354 ms, valid for 3,599 seconds. The token names this client. It is meant for api://loop"
    )
    assert (figures in text) == (outcome is Outcome.OK)
    assert f'data-tone="{tone}"' in text
    assert title in text
    assert "Check again" in text


def test_the_sale_is_told_beside_the_outcome(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    order = story.order_in("credential_issue")
    said = SalesCheck(SalesOutcome.NOT_ALLOWED, "%(host)s does not allow it.", {"host": "loop.example"})
    monkeypatch.setattr("accounts.gateways.sales.check_sales", lambda *_args, **_kwargs: said)

    def check(*_args: object, then: Callable[[str], object], **_how: object) -> TokenCheck:
        then("a-token")
        return TokenCheck(Outcome.OK, "Fine.")

    monkeypatch.setattr("accounts.gateways.loop.check_token", check)
    for asked in (False, True):
        Environment.objects.update(sales_checked=asked)
        Credential.objects.update(check_due_at=NOW)
        verify_new(clock=lambda: NOW, by=SYSTEM)
        text = read(browser(story, "support"), page(order))
        assert ("loop.example does not allow it." in text) == asked
        assert "Verified" in text
    assert "a-token" not in str(Credential.objects.values())
    events = Event.objects.filter(verb="verify_credential").order_by("seq")
    assert [event.data.get("sales") for event in events] == [None, "not_allowed"]


def test_a_secret_that_is_gone_cannot_be_verified(story: Story) -> None:
    order = story.order_in("issued")
    credential = Credential.objects.get(account__order=order)
    Credential.objects.filter(pk=credential.pk).update(sealed_secret="", destroyed_at=NOW)
    client = browser(story, "support")
    client.post(reverse("credential_verify", args=[credential.pk]))
    assert "not stored any more" in read(client, reverse("staff_account", args=[credential.account_id]))


def test_cegal_verifies_only_what_it_may_see(story: Story) -> None:
    handed = story.order_in("issued")
    other = story.account()
    credential = Credential.objects.get(account__order=handed)
    Credential.objects.filter(pk=credential.pk).update(account=other)
    assert browser(story, "cegal").post(reverse("credential_verify", args=[credential.pk])).status_code == 404


def test_issuing_asks_for_references_and_for_the_reason_of_an_override(story: Story) -> None:
    order = story.order_in("credential_issue")
    client = browser(story, "support")
    missing = decide(client, order, "issue_credentials", override="on")
    assert missing.status_code == 422
    assert "Write why you issue unverified credentials." in missing.content.decode()
    answer = decide(client, order, "issue_credentials", loop_reference__TEST="L-77", override="on", comment="Tested.")
    text = words(answer.content.decode())
    assert "Reference in Loop, TEST L-77" in text
    assert "Issue although not every credential is verified Yes" in text
    done = client.post(
        reverse("order_verb", args=[order.reference, "issue_credentials"]), hidden_fields(answer.content.decode())
    )
    assert done.status_code == 302
    assert now(order).state == "issued"
    assert order.accounts.get().loop_reference == "L-77"


def test_unverified_credentials_are_not_issued_without_an_override(story: Story) -> None:
    order = story.order_in("credential_issue")
    client = browser(story, "support")
    answer = decide(client, order, "issue_credentials", loop_reference__TEST="L-77")
    done = client.post(
        reverse("order_verb", args=[order.reference, "issue_credentials"]), hidden_fields(answer.content.decode())
    )
    assert "are not verified. Verify them first." in done.content.decode()
    assert now(order).state == "credential_issue"
