"""Who may see which orders and accounts at all: for everybody else they are not there (404)."""

from __future__ import annotations

from uuid import uuid4

import pytest

from accounts import people
from accounts.lifecycle.actor import SYSTEM, Actor, ActorKind
from accounts.lifecycle.states import Role
from accounts.models import Account, Notice, Order, Task
from accounts.people import NoticeLink
from tests.lifecycle.domain import ORDER_STATES
from tests.story import Story

SENT_TO_CEGAL = {"cegal_setup", "credential_issue", "issued"}


@pytest.fixture
def orders(story: Story) -> dict[str, Order]:
    """One of Ingrid's orders in every state."""
    return {state: story.order_in(state) for state in ORDER_STATES}


def seen_by(story: Story, who: str) -> set[str]:
    return set(Order.objects.visible_to(story.actor(who)).values_list("state", flat=True))


def test_the_requester_sees_all_of_their_own(story: Story, orders: dict[str, Order]) -> None:
    assert seen_by(story, "ingrid") == set(orders)


def test_a_stranger_sees_nothing(story: Story, orders: dict[str, Order]) -> None:
    assert seen_by(story, "stranger") == set()
    assert not Account.objects.visible_to(story.actor("stranger")).exists()


@pytest.mark.parametrize("who", ["support", "responsible", "administrator"])
def test_staff_see_everything_but_drafts(story: Story, orders: dict[str, Order], who: str) -> None:
    assert seen_by(story, who) == set(orders) - {"draft"}


def test_a_draft_is_its_requesters_alone_also_among_colleagues(story: Story) -> None:
    draft = story.draft("support")
    assert Order.objects.visible_to(story.actor("support")).contains(draft)
    assert not Order.objects.visible_to(story.actor("colleague")).contains(draft)


def test_cegal_sees_only_what_was_sent_to_cegal(story: Story, orders: dict[str, Order]) -> None:
    assert seen_by(story, "cegal") == SENT_TO_CEGAL


def test_cegal_still_sees_what_they_handed_back(story: Story) -> None:
    order = story.order_in("cegal_setup")
    story.do(order, "hand_back", "cegal", comment="The name is taken.")
    assert Order.objects.visible_to(story.actor("cegal")).contains(order)


def test_cegal_sees_nothing_of_an_order_that_begins_anew(story: Story) -> None:
    order = story.order_in("cegal_setup")
    story.do(order, "hand_back", "cegal", comment="The name is taken.")
    story.do(order, "withdraw", "ingrid")
    story.do(order, "reopen", "ingrid")
    assert not Order.objects.visible_to(story.actor("cegal")).contains(order)
    story.do(order, "submit", "ingrid")
    assert not Order.objects.visible_to(story.actor("cegal")).contains(order)


def test_a_person_of_cegal_who_orders_access_sees_their_own_order_too(story: Story) -> None:
    mine = story.draft("cegal")
    others = story.order_in("support")
    visible = Order.objects.visible_to(story.actor("cegal"))
    assert visible.contains(mine)
    assert not visible.contains(others)


def test_nobody_and_a_link_see_no_order(story: Story, orders: dict[str, Order]) -> None:
    nobody = Actor(ActorKind.PERSON, "Nobody")
    link = Actor(ActorKind.LINK, "A link", email="ingrid@nordsjo.example", owns=uuid4())
    assert not Order.objects.visible_to(nobody).exists()
    assert not Order.objects.visible_to(link).exists()
    assert not Account.objects.visible_to(nobody).exists()


def test_accounts_are_seen_by_their_owner_and_technical_contact(story: Story) -> None:
    tor = story.person("TOR@nordsjo.example", "Tor Teknisk")
    account = story.account(technical_email="tor@nordsjo.example")
    others = story.account(owner=story.stranger)
    for person in (story.ingrid, tor):
        assert list(Account.objects.visible_to(story.actor(person))) == [account]
    assert list(Account.objects.visible_to(story.actor("stranger"))) == [others]


def test_an_account_without_a_technical_contact_is_nobodys_by_an_empty_address(story: Story) -> None:
    story.account(owner=story.stranger, technical_email="")
    without_address = Actor(ActorKind.PERSON, "A program", id=story.ingrid.pk, email="")
    assert not Account.objects.visible_to(without_address).exists()


@pytest.mark.parametrize("who", ["support", "responsible", "administrator"])
def test_staff_see_every_account(story: Story, who: str) -> None:
    story.account()
    story.account(owner=story.stranger)
    assert Account.objects.visible_to(story.actor(who)).count() == 2


def test_the_portal_itself_sees_everything_sent(story: Story) -> None:
    story.account()
    story.order_in("support")
    assert Account.objects.visible_to(SYSTEM).count() == 1
    assert Order.objects.visible_to(SYSTEM).count() == 1


def test_cegal_sees_accounts_they_set_up_and_those_they_have_a_task_for(story: Story) -> None:
    set_up = story.order_in("issued", environments=("TEST", "PRODUCTION")).accounts.all()
    imported = story.account_in("suspended")
    story.account()
    visible = Account.objects.visible_to(story.actor("cegal"))
    assert set(visible) == {*set_up, imported}
    assert visible.count() == 3, "one account, one line, whatever the number of its tasks"


def test_a_task_of_support_shows_cegal_nothing(story: Story) -> None:
    account = story.account()
    event = story.account_in("suspended").tasks.get().event
    Task.objects.create(kind="find_contact", account=account, event=event, opened_at=story.now)
    assert not Account.objects.visible_to(story.actor("cegal")).contains(account)


def test_a_link_out_of_a_mail_shows_its_one_account(story: Story) -> None:
    account = story.account_in("notified")
    story.account()
    notice = Notice.objects.get(account=account)
    token = people.notice_token(notice.pk, "ingrid@nordsjo.example")
    link = people.read_notice_token(token)
    assert link == NoticeLink(notice.pk, "ingrid@nordsjo.example")
    assert list(Account.objects.visible_to(people.link_actor(link, notice))) == [account]


@pytest.mark.parametrize("token", ["", "nonsense", "a:b:c", "e30:1:x"])
def test_a_forged_link_says_nothing(story: Story, token: str) -> None:
    assert people.read_notice_token(token) is None


def test_a_link_changed_by_one_letter_says_nothing(story: Story) -> None:
    token = people.notice_token(uuid4(), "ingrid@nordsjo.example")
    changed = ("A" if token[5] != "A" else "B").join((token[:5], token[6:]))
    assert people.read_notice_token(changed) is None


def test_an_actor_holds_the_roles_that_were_granted(story: Story) -> None:
    assert story.actor("support").roles == {Role.SUPPORT}
    assert story.actor("ingrid").roles == frozenset()
