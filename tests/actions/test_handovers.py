"""Handing an account over: kept meanwhile, and another owner only once the colleague accepts."""

from __future__ import annotations

from datetime import timedelta

import pytest

from accounts.actions import handovers, inactivity
from accounts.lifecycle.actor import SYSTEM
from accounts.lifecycle.errors import LostRace, NotAllowed, NotReady
from accounts.models import Account, Event, Handover, Message, Notice, UnreachableAddress
from tests.actions.checking import TODAY, at, notice_of, state
from tests.actions.test_answers import link_to
from tests.actions.tools import INGRID, TOR, at_once, history, nothing_written, told
from tests.story import Story

KARI = "kari@nordsjo.example"
WHY = "Kari runs the integration now."


@pytest.fixture
def account(story: Story) -> Account:
    """An account whose notice was delivered today."""
    return story.account_in("notified", technical_email=TOR)


def ask(story: Story, account: Account, who: str = "ingrid", **said: str) -> Event:
    named = {"email": KARI, "name": "Kari Nes", "comment": WHY, **said}
    return handovers.hand_over(account, by=story.actor(who), now=story.now, **named)


def test_a_notified_account_is_kept_and_the_colleague_is_asked(story: Story, account: Account) -> None:
    event = ask(story, account)
    assert history(account)[-2:] == ["keep", "hand_over"]
    assert (state(account), notice_of(account).outcome) == ("active", "kept")
    asked = Handover.objects.get()
    assert (asked.to_email, asked.accept_by, asked.notice_id) == (
        KARI,
        TODAY + timedelta(days=14),
        notice_of(account).pk,
    )
    assert event.data["handover"] == str(asked.pk)
    assert told(event) == {"handover_asked": {KARI}}
    assert Account.objects.get(pk=account.pk).owner == story.ingrid


def test_the_owner_changes_when_the_colleague_accepts(story: Story, account: Account) -> None:
    ask(story, account)
    kari = story.person(KARI, "Kari Nes")
    event = handovers.accept(Handover.objects.get(), by=story.actor(kari), now=story.now)
    assert Account.objects.get(pk=account.pk).owner == kari
    assert told(event) == {"handover_accepted": {INGRID}}
    assert event.data == {"from": "Ingrid Solheim", "to": "Kari Nes"}
    assert Handover.objects.get().closed_by == "Kari Nes"
    with pytest.raises(LostRace), nothing_written():
        handovers.decline(Handover.objects.get(), by=story.actor(kari), now=story.now)


def test_nobody_else_can_accept(story: Story, account: Account) -> None:
    ask(story, account)
    asked = Handover.objects.get()
    for by in (story.actor("stranger"), story.actor("support"), story.actor("ingrid"), link_to(account, KARI)):
        for answer in (handovers.accept, handovers.decline):
            with pytest.raises(NotAllowed), nothing_written():
                answer(asked, by=by, now=story.now)


def test_declined_the_owner_is_told_and_the_account_stays_kept(story: Story, account: Account) -> None:
    ask(story, account)
    kari = story.person(KARI, "Kari Nes")
    event = handovers.decline(Handover.objects.get(), by=story.actor(kari), now=story.now, comment="Not my team.")
    assert told(event) == {"handover_declined": {INGRID}}
    assert (state(account), Account.objects.get(pk=account.pk).owner) == ("active", story.ingrid)


def test_not_accepted_in_time_the_owner_is_told_once(story: Story, account: Account) -> None:
    ask(story, account)
    last = Handover.objects.get().accept_by
    assert handovers.expire(today=last, now=at(last), by=SYSTEM) == {"expired": 0}
    late = last + timedelta(days=1)
    assert handovers.expire(today=late, now=at(late), by=SYSTEM) == {"expired": 1}
    assert handovers.expire(today=late, now=at(late), by=SYSTEM) == {"expired": 0}
    assert Message.objects.filter(kind="handover_declined", to_email=INGRID).count() == 1
    assert (state(account), history(account)[-1]) == ("active", "expire_handover")


