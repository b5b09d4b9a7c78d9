"""Every state with every verb and every role: what the tables do not have is refused, and for the right cause."""

from __future__ import annotations

from uuid import uuid4

import pytest

from accounts.lifecycle import transition
from accounts.lifecycle.accounts import ACCOUNT
from accounts.lifecycle.errors import NotAllowed, NotReady
from accounts.lifecycle.facts import AccountFacts, Facts, OrderFacts
from accounts.lifecycle.orders import ORDER
from accounts.lifecycle.states import OrderKind, Role
from accounts.lifecycle.transition import Table
from tests.lifecycle import domain
from tests.lifecycle.domain import Line

PURPOSE = "We send surplus valves from our SAP inventory to Loop every night, for project Ekko."
CASES = [("order", state) for state in domain.ORDER_STATES] + [("account", state) for state in domain.ACCOUNT_STATES]


def everything_in_place(kind: str, role: str) -> Facts:
    """Facts that satisfy every guard, for somebody who holds only ``role``."""
    roles = frozenset({Role(role)})
    if kind == "account":
        return AccountFacts(roles=roles, actor_id=uuid4(), comment="Because.", notice_open=True, held=True)
    if role == Role.SYSTEM:  # what the portal does to orders by itself, it does to a secret rotation
        return OrderFacts(roles=roles, kind=OrderKind.SECRET_ROTATION, account_state="active", secret_entered=True)
    return OrderFacts(
        roles=roles, actor_id=uuid4(), comment="Because.", purpose=PURPOSE, field_comments=1,
        kind=OrderKind.REACTIVATION, account_state="suspended", suspended_days=5, short_days=90,
    )  # fmt: skip


def tables(kind: str) -> tuple[Table, list[Line]]:
    return (ORDER, domain.ORDER_LINES) if kind == "order" else (ACCOUNT, domain.ACCOUNT_LINES)


def answer(table: Table, verb: str, state: str, facts: Facts) -> str:
    """The target, or the kind of refusal."""
    try:
        row = transition.find(table, verb, state)
        transition.check(row, facts)
    except NotAllowed:
        return "not allowed"
    except NotReady:
        return "not possible"
    return str(row.target)


@pytest.mark.parametrize(("kind", "state"), CASES)
def test_exactly_what_the_domain_lists_is_possible(kind: str, state: str) -> None:
    table, lines = tables(kind)
    here = {line.verb: line for line in lines if line.source == state}
    wrong = []
    for verb in {line.verb for line in lines}:
        for role in domain.ROLES:
            line = here.get(verb)
            wanted = "not possible" if line is None else line.target if role in line.who else "not allowed"
            got = answer(table, verb, state, everything_in_place(kind, role))
            if got != wanted:
                wrong.append(f"{role} may “{verb}” in {state}: {got}, but DOMAIN.md says {wanted}")
    assert wrong == []


@pytest.mark.parametrize(("kind", "state"), CASES)
def test_the_buttons_are_exactly_the_verbs_that_this_role_may_start(kind: str, state: str) -> None:
    table, lines = tables(kind)
    for role in domain.ROLES:
        offered = [row.verb for row in transition.open_to(table, state, everything_in_place(kind, role))]
        wanted = {
            line.verb
            for line in lines
            if line.source == state and role in line.who and line.verb not in domain.HAS_NO_BUTTON
        }
        assert set(offered) == wanted
        assert len(offered) == len(wanted)


@pytest.mark.parametrize("kind", ["order", "account"])
def test_an_unknown_verb_and_an_unknown_state_are_refused_with_what_is_known(kind: str) -> None:
    table, lines = tables(kind)
    with pytest.raises(NotReady, match=r"There is no verb “teleport”\. Known: \w+"):
        transition.find(table, "teleport", lines[0].source)
    with pytest.raises(NotReady, match="is not possible any more: it is now “nowhere”"):
        transition.find(table, lines[0].verb, "nowhere")


def test_nobody_without_a_role_may_do_anything() -> None:
    for table, lines in ((ORDER, domain.ORDER_LINES), (ACCOUNT, domain.ACCOUNT_LINES)):
        for line in lines:
            row = transition.find(table, line.verb, line.source)
            with pytest.raises(NotAllowed, match="can do this"):
                transition.check(row, Facts(roles=frozenset()))


def test_a_refusal_of_a_role_comes_before_what_is_missing() -> None:
    """A stranger learns nothing about an order from the sentences of its guards."""
    row = transition.find(ORDER, "submit", "draft")
    with pytest.raises(NotAllowed):
        transition.check(row, OrderFacts(roles=frozenset({Role.SUPPORT}), missing=("purpose",)))


def test_a_button_is_not_offered_to_whom_duties_keep_away() -> None:
    me = uuid4()
    facts = OrderFacts(roles=frozenset({Role.SERVICE_RESPONSIBLE}), actor_id=me, senders=frozenset({me}))
    assert {row.verb for row in transition.open_to(ORDER, "approval", facts)} == {"return", "reject"}
