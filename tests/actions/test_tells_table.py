"""DOMAIN.md's column "tells", row by row: who gets a mail, and again each time a state is entered again."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.lifecycle.orders import ORDER
from accounts.lifecycle.states import Audience
from accounts.models import Event, Message, Order
from tests.actions.tools import HENRIK, INGRID, SILJE, SUPPORT
from tests.story import Story

REQUESTER, CEGAL, RESPONSIBLE = {INGRID}, {SILJE}, {HENRIK}
EVERYBODY = {Audience.REQUESTER: REQUESTER, Audience.SUPPORT: SUPPORT, Audience.CEGAL: CEGAL,
             Audience.SERVICE_RESPONSIBLE: RESPONSIBLE, Audience.OWNER: REQUESTER}  # fmt: skip

TELLS: dict[str, set[str]] = {
    "submit": REQUESTER | SUPPORT,
    "return": REQUESTER,
    "resubmit": SUPPORT,
    "send_for_approval": RESPONSIBLE,
    "approve": SUPPORT | REQUESTER,
    "reject": REQUESTER | SUPPORT,
    "send_to_cegal": CEGAL,
    "hand_back": SUPPORT,
    "complete_setup": SUPPORT,
    "issue_credentials": REQUESTER,
    "withdraw": SUPPORT,
    "expire": REQUESTER | SUPPORT,
    "end_rotation": REQUESTER,
    "reopen": set(),
}
"""Verb of an order, and the addresses that DOMAIN.md's table says (in the story, the owner is the requester)."""

FIRST = [("submit", "ingrid"), ("return", "support"), ("resubmit", "ingrid")]
AGAIN = [
    ("return", "support"), ("resubmit", "ingrid"), ("send_for_approval", "support"), ("return", "responsible"),
    ("resubmit", "ingrid"), ("send_for_approval", "support"), ("approve", "responsible"),
    ("send_to_cegal", "support"), ("hand_back", "cegal"), ("send_to_cegal", "support"), ("hand_back", "cegal"),
    ("withdraw", "ingrid"), ("reopen", "ingrid"), ("submit", "ingrid"), ("send_for_approval", "support"),
    ("approve", "responsible"), ("send_to_cegal", "support"), ("complete_setup", "cegal"),
    ("issue_credentials", "support"),
]  # fmt: skip
"""A life in which every state that can be entered again is."""


def test_the_rows_of_the_code_tell_whom_the_table_of_the_domain_names() -> None:
    assert {row.verb for row in ORDER} == set(TELLS)
    for row in ORDER:
        told = set().union(*(EVERYBODY[tell.to] for tell in row.tells)) if row.tells else set()
        assert told == TELLS[row.verb], row.verb


def told(event: Event) -> list[str]:
    """The addresses that this event wrote to, one a mail."""
    return sorted(Message.objects.filter(event=event).values_list("to_email", flat=True))


@pytest.mark.parametrize("again", [False, True])
def test_everybody_is_told_once_each_time(story: Story, again: bool) -> None:
    """One mail an address, not fewer when it happens the second time, and none to anybody else."""
    order = story.draft()
    for verb, who in FIRST + (AGAIN if again else []):
        current = Order.objects.get(pk=order.pk)
        event = story.do(current, verb, who, **(story.data_for(current, verb) or said(verb)))
        assert told(event) == sorted(TELLS[verb]), verb


def test_what_ends_an_order_tells_too(story: Story) -> None:
    for state, who in (("support", "support"), ("approval", "responsible")):
        assert told(story.do(story.order_in(state), "reject", who, comment="No customer.")) == sorted(TELLS["reject"])


def said(verb: str) -> dict[str, Any]:
    """What the form of a verb needs besides the button."""
    return {"comment": "Because.", "comment_purpose": "Which project?"} if verb == "return" else {"comment": "Because."}
