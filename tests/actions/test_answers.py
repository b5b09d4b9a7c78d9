"""Answers and decisions about an account: keep, close, suspend, by its owner, a mail's link, or Support."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from accounts import people, verbs
from accounts.actions import notices
from accounts.lifecycle.actor import Actor
from accounts.lifecycle.errors import LostRace, NotAllowed, NotReady
from accounts.models import Account, Event, Task
from accounts.verbs import InvalidInput
from tests.actions.checking import TODAY, at, check, notice_of, state
from tests.actions.tools import INGRID, TOR, at_once, history, nothing_written, told
from tests.story import Story


@pytest.fixture
def account(story: Story) -> Account:
    """An account whose notice was delivered today."""
    return story.account_in("notified", technical_email=TOR)


def link_to(account: Account, email: str = INGRID) -> Actor:
    """Whoever follows the link out of the mail to ``email``."""
    notice = notice_of(account)
    read = people.read_notice_token(people.notice_token(notice.pk, email))
    assert read is not None
    return people.link_actor(read, notice)


def test_the_owner_keeps_it_and_its_year_begins_anew(story: Story, account: Account) -> None:
    event = story.do(account, "keep", "ingrid", comment=" Project Ekko goes on. ")
    kept = Account.objects.get(pk=account.pk)
    assert (kept.state, kept.kept_on, kept.last_activity_on) == ("active", TODAY, TODAY)
    notice = notice_of(account)
    assert (notice.outcome, notice.closed_at, notice.answered_by) == ("kept", story.now, "Ingrid Solheim")
    assert notice.answer.strip() == event.comment == "Project Ekko goes on."
    assert event.data == {}, "the owner acts for nobody else"
    assert told(event) == {"account_kept": {INGRID}}
    story.covered(TODAY, date(2027, 12, 31))
    assert check(date(2027, 11, 23)) == {}
    assert check(date(2027, 11, 24)) == {"notified": [account.client_id]}


def test_support_keeps_it_on_the_owners_behalf_and_that_is_recorded(story: Story, account: Account) -> None:
    event = story.do(account, "keep", "support", comment="Ingrid called.")
    assert event.data == {"on_behalf_of": "Ingrid Solheim"}
    assert event.actor_name == notice_of(account).answered_by == "Marte Lunde"


@pytest.mark.parametrize("email", [INGRID, TOR])
def test_a_link_keeps_it_without_signing_in(story: Story, account: Account, email: str) -> None:
    event = notices.keep(account, by=link_to(account, email), now=story.now, comment="Still needed.")
    assert state(account) == "active"
    assert (event.actor_kind, event.actor_id, event.data) == ("link", None, {})
    assert event.actor_name == f"{email} (link in the email)"


def test_a_link_cannot_close(story: Story, account: Account) -> None:
    with nothing_written(), pytest.raises(NotAllowed, match="Sign in to close"):
        notices.close(account, by=link_to(account), now=story.now, comment="Not needed.")


def test_a_link_is_good_for_one_account(story: Story, account: Account) -> None:
    other = story.account(client_id="other", last_used_on=date(2025, 1, 1))
    check(TODAY)
    other = Account.objects.get(pk=other.pk)
    with nothing_written(), pytest.raises(NotAllowed):
        notices.keep(other, by=link_to(account), now=story.now, comment="Still needed.")


def test_a_link_does_nothing_but_answer(story: Story, account: Account) -> None:
    for verb in ("suspend", "close"):
        with nothing_written(), pytest.raises(NotAllowed):
            verbs.perform(account, verb, by=link_to(account), now=story.now, data={"comment": "x"})
    assert [row.verb for row in verbs.open_to(account, link_to(account))] == ["keep"]


def test_a_link_is_void_once_the_notice_is_over(story: Story, account: Account) -> None:
    link = link_to(account)
    notices.keep(account, by=link, now=story.now, comment="Still needed.")
    with nothing_written(), pytest.raises(NotReady):
        notices.keep(Account.objects.get(pk=account.pk), by=link, now=story.now, comment="Again.")


@pytest.mark.parametrize("comment", ["", "   \n"])
def test_an_answer_needs_a_reason(story: Story, account: Account, comment: str) -> None:
    with nothing_written(), pytest.raises(InvalidInput):
        story.do(account, "keep", "ingrid", comment=comment)
    with nothing_written(), pytest.raises(NotReady, match="Write a reason"):
        notices.keep(account, by=link_to(account), now=story.now, comment=comment)


def test_only_a_notified_account_can_be_answered_for(story: Story) -> None:
    account = story.account_in("active")
    with nothing_written(), pytest.raises(NotReady):
        story.do(account, "keep", "ingrid", comment="Needed.")


def test_kept_is_a_day_in_oslo(story: Story, account: Account) -> None:
    notices.keep(account, by=story.actor("ingrid"), now=at(date(2026, 12, 1), 0, 30), comment="Needed.")
    assert Account.objects.get(pk=account.pk).kept_on == date(2026, 12, 1)


@pytest.mark.parametrize(("before", "who"), [("active", "support"), ("notified", "administrator")])
def test_suspended_at_once_with_a_reason(story: Story, before: str, who: str) -> None:
    account = story.account_in(before, technical_email=TOR)
    event = story.do(account, "suspend", who, comment="A leaked secret.")
    assert state(account) == "suspended"
    assert (event.comment, event.data) == ("A leaked secret.", {}), "nobody asked for it on the owner's behalf"
    assert told(event) == {"account_suspended": {INGRID, TOR}}
    task = Task.objects.get(account=account)
    assert (task.kind, task.event, task.done_at) == ("disable_client", event, None)
    if before == "notified":
        assert notice_of(account).outcome == "suspended"


@pytest.mark.parametrize("before", ["active", "notified", "suspended"])
@pytest.mark.parametrize("who", ["ingrid", "support"])
def test_closed_for_good(story: Story, before: str, who: str) -> None:
    account = story.account_in(before, technical_email=TOR)
    event = story.do(account, "close", who, comment="The project is over.")
    assert state(account) == "closed"
    assert told(event) == {"account_closed": {INGRID, TOR}}
    assert event.data == ({} if who == "ingrid" else {"on_behalf_of": "Ingrid Solheim"})
    assert Task.objects.get(account=account, done_at=None).kind == "disable_client"
    if before == "notified":
        assert notice_of(account).outcome == "closed"
    for verb in ("keep", "suspend", "close"):
        with nothing_written(), pytest.raises(NotReady):
            story.do(account, verb, "support", comment="Again.")


def test_the_check_leaves_alone_what_people_ended(story: Story, account: Account) -> None:
    story.covered(TODAY, date(2028, 1, 1))
    story.do(account, "close", "ingrid", comment="The project is over.")
    suspended = story.account_in("suspended")
    for days in (1, 31, 400):
        assert check(TODAY + timedelta(days=days)) == {}
    assert history(suspended) == ["import", "suspend"]


def test_a_stale_page_is_told_who_was_first(story: Story, account: Account) -> None:
    stale = Account.objects.get(pk=account.pk)
    story.do(account, "suspend", "support", comment="A leaked secret.")
    with nothing_written(), pytest.raises((LostRace, NotReady)) as refused:
        story.do(stale, "close", "ingrid", comment="Not needed.")
    assert "Marte Lunde suspended the account on 2026-11-23" in str(refused.value)


@pytest.mark.django_db(transaction=True)
def test_two_answers_at_once_and_one_counts() -> None:
    story = Story()
    account = story.account_in("notified")
    actors = [story.actor("ingrid"), story.actor("support"), link_to(account)]

    def work(place: int) -> str:
        mine = Account.objects.get(pk=account.pk)
        return notices.keep(mine, by=actors[place], now=story.now, comment=f"Answer {place}.").comment

    results = at_once(3, work)
    won = [said for said in results if said.startswith("Answer ")]
    assert len(won) == 1
    assert notice_of(account).answer == won[0]
    assert Event.objects.filter(verb="keep").count() == 1
