"""A secret is shown once to its owner and destroyed at that moment; what nobody collects is destroyed in time."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.apps import apps

from accounts.actions import credentials, engine, notices, secrets
from accounts.lifecycle.actor import SYSTEM, Actor, ActorKind
from accounts.lifecycle.errors import LostRace, NotAllowed, NotReady
from accounts.models import Account, Credential, Event
from accounts.readers.credentials import states_of
from tests.actions.tools import INGRID, SUPPORT, at_once, contents, history, nothing_written, told
from tests.story import Story

COLLECT_BY = date(2026, 12, 7)
SECRET = "secret-TEST"


@pytest.fixture
def credential(story: Story) -> Credential:
    """An issued secret that waits for Ingrid."""
    return story.order_in("issued").accounts.get().credentials.get()


def stored_text() -> str:
    """Every value of every table as one text."""
    return repr(contents())


def destroy(story: Story, today: date) -> dict[str, int]:
    return credentials.destroy_uncollected(today=today, now=story.now, by=SYSTEM)


def test_the_owner_gets_it_and_it_is_destroyed(story: Story, credential: Credential) -> None:
    sealed = credential.sealed_secret
    assert sealed in stored_text()
    assert credentials.reveal(credential, by=story.actor("ingrid"), now=story.now) == SECRET
    kept = Credential.objects.get(pk=credential.pk)
    assert (kept.sealed_secret, kept.destroyed_at) == ("", story.now)
    assert (kept.revealed_at, kept.revealed_by) == (story.now, "Ingrid Solheim")
    event = Event.objects.get(subject_id=kept.account_id, verb="reveal_secret")
    assert told(event) == {"secret_collected": {INGRID}}
    assert event.data == {}
    assert sealed not in stored_text()
    assert sealed.split(".")[-1] not in stored_text()


def test_the_secret_in_clear_is_in_no_table_at_any_time(story: Story) -> None:
    order = story.order_in("cegal_setup")
    given = story.data_for(order, "complete_setup") | {"client_secret__TEST": "canary-4711-not-to-be-found"}
    story.do(order, "complete_setup", "cegal", **given)
    assert "canary-4711" not in stored_text()
    story.do(order, "issue_credentials", "support", **story.data_for(order, "issue_credentials"))
    assert "canary-4711" not in stored_text()
    credential = order.accounts.get().credentials.get()
    assert credentials.reveal(credential, by=story.actor("ingrid"), now=story.now).startswith("canary-4711")
    assert "canary-4711" not in stored_text()
    assert len(contents()) == len(list(apps.get_app_config("accounts").get_models(include_auto_created=True)))


@pytest.mark.parametrize("who", ["stranger", "support", "cegal", "responsible", "administrator"])
def test_nobody_else_gets_it(story: Story, credential: Credential, who: str) -> None:
    with nothing_written(), pytest.raises(NotAllowed, match="Only the account’s owner"):
        credentials.reveal(credential, by=story.actor(who), now=story.now)


def test_a_link_and_the_portal_itself_do_not_get_it(story: Story, credential: Credential) -> None:
    link = Actor(ActorKind.LINK, "link", email=INGRID, owns=credential.account_id)
    for actor in (link, SYSTEM):
        with nothing_written(), pytest.raises(NotAllowed):
            credentials.reveal(credential, by=actor, now=story.now)


def test_the_technical_contact_does_not_get_it(story: Story, credential: Credential) -> None:
    tor = story.person("tor@nordsjo.example", "Tor Teknisk")
    with nothing_written(), pytest.raises(NotAllowed):
        credentials.reveal(credential, by=story.actor(tor), now=story.now)


def test_the_requester_who_is_not_the_owner_does_not_get_it(story: Story) -> None:
    kari = story.person("kari@nordsjo.example", "Kari")
    account = story.order_in("issued", owner_email="kari@nordsjo.example").accounts.get()
    with nothing_written(), pytest.raises(NotAllowed):
        credentials.reveal(account.credentials.get(), by=story.actor("ingrid"), now=story.now)
    assert credentials.reveal(account.credentials.get(), by=story.actor(kari), now=story.now) == SECRET


def test_not_before_it_is_issued(story: Story) -> None:
    account = story.account_in("pending")
    with nothing_written(), pytest.raises(NotReady, match="not issued yet"):
        credentials.reveal(account.credentials.get(), by=story.actor("ingrid"), now=story.now)


def test_a_second_time_says_who_and_when(story: Story, credential: Credential) -> None:
    by = story.actor("ingrid")
    credentials.reveal(credential, by=by, now=story.now)
    with (
        nothing_written(),
        pytest.raises(LostRace, match="Ingrid Solheim collected the client secret on 2026-11-23 at 13:00"),
    ):
        credentials.reveal(credential, by=by, now=story.now + timedelta(hours=1))


@pytest.mark.django_db(transaction=True)
def test_many_at_once_and_one_sees_it() -> None:
    story = Story()
    credential = story.order_in("issued").accounts.get().credentials.get()
    by = story.actor("ingrid")

    def work(_place: int) -> str:
        mine = Credential.objects.get(pk=credential.pk)
        return credentials.reveal(mine, by=by, now=story.now)

    results = at_once(6, work)
    assert results.count(SECRET) == 1
    told_who = [said for said in results if said != SECRET]
    assert len(told_who) == 5
    assert all(said.startswith("Ingrid Solheim collected the client secret on 2026-11-23") for said in told_who)
    account = Account.objects.get(pk=credential.account_id)
    assert history(account).count("reveal_secret") == 1


def test_shown_and_destroyed_are_one_transaction(
    story: Story, credential: Credential, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_args: object, **_kwargs: object) -> None:
        raise RuntimeError("the history cannot be written")

    monkeypatch.setattr(engine, "note", away)
    with nothing_written(), pytest.raises(RuntimeError):
        credentials.reveal(credential, by=story.actor("ingrid"), now=story.now)
    assert secrets.opened(Credential.objects.get(pk=credential.pk)) == SECRET


def test_a_secret_waits_to_the_end_of_its_day(story: Story, credential: Credential) -> None:
    assert credential.collect_by == COLLECT_BY
    with nothing_written():
        assert destroy(story, COLLECT_BY) == {"destroyed": 0}
    assert destroy(story, COLLECT_BY + timedelta(days=1)) == {"destroyed": 1}
    kept = Credential.objects.get(pk=credential.pk)
    assert (kept.sealed_secret, kept.destroyed_at, kept.revealed_at) == ("", story.now, None)
    event = Event.objects.get(subject_id=kept.account_id, verb="destroy_secret")
    assert told(event) == {"secret_not_collected": {INGRID}, "secret_not_collected_copy": SUPPORT}
    with nothing_written():
        assert destroy(story, COLLECT_BY + timedelta(days=2)) == {"destroyed": 0}


def test_what_was_destroyed_is_said_with_what_to_do(story: Story, credential: Credential) -> None:
    destroy(story, COLLECT_BY + timedelta(days=1))
    with nothing_written(), pytest.raises(LostRace, match="nobody collected it in time"):
        credentials.reveal(credential, by=story.actor("ingrid"), now=story.now)


@pytest.mark.parametrize("before", ["active", "notified", "suspended"])
@pytest.mark.parametrize("who", ["ingrid", "support"])
def test_closing_destroys_what_nobody_collected(story: Story, before: str, who: str) -> None:
    account = story.account_in(before)
    credential = secrets.sealed(account, SECRET, by=SYSTEM, now=story.now)
    credential.collect_by = COLLECT_BY
    secrets.store([credential])
    story.do(account, "close", who, comment="The project is over.")
    kept = Credential.objects.get(pk=credential.pk)
    assert (kept.sealed_secret, kept.destroyed_at, kept.revealed_at) == ("", story.now, None)
    with nothing_written(), pytest.raises(NotReady, match="The account is closed"):
        credentials.reveal(kept, by=story.actor("ingrid"), now=story.now)
    state = states_of([Account.objects.get(pk=account.pk)])[0]
    assert state.where == "Destroyed: the account was closed"


def test_a_closing_that_is_refused_destroys_nothing(story: Story, credential: Credential) -> None:
    account = Account.objects.get(pk=credential.account_id)
    with nothing_written(), pytest.raises(NotAllowed):
        notices.close(account, by=story.actor("stranger"), now=story.now, comment="Not mine.")


@pytest.mark.django_db(transaction=True)
def test_revealed_and_closed_at_once_is_seen_or_refused() -> None:
    story = Story()
    credential = story.order_in("issued").accounts.get().credentials.get()
    account = Account.objects.get(pk=credential.account_id)
    by = story.actor("ingrid")

    def work(place: int) -> object:
        if place == 0:
            return credentials.reveal(credential, by=by, now=story.now)
        return notices.close(account, by=by, now=story.now, comment="The project is over.")

    shown, _closed = at_once(2, work)
    kept = Credential.objects.get(pk=credential.pk)
    assert kept.sealed_secret == ""
    assert (shown == SECRET) == (kept.revealed_at is not None)
    assert shown == SECRET or shown == "The account is closed."


def test_a_secret_that_is_not_issued_is_not_destroyed(story: Story) -> None:
    story.account_in("pending")
    with nothing_written():
        assert destroy(story, date(2028, 1, 1)) == {"destroyed": 0}


def test_every_secret_that_is_due_is_destroyed_also_many(story: Story) -> None:
    account = story.account()
    rows = [
        Account(
            client_id=f"many-{number}", environment=story.test, state="active", state_since=story.now, as_seller=True,
            created_at=story.now, organisation=account.organisation, owner=story.ingrid, purpose="x",
            activated_on=date(2026, 1, 1),
        )
        for number in range(40)
    ]  # fmt: skip
    engine.begin(rows, "import", by=SYSTEM, now=story.now)
    for row in rows:
        credential = secrets.sealed(row, SECRET, by=SYSTEM, now=story.now)
        credential.collect_by = COLLECT_BY
        credential.save(force_insert=True)
    assert destroy(story, COLLECT_BY + timedelta(days=1)) == {"destroyed": 40}
    assert not Credential.objects.filter(destroyed_at=None).exists()


@pytest.mark.django_db(transaction=True)
def test_revealed_and_destroyed_at_once_is_one_of_both() -> None:
    story = Story()
    credential = story.order_in("issued").accounts.get().credentials.get()
    by = story.actor("ingrid")

    def work(place: int) -> object:
        if place == 0:
            return credentials.reveal(Credential.objects.get(pk=credential.pk), by=by, now=story.now)
        return destroy(story, COLLECT_BY + timedelta(days=1))

    shown, destroyed = at_once(2, work)
    assert (shown == SECRET) != (destroyed == {"destroyed": 1})
    verbs = history(Account.objects.get(pk=credential.account_id))
    assert verbs.count("reveal_secret") + verbs.count("destroy_secret") == 1
