"""A new secret for a living account: Support asks, Cegal enters, the owner collects."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from accounts.actions import credentials, new_secret, provider
from accounts.lifecycle.actor import SYSTEM
from accounts.lifecycle.errors import LostRace, NotAllowed, NotReady
from accounts.models import Account, Credential
from tests.actions.tools import INGRID, SILJE, at_once, history, nothing_written, told
from tests.story import Story

AFTER = date(2026, 12, 8)


@pytest.fixture
def account(story: Story) -> Account:
    """An account whose first secret was destroyed because nobody collected it."""
    account = story.order_in("issued").accounts.get()
    credentials.destroy_uncollected(today=AFTER, now=story.now, by=SYSTEM)
    return Account.objects.get(pk=account.pk)


def ask(story: Story, account: Account, who: str = "support") -> None:
    new_secret.ask_for_new_secret(account, by=story.actor(who), now=story.now, comment="Nobody collected it.")


def enter(story: Story, account: Account, secret: str = "new-secret", who: str = "cegal") -> None:
    later = story.now + timedelta(days=20)
    new_secret.enter_new_secret(account, client_secret=secret, by=story.actor(who), now=later)


def test_the_whole_way(story: Story, account: Account) -> None:
    by = story.actor("support")
    asked = new_secret.ask_for_new_secret(account, by=by, now=story.now, comment="Nobody collected it.")
    assert told(asked) == {"new_secret_asked": {SILJE}}
    assert asked.comment == "Nobody collected it."
    task = account.tasks.get(kind="new_secret")
    assert task.is_providers
    later = story.now + timedelta(days=20)
    entered = new_secret.enter_new_secret(
        account, client_secret="  new-secret ", by=story.actor("cegal"), now=later, expires_on=date(2028, 1, 1)
    )
    assert told(entered) == {"new_secret_ready": {INGRID}}
    task.refresh_from_db()
    assert (task.done_at, task.done_by) == (later, "Silje Thorsen")
    credential = account.credentials.get(destroyed_at=None)
    assert (credential.collect_by, credential.expires_on) == (date(2026, 12, 27), date(2028, 1, 1))
    assert credentials.reveal(credential, by=story.actor("ingrid"), now=later) == "new-secret"
    assert history(account)[-4:] == ["destroy_secret", "ask_for_new_secret", "enter_new_secret", "reveal_secret"]


@pytest.mark.parametrize("who", ["ingrid", "stranger", "cegal", "responsible", "administrator"])
def test_only_support_asks(story: Story, account: Account, who: str) -> None:
    with nothing_written(), pytest.raises(NotAllowed, match="Only Support"):
        ask(story, account, who)


@pytest.mark.parametrize("who", ["ingrid", "support", "responsible", "administrator"])
def test_only_cegal_enters(story: Story, account: Account, who: str) -> None:
    ask(story, account)
    with nothing_written(), pytest.raises(NotAllowed, match="Only Cegal"):
        enter(story, account, who=who)


def test_not_while_the_last_one_waits(story: Story) -> None:
    account = story.order_in("issued").accounts.get()
    with nothing_written(), pytest.raises(NotReady, match="still waits for its owner"):
        ask(story, account)


def test_not_twice(story: Story, account: Account) -> None:
    ask(story, account)
    with nothing_written(), pytest.raises(NotReady, match="asked for a new secret already"):
        ask(story, account)
    enter(story, account)
    with nothing_written(), pytest.raises(LostRace, match="entered already"):
        enter(story, account)


def test_not_for_a_closed_account(story: Story) -> None:
    account = story.account_in("closed")
    with nothing_written(), pytest.raises(NotReady, match="in use"):
        ask(story, account)


def test_a_wrong_secret_is_replaced_before_the_issue(story: Story) -> None:
    """Cegal mistyped: Support need not issue what does not work."""
    order = story.order_in("credential_issue")
    account = order.accounts.get()
    ask(story, account)
    assert Credential.objects.get(account=account).sealed_secret == ""
    with pytest.raises(NotReady, match="TEST are not verified"):
        story.do(order, "issue_credentials", "support", loop_reference__TEST="L-1")
    entered = new_secret.enter_new_secret(
        Account.objects.get(pk=account.pk), client_secret="right", by=story.actor("cegal"), now=story.now
    )
    assert set(told(entered)) == {"new_secret_entered"}
    replacement = Credential.objects.get(account=account, destroyed_at=None)
    assert not replacement.is_collectable, "the owner may collect it from the issue on"
    Credential.objects.filter(pk=replacement.pk).update(verified_at=story.now, checked_at=story.now)
    story.do(order, "issue_credentials", "support", loop_reference__TEST="L-1")
    replacement.refresh_from_db()
    assert replacement.is_collectable


def test_a_verified_secret_is_not_replaced_before_the_issue(story: Story) -> None:
    account = story.order_in("credential_issue").accounts.get()
    Credential.objects.filter(account=account).update(verified_at=story.now, checked_at=story.now)
    with nothing_written(), pytest.raises(NotReady, match="Issue the credentials"):
        ask(story, account)


def test_not_unasked(story: Story, account: Account) -> None:
    with nothing_written(), pytest.raises(LostRace, match="Nobody waits for a new secret"):
        enter(story, account)


@pytest.mark.parametrize("blank", ["", "  \n"])
def test_not_an_empty_one(story: Story, account: Account, blank: str) -> None:
    ask(story, account)
    with nothing_written(), pytest.raises(NotReady, match="Paste the client secret"):
        enter(story, account, blank)


def test_an_account_that_was_closed_meanwhile_gets_none(story: Story, account: Account) -> None:
    ask(story, account)
    story.do(account, "close", "ingrid", comment="Not needed any more.")
    assert not account.tasks.filter(kind="new_secret", done_at=None).exists(), "nobody needs to do it any more"
    with nothing_written(), pytest.raises(LostRace, match="Nobody waits for a new secret"):
        enter(story, account)


def test_the_task_is_closed_by_the_secret_and_not_by_a_click(story: Story, account: Account) -> None:
    ask(story, account)
    with nothing_written(), pytest.raises(NotReady, match="Enter the new secret"):
        provider.confirm(account.tasks.get(kind="new_secret"), by=story.actor("cegal"), now=story.now)


@pytest.mark.django_db(transaction=True)
def test_two_ask_at_once_and_cegal_is_asked_once() -> None:
    story = Story()
    made = story.order_in("issued").accounts.get()
    credentials.destroy_uncollected(today=AFTER, now=story.now, by=SYSTEM)
    actors = [story.actor("support"), story.actor("colleague")]

    def work(place: int) -> str:
        mine = Account.objects.get(pk=made.pk)
        new_secret.ask_for_new_secret(mine, by=actors[place], now=story.now)
        return "done"

    results = at_once(2, work)
    assert results.count("done") == 1
    assert history(made).count("ask_for_new_secret") == 1


@pytest.mark.django_db(transaction=True)
def test_two_operators_enter_at_once_and_one_secret_waits() -> None:
    story = Story()
    made = story.order_in("issued").accounts.get()
    credentials.destroy_uncollected(today=AFTER, now=story.now, by=SYSTEM)
    ask(story, Account.objects.get(pk=made.pk))
    by = story.actor("cegal")

    def work(place: int) -> str:
        mine = Account.objects.get(pk=made.pk)
        new_secret.enter_new_secret(mine, client_secret=f"secret-{place}", by=by, now=story.now)
        return f"secret-{place}"

    results = at_once(3, work)
    entered = [said for said in results if said.startswith("secret-")]
    assert len(entered) == 1
    credential = Credential.objects.get(account=made, destroyed_at=None)
    assert credentials.reveal(credential, by=story.actor("ingrid"), now=story.now) == entered[0]
