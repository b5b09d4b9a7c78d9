"""The owner lets the technical contact collect, and takes it back; nobody else does either."""

from __future__ import annotations

import pytest

from accounts.actions import collecting, credentials, handovers, new_secret
from accounts.lifecycle.errors import LostRace, NotAllowed, NotReady
from accounts.models import Account, Credential, Event, Handover, Person
from tests.actions.tools import nothing_written, told
from tests.story import Story

TOR, INGRID = "tor@nordsjo.example", "ingrid@nordsjo.example"


@pytest.fixture
def account(story: Story) -> Account:
    """An account whose secret waits to be collected."""
    return now(story.order_in("issued").accounts.get())


@pytest.fixture
def tor(story: Story) -> Person:
    return story.person(TOR, "Tor Teknisk")


def now(account: Account) -> Account:
    return Account.objects.select_related("owner", "environment").get(pk=account.pk)


def let(story: Story, account: Account) -> Account:
    collecting.let_collect(account, by=story.actor("ingrid"), now=story.now)
    return now(account)


def secret_of(account: Account) -> Credential:
    return account.credentials.get(destroyed_at=None)


def test_the_technical_contact_collects_once_when_the_owner_lets_them(
    story: Story, account: Account, tor: Person
) -> None:
    event = collecting.let_collect(account, by=story.actor("ingrid"), now=story.now)
    assert (event.verb, event.data) == ("let_collect", {"to": "Tor Teknisk"})
    assert told(event) == {"collect_permission_given": {INGRID, TOR}}
    credential = secret_of(account)
    assert credentials.reveal(credential, by=story.actor(tor), now=story.now) == "secret-TEST"
    with pytest.raises(LostRace, match="Tor Teknisk collected the client secret"):
        credentials.reveal(credential, by=story.actor("ingrid"), now=story.now)
    collected = account.credentials.get()
    assert (collected.revealed_by, collected.sealed_secret) == ("Tor Teknisk", "")
    revealed = Event.objects.get(subject_id=account.pk, verb="reveal_secret")
    assert revealed.actor_name == "Tor Teknisk"
    assert told(revealed) == {"secret_collected": {INGRID, TOR}}


def test_without_the_permission_and_after_it_was_taken_back_they_do_not(
    story: Story, account: Account, tor: Person
) -> None:
    for step in ("before", "after"):
        if step == "after":
            account = let(story, account)
            event = collecting.stop_letting_collect(account, by=story.actor("ingrid"), now=story.now)
            assert told(event) == {"collect_permission_taken": {INGRID, TOR}}
        with nothing_written(), pytest.raises(NotAllowed, match="Only the account’s owner"):
            credentials.reveal(secret_of(account), by=story.actor(tor), now=story.now)


@pytest.mark.parametrize("who", ["stranger", "support", "cegal", "administrator"])
def test_only_the_owner_says_who_collects(story: Story, account: Account, who: str) -> None:
    with nothing_written(), pytest.raises(NotAllowed):
        collecting.let_collect(account, by=story.actor(who), now=story.now)
    account = let(story, account)
    with nothing_written(), pytest.raises(NotAllowed):
        collecting.stop_letting_collect(account, by=story.actor(who), now=story.now)
    assert not collecting.may_collect(account, story.actor(who))


def test_there_must_be_somebody_to_let_and_nothing_is_done_twice(story: Story, account: Account) -> None:
    with nothing_written(), pytest.raises(NotReady, match="may not collect"):
        collecting.stop_letting_collect(account, by=story.actor("ingrid"), now=story.now)
    stale = now(account)
    let(story, account)
    with nothing_written(), pytest.raises(LostRace):
        collecting.let_collect(stale, by=story.actor("ingrid"), now=story.now)
    with nothing_written(), pytest.raises(NotReady, match="already"):
        collecting.let_collect(now(account), by=story.actor("ingrid"), now=story.now)
    for address in ("", INGRID):
        alone = story.account(technical_email=address)
        with nothing_written(), pytest.raises(NotReady, match="no technical contact besides"):
            collecting.let_collect(alone, by=story.actor("ingrid"), now=story.now)


def test_it_ends_with_another_owner_and_with_another_contact(story: Story, account: Account, tor: Person) -> None:
    account = let(story, account)
    Account.objects.filter(pk=account.pk).update(technical_email="new@nordsjo.example")
    newcomer = story.person("new@nordsjo.example", "New")
    for person in (tor, newcomer):
        assert not collecting.may_collect(now(account), story.actor(person))
    Account.objects.filter(pk=account.pk).update(technical_email=TOR)
    assert collecting.may_collect(now(account), story.actor(tor))
    given = {"email": story.stranger.email, "name": "Stranger", "comment": "Yours."}
    handovers.hand_over(now(account), **given, by=story.actor("ingrid"), now=story.now)
    handovers.accept(Handover.objects.get(), by=story.actor("stranger"), now=story.now)
    assert not collecting.may_collect(now(account), story.actor(tor))
    assert not collecting.may_collect(now(account), story.actor("ingrid"))
    assert collecting.may_collect(now(account), story.actor("stranger"))


def test_the_contact_is_told_of_a_new_secret_that_they_may_collect(story: Story, account: Account) -> None:
    account = let(story, account)
    credentials.reveal(secret_of(account), by=story.actor("ingrid"), now=story.now)
    new_secret.ask_for_new_secret(now(account), by=story.actor("support"), now=story.now)
    entered = new_secret.enter_new_secret(now(account), client_secret="another", by=story.actor("cegal"), now=story.now)
    assert told(entered) == {"new_secret_ready": {INGRID, TOR}}
