"""Verify and issue: what must be in place before an account becomes active."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from accounts.actions import credentials
from accounts.gateways.loop import Outcome, TokenCheck
from accounts.lifecycle.errors import NotAllowed, NotReady
from accounts.models import Account, Credential, Environment, Event, Order, PolicyNumber
from accounts.verbs import InvalidInput
from tests.actions.tools import history, nothing_written, told
from tests.story import Story

BOTH = ("TEST", "PRODUCTION")
TODAY = date(2026, 11, 23)
Answers = Callable[[Outcome, str], list[tuple[str, str, str, bool]]]


@pytest.fixture
def token_url(monkeypatch: pytest.MonkeyPatch) -> Answers:
    """Say what the environments' token URLs answer from now on; give the requests that they got."""
    asked: list[tuple[str, str, str, bool]] = []

    def answer(outcome: Outcome, sentence: str = "It answered.") -> list[tuple[str, str, str, bool]]:
        def check_token(url: str, client_id: str, secret: str, *, allow_private: bool, **_how: object) -> TokenCheck:
            asked.append((url, client_id, secret, allow_private))
            return TokenCheck(outcome, sentence, elapsed_ms=12)

        monkeypatch.setattr(credentials.loop, "check_token", check_token)
        return asked

    return answer


@pytest.fixture
def order(story: Story) -> Order:
    return story.order_in("credential_issue", environments=BOTH)


def accounts_of(order: Order) -> dict[str, Account]:
    return {account.environment.name: account for account in order.accounts.select_related("environment")}


def references(order: Order) -> dict[str, str]:
    return {f"loop_reference__{name}": f"LOOP-{name}" for name in BOTH}


def verify_all(story: Story, order: Order) -> None:
    for credential in Credential.objects.filter(account__order=order):
        credentials.verify(credential, by=story.actor("support"), now=story.now)


def test_verify_asks_the_token_url_with_the_credential(story: Story, order: Order, token_url: Answers) -> None:
    asked = token_url(Outcome.OK, "The credentials work.")
    account = accounts_of(order)["TEST"]
    credential = account.credentials.get()
    credentials.verify(credential, by=story.actor("support"), now=story.now)
    environment = Environment.objects.get(name="TEST")
    assert asked == [(environment.token_url, account.client_id, "secret-TEST", False)]
    for kept in (credential, Credential.objects.get(pk=credential.pk)):
        assert (kept.check_outcome, kept.check_sentence) == ("ok", "The credentials work.")
        assert kept.verified_at == kept.checked_at == story.now
    event = Event.objects.get(subject_id=account.pk, verb="verify_credential")
    assert event.data == {"outcome": "ok", "elapsed_ms": 12}
    assert told(event) == {}


def test_a_check_that_fails_later_takes_the_verification_away(story: Story, order: Order, token_url: Answers) -> None:
    token_url(Outcome.OK)
    credential = accounts_of(order)["TEST"].credentials.get()
    credentials.verify(credential, by=story.actor("cegal"), now=story.now)
    token_url(Outcome.WRONG_SECRET, "The secret is wrong.")
    credentials.verify(credential, by=story.actor("cegal"), now=story.now)
    kept = Credential.objects.get(pk=credential.pk)
    assert (kept.verified_at, kept.check_outcome) == (None, "wrong_secret")


@pytest.mark.parametrize("who", ["ingrid", "stranger", "responsible", "administrator"])
def test_only_support_and_cegal_verify(story: Story, order: Order, token_url: Answers, who: str) -> None:
    asked = token_url(Outcome.OK)
    credential = accounts_of(order)["TEST"].credentials.get()
    with nothing_written(), pytest.raises(NotAllowed):
        credentials.verify(credential, by=story.actor(who), now=story.now)
    assert asked == []


def test_a_destroyed_secret_cannot_be_verified(story: Story, order: Order, token_url: Answers) -> None:
    asked = token_url(Outcome.OK)
    Credential.objects.update(sealed_secret="", destroyed_at=story.now)
    credential = accounts_of(order)["TEST"].credentials.get()
    with pytest.raises(NotReady, match="not stored any more"):
        credentials.verify(credential, by=story.actor("support"), now=story.now)
    assert asked == []


