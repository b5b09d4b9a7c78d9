"""Support names another requester, or another owner before the issue: who may, what follows, and who is told."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.actions import ordering, reassigning
from accounts.lifecycle.errors import LostRace, NotAllowed, NotReady
from accounts.lifecycle.states import OrderState, Role
from accounts.models import Account, Event, Message, Order, Person
from accounts.models.order import OPEN
from accounts.readers import history, worklist
from tests.story import NOW, Story

GURI = "guri@nordsjo.example"


def reassign(story: Story, order: Order, who: str = "support", **said: Any) -> Event:
    said = {"email": GURI, "name": "Guri Hansen", "comment": "Ingrid has left.", **said}
    return reassigning.reassign(order, by=story.actor(who), now=NOW, **said)


def change_owner(story: Story, order: Order, who: str = "support", **said: Any) -> Event:
    said = {"email": GURI, "name": "Guri Hansen", "comment": "Ingrid has left.", **said}
    return reassigning.change_owner(order, by=story.actor(who), now=NOW, **said)


def told(event: Event) -> dict[str, str]:
    return dict(Message.objects.filter(event=event).values_list("kind", "to_email"))


@pytest.mark.parametrize("state", OPEN)
def test_another_requester_sees_the_order_and_the_former_does_not(story: Story, state: str) -> None:
    order = story.order_in(state)
    event = reassign(story, order)
    now = Order.objects.get(pk=order.pk)
    guri = Person.objects.get(email=GURI)
    assert (now.requester, now.state, str(guri)) == (guri, state, "Guri Hansen")
    assert Order.objects.visible_to(story.actor(guri)).filter(pk=order.pk).exists()
    assert not Order.objects.visible_to(story.actor("ingrid")).filter(pk=order.pk).exists()
    assert (event.verb, event.comment, event.actor_name) == ("reassign", "Ingrid has left.", "Marte Lunde")
    assert event.data == {"from": "Ingrid Solheim", "from_id": str(story.ingrid.pk), "to": "Guri Hansen"}
    assert told(event) == {"order_reassigned": GURI, "order_reassigned_copy": "ingrid@nordsjo.example"}
    assert list(history.verify(history.Verified())) == []


def test_the_new_requester_goes_on_with_a_returned_order(story: Story) -> None:
    order = story.order_in("returned")
    reassign(story, order)
    guri = Person.objects.get(email=GURI)
    ordering.save_answers(order, {"system": "Maximo"}, by=story.actor(guri), now=NOW)
    assert story.do(order, "resubmit", guri).data["changed"] == {"system": ["SAP", "Maximo"]}
    with pytest.raises(NotAllowed):
        story.do(order, "withdraw", "ingrid")


def test_somebody_known_keeps_their_name_and_is_found_whatever_the_case(story: Story) -> None:
    tor = story.person("tor@nordsjo.example", "Tor Hagen", language="nb")
    order = story.order_in("support")
    event = reassign(story, order, email=" Tor@Nordsjo.example ", name="Somebody Else")
    assert Order.objects.get(pk=order.pk).requester == tor
    assert event.data["to"] == "Tor Hagen"
    assert Message.objects.get(event=event, kind="order_reassigned").language == "nb"


@pytest.mark.parametrize("who", ["ingrid", "responsible", "cegal", "administrator"])
def test_only_support_names_other_people(story: Story, who: str) -> None:
    order = story.order_in("support")
    with pytest.raises(NotAllowed, match="Only Support"):
        reassign(story, order, who)
    with pytest.raises(NotAllowed, match="Only Support"):
        change_owner(story, order, who)


def test_nobody_gets_rid_of_their_own_order_to_approve_it(story: Story) -> None:
    """Separation of duties: who requested an order once does not approve it, also not as a deputy or later."""
    both = story.person("both@loop.example", "Bo Begge", Role.SUPPORT, Role.SERVICE_RESPONSIBLE)
    order = story.draft(both)
    story.do(order, "submit", both)
    with pytest.raises(NotAllowed, match="your own order"):
        reassigning.reassign(order, email=GURI, by=story.actor(both), now=NOW, comment="Not mine.")
    reassign(story, order)
    story.do(order, "send_for_approval", "support")
    with pytest.raises(NotAllowed, match="You requested this order yourself"):
        story.do(order, "approve", both)
    rows, _page = worklist.approvals(story.actor(both), {}, worklist_policy(), NOW)
    assert "You requested this order yourself" in str(rows[0].why_not)
    story.do(order, "approve", "responsible")


def worklist_policy() -> Any:
    from accounts.models import current_policy

    return current_policy()


@pytest.mark.parametrize("state", ["issued", "rejected", "withdrawn", "draft"])
def test_an_order_that_has_ended_keeps_its_people(story: Story, state: str) -> None:
    order = story.order_in(state)
    for change in (reassign, change_owner):
        with pytest.raises(NotReady, match="has ended"):
            change(story, order)


@pytest.mark.parametrize(
    ("said", "sentence"),
    [({"comment": " "}, "Write a reason"), ({"email": "nobody"}, "no email address"), ({"email": ""}, "no email"),
     ({"email": "INGRID@nordsjo.example"}, "already")],
)  # fmt: skip
def test_what_cannot_be_is_refused_in_words_and_changes_nothing(
    story: Story, said: dict[str, str], sentence: str
) -> None:
    order = story.order_in("support")
    for change in (reassign, change_owner):
        with pytest.raises(NotReady, match=sentence):
            change(story, order, **said)
    now = Order.objects.get(pk=order.pk)
    assert (now.version, now.requester, now.owner_email) == (order.version, story.ingrid, "ingrid@nordsjo.example")
    assert not Person.objects.filter(email=GURI).exists()


def test_somebody_deactivated_is_not_named(story: Story) -> None:
    Person.objects.create_user(GURI, "Guri Hansen", is_active=False)
    order = story.order_in("support")
    for change in (reassign, change_owner):
        with pytest.raises(NotReady, match="deactivated"):
            change(story, order)


def test_the_second_of_two_is_told(story: Story) -> None:
    order = story.order_in("support")
    late = Order.objects.get(pk=order.pk)
    reassign(story, order)
    with pytest.raises(LostRace):
        reassign(story, late, email="tor@nordsjo.example")
    assert not Message.objects.filter(to_email="tor@nordsjo.example").exists()


def test_another_owner_is_named_before_anything_is_set_up(story: Story) -> None:
    order = story.order_in("approval")
    event = change_owner(story, order)
    now = Order.objects.get(pk=order.pk)
    assert (now.owner_name, now.owner_email) == ("Guri Hansen", GURI)
    assert (now.submitted_answers["owner_name"], now.submitted_answers["owner_email"]) == ("Guri Hansen", GURI)
    assert event.data == {"from": "Ingrid Solheim", "to": "Guri Hansen"}
    assert told(event) == {"owner_named": GURI, "owner_replaced": "ingrid@nordsjo.example"}


def test_accounts_that_wait_for_the_issue_follow(story: Story) -> None:
    order = story.order_in(OrderState.CREDENTIAL_ISSUE, environments=("TEST", "PRODUCTION"))
    change_owner(story, order)
    accounts = Account.objects.filter(order=order)
    assert {account.owner.email for account in accounts} == {GURI}
    assert Event.objects.filter(subject_type="account", verb="change_owner").count() == 2
    story.do(order, "issue_credentials", "support", **story.data_for(order, "issue_credentials"))
    assert Message.objects.filter(kind="credentials_issued", to_email=GURI).exists()
    assert list(history.verify(history.Verified())) == []


def test_a_reactivation_keeps_its_owner(story: Story) -> None:
    account = story.account_in("suspended")
    order = ordering.start_reactivation(account, by=story.actor("ingrid"), now=NOW)
    answers = {"technical_name": "Tor", "technical_email": "tor@nordsjo.example", "system": "SAP"}
    ordering.save_answers(order, answers, by=story.actor("ingrid"), now=NOW)
    story.do(order, "submit", "ingrid")
    with pytest.raises(NotReady, match="has an owner already"):
        change_owner(story, order)
