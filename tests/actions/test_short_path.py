"""The short path of a reactivation, its new secret, and an order that must not get stuck."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from accounts import verbs
from accounts.actions import ordering, provider, secrets
from accounts.lifecycle.actor import SYSTEM
from accounts.lifecycle.errors import NotAllowed, NotReady
from accounts.models import Account, Credential, Event, Order, PolicyNumber, Task, current_policy
from accounts.readers import stepper
from tests.actions.checking import AFTER, at, check, due
from tests.actions.tools import INGRID, SILJE, at_once, history, nothing_written, told
from tests.story import Story


def later(story: Story, days: int) -> Any:
    return at(AFTER + timedelta(days=days), 12)


def do(story: Story, order: Order, verb: str, who: str, days: int = 0, **data: Any) -> Event:
    return verbs.perform(order, verb, by=story.actor(who), now=later(story, days), data=data)


@pytest.fixture
def silent(story: Story) -> Account:
    """An account that the check suspended on 24 December, with everything that the order form asks for."""
    story.covered(AFTER - timedelta(days=900), date(2028, 12, 31))
    account = due(story, "silent", day=AFTER)
    contact = {"system": "SAP", "technical_name": "Tor", "technical_email": "tor@nordsjo.example"}
    Account.objects.filter(pk=account.pk).update(**contact)
    assert check(AFTER) == {"suspended": ["silent"]}
    return Account.objects.get(pk=account.pk)


def sent(story: Story, account: Account, days: int) -> Order:
    """The reactivation order, sent so many days after the suspension."""
    order = ordering.start_reactivation(account, by=story.actor("ingrid"), now=later(story, days))
    do(story, order, "submit", "ingrid", days)
    return Order.objects.get(pk=order.pk)


def offered(story: Story, order: Order) -> set[str]:
    return {row.verb for row in verbs.open_to(order, story.actor("support"))}


# --- the short path


@pytest.mark.parametrize("days", [0, 1, 89])
def test_less_than_90_days_after_the_suspension_support_sends_it_to_cegal(
    story: Story, silent: Account, days: int
) -> None:
    order = sent(story, silent, days)
    assert {"send_to_cegal", "send_for_approval"} <= offered(story, order)
    event = do(story, order, "send_to_cegal", "support", days + 300)
    assert (event.source, event.target, order.sent_to_cegal_at) == ("support", "cegal_setup", later(story, days + 300))
    assert told(event) == {"order_to_set_up": {SILJE}}
    assert [task.kind for task in Task.objects.filter(account=silent, done_at=None)] == ["enable_client"]
    do(story, order, "complete_setup", "cegal", days + 301)
    do(story, order, "issue_credentials", "support", days + 301)
    account = Account.objects.get(pk=silent.pk)
    assert account.state == "active"
    assert account.reactivated_on == account.last_activity_on == AFTER + timedelta(days=days + 301)


@pytest.mark.parametrize("days", [90, 91, 400])
def test_later_the_whole_approval(story: Story, silent: Account, days: int) -> None:
    order = sent(story, silent, days)
    assert "send_to_cegal" not in offered(story, order)
    with nothing_written(), pytest.raises(NotAllowed, match="suspended for 90 days or longer"):
        do(story, order, "send_to_cegal", "support", days)


def test_the_90_days_are_a_number_of_the_policy(story: Story, silent: Account) -> None:
    PolicyNumber.objects.create(name="reactivation_short_days", value=5)
    order = sent(story, silent, 5)
    with pytest.raises(NotAllowed, match="5 days or longer"):
        do(story, order, "send_to_cegal", "support", 5)


def test_whom_a_person_suspended_has_no_short_path(story: Story) -> None:
    account = story.account_in("suspended", system="SAP", technical_name="Tor", technical_email="tor@nordsjo.example")
    order = ordering.start_reactivation(account, by=story.actor("ingrid"), now=story.now)
    story.do(order, "submit", "ingrid")
    assert "send_to_cegal" not in offered(story, order)
    with nothing_written(), pytest.raises(NotAllowed, match="suspended by a person"):
        story.do(order, "send_to_cegal", "support")


def test_new_access_has_no_short_path(story: Story) -> None:
    order = story.order_in("support")
    assert "send_to_cegal" not in offered(story, order)
    with nothing_written(), pytest.raises(NotReady, match="Send the order for approval first"):
        story.do(order, "send_to_cegal", "support")


@pytest.mark.parametrize("who", ["ingrid", "responsible", "cegal", "administrator"])
def test_support_alone_takes_the_short_path(story: Story, silent: Account, who: str) -> None:
    order = sent(story, silent, 1)
    with nothing_written(), pytest.raises(NotAllowed):
        do(story, order, "send_to_cegal", who, 1)


def test_the_requester_sees_that_no_approval_was_needed(story: Story, silent: Account) -> None:
    order = sent(story, silent, 1)
    do(story, order, "send_to_cegal", "support", 1)
    steps = stepper.steps(order, stepper.moves(order), current_policy(), stepper.Follower())
    assert (steps[1].state, steps[1].note) == ("done", "Not needed")


# --- a new secret


def at_cegal(story: Story, account: Account) -> Order:
    order = sent(story, account, 1)
    do(story, order, "send_to_cegal", "support", 1)
    return order


def old_secret(account: Account, **columns: Any) -> Credential:
    credential = secrets.sealed(account, "old", by=SYSTEM, now=at(AFTER), **columns)
    secrets.store([credential])
    return credential


def test_a_secret_that_expired_must_be_renewed(story: Story, silent: Account) -> None:
    old = old_secret(silent, expires_on=AFTER)
    order = at_cegal(story, silent)
    with nothing_written(), pytest.raises(NotReady, match=r"expired on 2026-12-24\. Enter a new one"):
        do(story, order, "complete_setup", "cegal", 2)
    do(story, order, "complete_setup", "cegal", 2, client_secret="brand-new", expires_on="2028-01-01")
    old.refresh_from_db()
    assert old.destroyed_at is not None
    new = Credential.objects.get(account=silent, destroyed_at=None)
    assert (new.collect_by, new.expires_on, "brand-new" in new.sealed_secret) == (None, date(2028, 1, 1), False)
    assert "enter_new_secret" in history(silent)
    with nothing_written(), pytest.raises(NotReady, match="The credentials for TEST are not verified"):
        do(story, order, "issue_credentials", "support", 2)
    Credential.objects.filter(pk=new.pk).update(verified_at=later(story, 2), checked_at=later(story, 2))
    issued = do(story, order, "issue_credentials", "support", 2)
    assert told(issued) == {"credentials_issued": {INGRID}}
    new.refresh_from_db()
    assert new.collect_by == AFTER + timedelta(days=2 + 14)
    assert Account.objects.get(pk=silent.pk).state == "active"


@pytest.mark.parametrize("columns", [{"expires_on": AFTER + timedelta(days=30)}, {}])
def test_a_secret_that_is_still_good_stays(story: Story, silent: Account, columns: dict[str, Any]) -> None:
    old = old_secret(silent, **columns)
    Credential.objects.filter(pk=old.pk).update(sealed_secret="", destroyed_at=at(AFTER))
    order = at_cegal(story, silent)
    do(story, order, "complete_setup", "cegal", 2)
    do(story, order, "issue_credentials", "support", 2)
    assert Credential.objects.filter(account=silent).count() == 1


def test_a_client_that_a_person_suspended_gets_a_new_secret(story: Story) -> None:
    account = story.account_in("suspended", system="SAP", technical_name="Tor", technical_email="tor@nordsjo.example")
    order = ordering.start_reactivation(account, by=story.actor("ingrid"), now=story.now)
    way = [("submit", "ingrid"), ("send_for_approval", "support"), ("approve", "responsible"),
           ("send_to_cegal", "support")]  # fmt: skip
    for verb, who in way:
        story.do(order, verb, who)
    with nothing_written(), pytest.raises(NotReady, match="may be known to others"):
        story.do(order, "complete_setup", "cegal")
    story.do(order, "complete_setup", "cegal", client_secret="brand-new")
    assert Credential.objects.filter(account=account, destroyed_at=None).exists()


# --- at the same moment


@pytest.mark.django_db(transaction=True)
def test_closing_and_asking_to_reactivate_at_the_same_moment_leaves_no_order_stuck() -> None:
    """One of the two wins: never a closed account with an order under way that can no more end."""
    story = Story()
    for _round in range(4):
        account = story.account(
            system="SAP", technical_name="Tor", technical_email="tor@nordsjo.example", last_used_on=date(2026, 1, 1)
        )
        story.do(account, "suspend", "support", comment="A leaked secret.")
        order = ordering.start_reactivation(account, by=story.actor("ingrid"), now=story.now)
        closing = Account.objects.get(pk=account.pk)

        def work(place: int, order: Order = order, closing: Account = closing) -> object:
            if place:
                return story.do(closing, "close", "support", comment="Not needed.")
            return story.do(order, "submit", "ingrid")

        at_once(2, work)
        closed = Account.objects.get(pk=account.pk).state == "closed"
        under_way = Order.objects.get(pk=order.pk).state == "support"
        assert closed != under_way


def test_confirming_that_it_is_disabled_is_possible_until_it_is_to_be_enabled(story: Story, silent: Account) -> None:
    task = Task.objects.get(account=silent, kind="disable_client")
    provider.confirm(task, by=story.actor("cegal"), now=later(story, 0))
    at_cegal(story, silent)
    assert [task.kind for task in Task.objects.filter(account=silent, done_at=None)] == ["enable_client"]