def test_a_secret_whose_key_is_gone_is_refused_with_what_to_do(story: Story, order: Order, settings: object) -> None:
    settings.CREDENTIAL_KEYS = {"t9": b"9" * 32}  # type: ignore[attr-defined]
    credential = accounts_of(order)["TEST"].credentials.get()
    with nothing_written(), pytest.raises(NotReady, match="Add it to CREDENTIAL_KEYS"):
        credentials.verify(credential, by=story.actor("support"), now=story.now)


def test_unverified_credentials_are_not_issued(story: Story, order: Order) -> None:
    with nothing_written(), pytest.raises(NotReady, match="for TEST, PRODUCTION are not verified"):
        story.do(order, "issue_credentials", "support", **references(order))


def test_one_of_two_unverified_is_named(story: Story, order: Order, token_url: Answers) -> None:
    token_url(Outcome.OK)
    credential = accounts_of(order)["TEST"].credentials.get()
    credentials.verify(credential, by=story.actor("support"), now=story.now)
    with nothing_written(), pytest.raises(NotReady, match="for PRODUCTION are not verified"):
        story.do(order, "issue_credentials", "support", **references(order))


def test_an_override_needs_a_reason(story: Story, order: Order) -> None:
    by = story.actor("support")
    given = {account.pk: "LOOP" for account in order.accounts.all()}
    with nothing_written(), pytest.raises(InvalidInput, match="Write why"):
        story.do(order, "issue_credentials", "support", override="on", **references(order))
    with nothing_written(), pytest.raises(NotReady, match="Write why"):
        credentials.issue_credentials(order, by=by, now=story.now, loop_references=given, override=True, comment=" ")


def test_an_override_is_kept_with_what_was_unverified_and_why(story: Story, order: Order) -> None:
    event = story.do(order, "issue_credentials", "support", override="on", comment="Gateway down.", **references(order))
    assert event.data == {"unverified": ["TEST", "PRODUCTION"]}
    assert event.comment == "Gateway down."


def test_every_account_needs_its_reference_in_loop(story: Story, order: Order, token_url: Answers) -> None:
    token_url(Outcome.OK)
    verify_all(story, order)
    by, accounts = story.actor("support"), accounts_of(order)
    for given in ({}, {accounts["TEST"].pk: "LOOP-1"}, {accounts["TEST"].pk: "LOOP-1", accounts["PRODUCTION"].pk: " "}):
        with nothing_written(), pytest.raises(NotReady, match=r"reference in Loop for .*PRODUCTION"):
            credentials.issue_credentials(order, by=by, now=story.now, loop_references=given)
    with nothing_written(), pytest.raises(InvalidInput, match="Enter the account’s reference in Loop for PRODUCTION"):
        story.do(order, "issue_credentials", "support", loop_reference__TEST="LOOP-1")


def test_issued_accounts_are_active_and_wait_to_be_collected(story: Story, order: Order, token_url: Answers) -> None:
    token_url(Outcome.OK)
    verify_all(story, order)
    event = story.do(order, "issue_credentials", "support", **references(order))
    assert event.data == {}
    assert Order.objects.get(pk=order.pk).state == "issued"
    for name, account in accounts_of(order).items():
        assert (account.state, account.activated_on, account.last_activity_on) == ("active", TODAY, TODAY)
        assert account.loop_reference == f"LOOP-{name}"
        assert history(account) == ["create", "verify_credential", "activate"]
        assert Event.objects.get(subject_id=account.pk, verb="activate").data == {"order": order.reference}
        credential = account.credentials.get()
        assert (credential.collect_by, credential.is_collectable) == (date(2026, 12, 7), True)


def test_the_policy_says_how_long_a_secret_waits(story: Story) -> None:
    PolicyNumber.objects.create(name="secret_days", value=3)
    account = story.order_in("issued").accounts.get()
    assert account.credentials.get().collect_by == date(2026, 11, 26)


def test_all_or_none_when_an_account_cannot_be_activated(story: Story, order: Order) -> None:
    """A failure at the second account takes the first one, the order, the events and the mails back."""
    Account.objects.filter(environment__name="PRODUCTION").update(state="active", activated_on=TODAY)
    with nothing_written(), pytest.raises(NotReady, match="is not possible any more: it is now “active”"):
        story.do(order, "issue_credentials", "support", override="on", comment="Why.", **references(order))
    assert (order.state, order.version) == ("credential_issue", Order.objects.get(pk=order.pk).version)
