"""Reactivation: asked for by the owner, handled by Support, enabled and confirmed by Cegal."""

from __future__ import annotations

from datetime import date

import pytest

from accounts.actions import ordering, provider
from accounts.lifecycle.errors import LostRace, NotAllowed, NotReady
from accounts.models import Account, Event, Order, Task
from tests.actions.tools import INGRID, at_once, history, nothing_written, told
from tests.story import Story

TODAY = date(2026, 11, 23)
GIVEN = {
    "complete_setup": {"client_secret": "a-new-secret"},
    "issue_credentials": {"override": "on", "comment": "No network in tests."},
}


@pytest.fixture
def account(story: Story) -> Account:
    return story.account_in("suspended", system="SAP", technical_name="Tor", technical_email="tor@nordsjo.example")


def asked(story: Story, account: Account) -> Order:
    return ordering.start_reactivation(account, by=story.actor("ingrid"), now=story.now)


def walk(story: Story, order: Order, until: str) -> Order:
    """Walk a reactivation order through the real verbs until ``until`` was done."""
    way = [
        ("submit", "ingrid"),
        ("send_for_approval", "support"),
        ("approve", "responsible"),
        ("send_to_cegal", "support"),
        ("complete_setup", "cegal"),
        ("issue_credentials", "support"),
    ]
    for verb, who in way:
        story.do(order, verb, who, **GIVEN.get(verb, {}))
        if verb == until:
            break
    return Order.objects.get(pk=order.pk)


def open_tasks(account: Account) -> list[str]:
    return sorted(Task.objects.filter(account=account, done_at=None).values_list("kind", flat=True))


def test_the_form_is_filled_from_the_account(story: Story, account: Account) -> None:
    order = Order.objects.get(pk=asked(story, account).pk)
    assert (order.kind, order.concerns, order.state) == ("reactivation", account, "draft")
    assert (order.organisation_name, order.organisation_number) == ("Nordsjø Surplus AS", "923609016")
    assert (order.purpose, order.system, order.as_seller) == (account.purpose, "SAP", True)
    assert (order.owner_name, order.owner_email) == ("Ingrid Solheim", INGRID)
    assert (order.technical_name, order.technical_email) == ("Tor", "tor@nordsjo.example")
    assert list(order.environments.all()) == [account.environment]


def test_the_environment_stays_that_of_the_account(story: Story, account: Account) -> None:
    order = asked(story, account)
    ordering.save_answers(order, {"environments": [story.production]}, by=story.actor("ingrid"), now=story.now)
    assert list(order.environments.all()) == [account.environment]


@pytest.mark.parametrize("who", ["stranger", "support", "cegal", "administrator"])
def test_only_the_owner_asks(story: Story, account: Account, who: str) -> None:
    with nothing_written(), pytest.raises(NotAllowed, match="Only the account’s owner"):
        ordering.start_reactivation(account, by=story.actor(who), now=story.now)


@pytest.mark.parametrize("state", ["pending", "active", "notified", "closed"])
def test_only_a_suspended_account(story: Story, state: str) -> None:
    account = story.account_in(state)
    with nothing_written(), pytest.raises(NotReady, match="Only a suspended account"):
        asked(story, account)


def test_one_order_at_a_time_and_another_after_it_ended(story: Story, account: Account) -> None:
    first = asked(story, account)
    with nothing_written(), pytest.raises(NotReady, match=f"Order {first.reference} already asks for this"):
        asked(story, account)
    story.do(first, "withdraw", "ingrid")
    second = asked(story, account)
    story.do(second, "submit", "ingrid")
    story.do(second, "reject", "support", comment="Order anew.")
    assert asked(story, account).state == "draft"


def test_the_suspended_account_waits_for_its_client_to_be_disabled(story: Story, account: Account) -> None:
    assert open_tasks(account) == ["disable_client"]
    order = walk(story, asked(story, account), "approve")
    assert open_tasks(account) == ["disable_client"], "until Cegal is asked to enable it"
    assert order.state == "approved"


def test_sending_it_to_cegal_asks_to_enable_and_no_more_to_disable(story: Story, account: Account) -> None:
    walk(story, asked(story, account), "send_to_cegal")
    assert open_tasks(account) == ["enable_client"]
    assert Account.objects.get(pk=account.pk).state == "suspended"
    superseded = Task.objects.get(account=account, kind="disable_client")
    assert (superseded.done_by, superseded.superseded) == ("Marte Lunde", True)


