"""Every verb, in every state, by everybody: what DOMAIN.md does not list is refused and writes nothing."""

from __future__ import annotations

import pytest

from accounts import verbs
from accounts.lifecycle.errors import NotAllowed, NotReady
from accounts.models import Account, Order
from tests.actions.tools import nothing_written
from tests.lifecycle import domain
from tests.lifecycle.domain import Line
from tests.story import Story

PLAYS = {
    "ingrid": {"requester", "owner"},
    "stranger": set(),
    "support": {"support"},
    "responsible": {"service_responsible"},
    "cegal": {"cegal"},
    "administrator": {"administrator"},
}
REASON = {"comment": "Because."}


def try_everything(story: Story, subject: Order | Account, lines: list[Line]) -> list[str]:
    """Press every button that this person does not have; say which one was carried out after all."""
    allowed = {(line.verb, role) for line in lines if line.source == subject.state for role in line.who}
    wrong = []
    for verb in verbs.TABLES[type(subject)][1]:
        for who, roles in PLAYS.items():
            if any((verb, role) in allowed for role in roles):
                continue
            possible = any(verb == line.verb and line.source == subject.state for line in lines)
            wanted = NotAllowed if possible else NotReady
            try:
                story.do(subject, verb, who, **REASON)
            except wanted:
                continue
            except (NotAllowed, NotReady) as other:
                wrong.append(f"{who} {verb}: {type(other).__name__}, not {wanted.__name__}")
            else:
                wrong.append(f"{who} {verb}: was carried out")
    return wrong


@pytest.mark.parametrize("state", domain.ORDER_STATES)
def test_orders(story: Story, state: str) -> None:
    order = story.order_in(state)
    with nothing_written():
        assert try_everything(story, order, domain.ORDER_LINES) == []


@pytest.mark.parametrize("state", domain.ACCOUNT_STATES)
def test_accounts(story: Story, state: str) -> None:
    account = story.account_in(state)
    with nothing_written():
        assert try_everything(story, account, domain.ACCOUNT_LINES) == []


@pytest.mark.parametrize("state", domain.ORDER_STATES)
def test_the_buttons_of_a_page_are_those_of_the_domain(story: Story, state: str) -> None:
    order = story.order_in(state)
    for who, roles in PLAYS.items():
        wanted = {line.verb for line in domain.ORDER_LINES if line.source == state and line.who & roles}
        if state == "support":
            wanted -= {"send_to_cegal"}  # from here the short path of a reactivation alone
        offered = [row.verb for row in verbs.open_to(order, story.actor(who))]
        assert sorted(offered) == sorted(wanted - domain.HAS_NO_BUTTON), (who, offered)


def test_the_owner_of_another_account_may_do_nothing_here(story: Story) -> None:
    account = story.account_in("notified")
    story.account(owner=story.stranger)
    for verb in ("keep", "close"):
        with pytest.raises(NotAllowed):
            story.do(account, verb, "stranger", **REASON)


def test_the_requester_of_another_order_may_do_nothing_here(story: Story) -> None:
    story.draft("stranger")
    draft = story.draft()
    for verb in ("submit", "withdraw"):
        with pytest.raises(NotAllowed):
            story.do(draft, verb, "stranger")


@pytest.mark.parametrize("verb", ["activate", "notify", "used", "suspend_for_inactivity", "reactivate", "expire"])
def test_what_has_no_button_cannot_be_asked_for_by_name(story: Story, verb: str) -> None:
    subject = story.order_in("returned") if verb == "expire" else story.account_in("notified")
    with nothing_written(), pytest.raises(NotReady, match="There is no verb"):
        story.do(subject, verb, "support", **REASON)


def test_a_verb_may_be_written_as_people_write_it(story: Story) -> None:
    order = story.order_in("support")
    assert story.do(order, " Send-for approval ", "support").verb == "send_for_approval"