def test_taken_back_by_the_owner_or_support_it_cannot_be_accepted(story: Story, account: Account) -> None:
    ask(story, account)
    asked, kari = Handover.objects.get(), story.person(KARI, "Kari Nes")
    with pytest.raises(NotAllowed):
        handovers.withdraw(asked, by=story.actor("stranger"), now=story.now)
    handovers.withdraw(asked, by=story.actor("ingrid"), now=story.now)
    with pytest.raises(LostRace):
        handovers.accept(asked, by=story.actor(kari), now=story.now)
    ask(story, Account.objects.get(pk=account.pk))
    assert Handover.objects.filter(state="asked").count() == 1


@pytest.mark.parametrize(
    "said", [{"email": INGRID}, {"email": "no address"}, {"email": "bounced@nordsjo.example"}, {"comment": " "}]
)
def test_whom_it_cannot_go_to(story: Story, account: Account, said: dict[str, str]) -> None:
    UnreachableAddress.objects.create(email="bounced@nordsjo.example", since=story.now, kind="bounced")
    with pytest.raises(NotReady), nothing_written():
        ask(story, account, **said)


def test_somebody_deactivated_and_a_second_colleague_are_refused(story: Story, account: Account) -> None:
    gone = story.person("gone@nordsjo.example", "Gone")
    gone.is_active = False
    gone.save()
    with pytest.raises(NotReady), nothing_written():
        ask(story, account, email="gone@nordsjo.example")
    ask(story, account)
    with pytest.raises(NotReady), nothing_written():
        ask(story, Account.objects.get(pk=account.pk), email="ola@nordsjo.example")


def test_only_the_owners_link_the_owner_and_support_hand_over(story: Story, account: Account) -> None:
    for by in (story.actor("stranger"), story.actor("administrator"), story.actor("cegal"), link_to(account, TOR)):
        with pytest.raises(NotAllowed), nothing_written():
            handovers.hand_over(account, by=by, now=story.now, email=KARI, name="Kari", comment=WHY)
    event = handovers.hand_over(account, by=link_to(account), now=story.now, email=KARI, name="Kari", comment=WHY)
    assert event.actor_name == f"{INGRID} (link in the email)"


def test_outside_a_notice_support_does_it_for_the_owner(story: Story) -> None:
    account = story.account(last_used_on=TODAY)
    event = ask(story, account, "support")
    assert (event.data["on_behalf_of"], history(account)[-1]) == ("Ingrid Solheim", "hand_over")
    assert Handover.objects.get().notice is None


@pytest.mark.parametrize("ended", ["pending", "closed"])
def test_an_account_that_is_not_in_use_is_not_handed_over(story: Story, ended: str) -> None:
    account = story.account_in(ended)
    with pytest.raises(NotReady), nothing_written():
        ask(story, account)


def test_closing_ends_the_question(story: Story) -> None:
    account = story.account(last_used_on=TODAY)
    ask(story, account)
    story.do(Account.objects.get(pk=account.pk), "close", "ingrid", comment="Not needed.")
    assert Handover.objects.get().state == "withdrawn"


@pytest.mark.django_db(transaction=True)
def test_accept_and_take_back_at_the_same_moment_one_wins(story: Story, account: Account) -> None:
    ask(story, account)
    kari = story.person(KARI, "Kari Nes")
    asked = Handover.objects.get()
    both = [
        lambda: handovers.accept(asked, by=story.actor(kari), now=story.now),
        lambda: handovers.withdraw(asked, by=story.actor("ingrid"), now=story.now),
    ]
    answers = at_once(2, lambda place: both[place]())
    assert sum(isinstance(answer, Event) for answer in answers) == 1
    owner = Account.objects.get(pk=account.pk).owner
    assert (Handover.objects.get().state == "accepted") == (owner == kari)


@pytest.mark.django_db(transaction=True)
def test_two_different_answers_at_the_same_moment_one_is_recorded(story: Story, account: Account) -> None:
    rows = [Account.objects.get(pk=account.pk) for _place in range(2)]
    both = [
        lambda: ask(story, rows[0]),
        lambda: story.do(rows[1], "close", "ingrid", comment="Not needed."),
    ]
    answers = at_once(2, lambda place: both[place]())
    assert sum(isinstance(answer, Event) for answer in answers) == 1
    assert Notice.objects.get(account=account).outcome in ("kept", "closed")
    assert (state(account) == "active") == Handover.objects.exists()
    assert list(inactivity.check(today=TODAY, now=story.now)) == []
