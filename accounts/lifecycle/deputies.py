"""In whose place a deputy does what only a service responsible may do (DOMAIN.md, "Who")."""

from __future__ import annotations

from accounts.lifecycle import guards
from accounts.lifecycle.actor import Principal
from accounts.lifecycle.facts import Facts, OrderFacts
from accounts.lifecycle.states import Role
from accounts.lifecycle.transition import Transition


def in_place_of(row: Transition, facts: Facts) -> Principal | None:
    """The one in whose place the actor starts ``row``; None for whoever may in their own right.

    Of several it is the first who had no part in the order, as for approving; else the first.
    """
    if not isinstance(facts, OrderFacts) or not facts.stands_in_for:
        return None
    if facts.roles.intersection(row.by) != {Role.SERVICE_RESPONSIBLE}:
        return None
    return (guards.free_principals(facts) or facts.stands_in_for)[0]