def test_cegal_confirms_and_support_finishes(story: Story, account: Account) -> None:
    order = walk(story, asked(story, account), "complete_setup")
    assert (order.state, open_tasks(account)) == ("credential_issue", [])
    assert Account.objects.get(pk=account.pk).state == "suspended", "until Support issues"
    done = Task.objects.get(account=account, kind="enable_client")
    assert done.done_by == "Silje Thorsen"
    issued = story.do(order, "issue_credentials", "support", **GIVEN["issue_credentials"])
    assert told(issued) == {"credentials_issued": {INGRID}}
    account = Account.objects.get(pk=account.pk)
    assert (account.state, account.reactivated_on, account.last_activity_on) == ("active", TODAY, TODAY)
    assert Account.objects.count() == 1, "it is the same account, not a second one"
    assert history(account)[-3:] == ["confirm_task", "enter_new_secret", "reactivate"]
    reactivated = Event.objects.get(subject_id=account.pk, verb="reactivate")
    assert told(reactivated) == {"account_reactivated": {INGRID, "tor@nordsjo.example"}}
    assert reactivated.data == {"order": order.reference}


def test_cegal_may_confirm_the_task_first(story: Story, account: Account) -> None:
    order = walk(story, asked(story, account), "send_to_cegal")
    provider.confirm(Task.objects.get(account=account, done_at=None), by=story.actor("cegal"), now=story.now)
    story.do(order, "complete_setup", "cegal", **GIVEN["complete_setup"])
    story.do(order, "issue_credentials", "support", **GIVEN["issue_credentials"])
    assert Account.objects.get(pk=account.pk).state == "active"


def test_handing_it_back_asks_again_to_disable(story: Story, account: Account) -> None:
    """A suspended account never waits without a task to disable its client, whatever becomes of the order."""
    order = walk(story, asked(story, account), "send_to_cegal")
    story.do(order, "hand_back", "cegal", comment="Unknown client.")
    assert open_tasks(account) == ["disable_client"]
    story.do(order, "send_to_cegal", "support")
    assert open_tasks(account) == ["enable_client"]
    story.do(order, "hand_back", "cegal", comment="Still unknown.")
    story.do(order, "withdraw", "ingrid")
    assert open_tasks(account) == ["disable_client"]


@pytest.mark.parametrize("until", ["submit", "send_to_cegal", "complete_setup"])
def test_an_account_is_not_closed_under_the_hands_of_those_who_reactivate_it(
    story: Story, account: Account, until: str
) -> None:
    order = walk(story, asked(story, account), until)
    with nothing_written(), pytest.raises(NotReady, match=f"Order {order.reference} asks to reactivate"):
        story.do(Account.objects.get(pk=account.pk), "close", "ingrid", comment="Not needed after all.")


def test_a_draft_does_not_keep_an_account_from_being_closed_and_is_not_sent_afterwards(
    story: Story, account: Account
) -> None:
    order = asked(story, account)
    story.do(Account.objects.get(pk=account.pk), "close", "support", comment="Asked for by phone.")
    with nothing_written(), pytest.raises(NotReady, match="not suspended any more"):
        story.do(order, "submit", "ingrid")


def test_an_order_that_was_reopened_does_not_ask_beside_another(story: Story, account: Account) -> None:
    first = walk(story, asked(story, account), "submit")
    story.do(first, "withdraw", "ingrid")
    second = walk(story, asked(story, account), "submit")
    first = Order.objects.get(pk=first.pk)
    story.do(first, "reopen", "ingrid")
    with nothing_written(), pytest.raises(NotReady, match=f"Order {second.reference} already asks for this"):
        story.do(Order.objects.get(pk=first.pk), "submit", "ingrid")


@pytest.mark.django_db(transaction=True)
def test_two_presses_at_once_make_one_draft() -> None:
    story = Story()
    account = story.account_in("suspended")
    by = story.actor("ingrid")

    def ask(_place: int) -> None:
        ordering.start_reactivation(Account.objects.get(pk=account.pk), by=by, now=story.now)

    at_once(4, ask)
    assert Order.objects.filter(concerns=account).count() == 1


def test_a_reactivated_account_has_a_whole_year(story: Story, account: Account) -> None:
    walk(story, asked(story, account), "issue_credentials")
    account = Account.objects.get(pk=account.pk)
    assert not Account.objects.active_past(date(2026, 11, 23)).contains(account)
    assert Account.objects.active_past(date(2026, 11, 24)).contains(account)


def test_a_stale_confirmation_is_told_that_it_was_superseded(story: Story, account: Account) -> None:
    task = Task.objects.get(account=account)
    walk(story, asked(story, account), "send_to_cegal")
    with nothing_written(), pytest.raises(LostRace):
        provider.confirm(task, by=story.actor("cegal"), now=story.now)
