"""Separation of duties, in every combination: enforced by the domain, whatever door is used."""

from __future__ import annotations

from itertools import product

import pytest

from accounts import verbs
from accounts.actions import approval
from accounts.lifecycle.errors import NotAllowed
from accounts.lifecycle.states import Role
from accounts.models import Order, Person, RoleGrant
from tests.actions.tools import nothing_written
from tests.story import Story

OWN = "You requested this order yourself"
SENT = "You sent this order for approval yourself"


def grant(story: Story, who: Person, *roles: Role) -> Person:
    for role in roles:
        RoleGrant.objects.get_or_create(
            person=who, role=role.value, defaults={"granted_by": "test", "granted_at": story.now}
        )
    return who


def refused(story: Story, order: Order, who: Person, sentence: str) -> None:
    with nothing_written(), pytest.raises(NotAllowed, match=sentence):
        story.do(order, "approve", who)
    with nothing_written(), pytest.raises(NotAllowed, match=sentence):
        approval.approve(order, by=story.actor(who), now=story.now)
    assert "approve" not in {row.verb for row in verbs.open_to(order, story.actor(who))}


@pytest.mark.parametrize(("requested", "sent", "third"), list(product([True, False], repeat=3)))
def test_who_may_approve(story: Story, requested: bool, sent: bool, third: bool) -> None:
    """Somebody who holds both roles, and asked, sent, or did neither; alone or beside a third person."""
    both = grant(story, story.person("both@loop.example", "Both"), Role.SUPPORT, Role.SERVICE_RESPONSIBLE)
    order = story.draft(both if requested else "ingrid")
    story.do(order, "submit", both if requested else "ingrid")
    story.do(order, "send_for_approval", both if sent else "support")
    if requested or sent:
        refused(story, order, both, OWN if requested else SENT)
        if third:
            story.do(order, "approve", "responsible")
    else:
        story.do(order, "approve", both)
    state = Order.objects.get(pk=order.pk).state
    assert state == ("approval" if (requested or sent) and not third else "approved")


def test_a_requester_who_is_made_service_responsible_later(story: Story) -> None:
    order = story.order_in("approval")
    grant(story, story.ingrid, Role.SERVICE_RESPONSIBLE)
    refused(story, order, story.ingrid, OWN)


def test_a_sender_who_is_made_service_responsible_later(story: Story) -> None:
    order = story.order_in("approval")
    grant(story, story.support, Role.SERVICE_RESPONSIBLE)
    refused(story, order, story.support, SENT)
    story.do(order, "approve", "responsible")


def test_a_sender_who_is_not_in_support_any_more(story: Story) -> None:
    order = story.order_in("approval")
    RoleGrant.objects.filter(person=story.support).delete()
    grant(story, story.support, Role.SERVICE_RESPONSIBLE)
    refused(story, order, story.support, SENT)


def test_whoever_sent_it_in_an_earlier_round_may_not_approve_in_a_later_one(story: Story) -> None:
    grant(story, story.support, Role.SERVICE_RESPONSIBLE)
    order = story.order_in("approval")
    story.do(order, "return", "responsible", comment="Which customer?")
    story.do(order, "resubmit", "ingrid")
    story.do(order, "send_for_approval", "colleague")
    refused(story, order, story.support, SENT)
    refused(story, order, grant(story, story.colleague, Role.SERVICE_RESPONSIBLE), SENT)
    story.do(order, "approve", "responsible")


def test_an_earlier_round_counts_also_after_withdrawing_and_reopening(story: Story) -> None:
    grant(story, story.support, Role.SERVICE_RESPONSIBLE)
    order = story.order_in("approval")
    story.do(order, "withdraw", "ingrid")
    story.do(order, "reopen", "ingrid")
    story.do(order, "submit", "ingrid")
    story.do(order, "send_for_approval", "colleague")
    refused(story, order, story.support, SENT)


def test_an_order_sent_by_one_says_nothing_about_another_order(story: Story) -> None:
    grant(story, story.support, Role.SERVICE_RESPONSIBLE)
    story.order_in("approval")
    other = story.draft()
    story.do(other, "submit", "ingrid")
    story.do(other, "send_for_approval", "colleague")
    story.do(other, "approve", "support")


def test_the_administrator_approves_and_issues_nothing_by_that_role(story: Story) -> None:
    for state, verb in (("approval", "approve"), ("credential_issue", "issue_credentials")):
        order = story.order_in(state)
        with nothing_written(), pytest.raises(NotAllowed):
            story.do(order, verb, "administrator", **story.data_for(order, verb))


def test_the_service_responsible_may_still_return_and_reject_what_they_sent(story: Story) -> None:
    """Only approving is kept apart: both others bring the order back to somebody else."""
    both = grant(story, story.person("both@loop.example", "Both"), Role.SUPPORT, Role.SERVICE_RESPONSIBLE)
    for verb, target in (("return", "returned"), ("reject", "rejected")):
        order = story.order_in("support")
        story.do(order, "send_for_approval", both)
        story.do(order, verb, both, comment="No.")
        assert Order.objects.get(pk=order.pk).state == target


def test_roles_are_those_held_now(story: Story) -> None:
    order = story.order_in("approval")
    RoleGrant.objects.filter(person=story.responsible).delete()
    with nothing_written(), pytest.raises(NotAllowed, match="Only service responsible"):
        story.do(order, "approve", "responsible")
