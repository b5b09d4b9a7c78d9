"""What the guards may look at: plain values that an action collects before it asks the table."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from accounts.lifecycle.actor import Principal
from accounts.lifecycle.states import OrderKind, Role


@dataclass(frozen=True)
class Facts:
    """Who acts (``actor_id``, with ``roles`` towards this subject) and what they wrote as ``comment``;
    of a program, ``set_up_by`` is the person who made its token."""

    roles: frozenset[Role]
    actor_id: UUID | None = None
    comment: str = ""
    set_up_by: UUID | None = None


@dataclass(frozen=True)
class OrderFacts(Facts):
    """An order as the guards see it.

    ``stands_in_for``: those whose deputy the actor is, where they hold the role through them alone.
    ``senders``: everyone who ever sent this order for approval; ``former_requesters``: its requesters before another
    was named. ``examples``: the example purpose as people saw it.
    Of a reactivation or a secret rotation: ``account_state`` is the account's, ``other_order`` another order that asks
    for the same. Of a reactivation:
    ``suspended_days``: how long the account had been suspended when the order was sent, ``short_days`` how long it may
    have been for the short path; ``by_hand``: a person suspended it at once. ``expired_on``: the day on which
    its last secret expired, "" for none; ``secret_entered``: Cegal enters a new one, or entered it.
    ``by_connectors``: programs make all that the order needs, so that people have nothing to set up.
    """

    kind: OrderKind = OrderKind.NEW_ACCESS
    requester_id: UUID | None = None
    senders: frozenset[UUID] = frozenset()
    former_requesters: frozenset[UUID] = frozenset()
    stands_in_for: tuple[Principal, ...] = ()
    missing: tuple[str, ...] = ()
    purpose: str = ""
    organisation: str = ""
    examples: tuple[str, ...] = ()
    field_comments: int = 0
    not_set_up: tuple[str, ...] = ()
    unverified: tuple[str, ...] = ()
    without_reference: tuple[str, ...] = ()
    override: bool = False
    override_reason: str = ""
    account_state: str = ""
    other_order: str = ""
    suspended_days: int | None = None
    short_days: int = 0
    by_hand: bool = False
    expired_on: str = ""
    secret_entered: bool = False
    by_connectors: bool = False


@dataclass(frozen=True)
class AccountFacts(Facts):
    """An account as the guards see it.

    ``notice_open``: a round of the inactivity procedure is running. ``by_link``: the actor followed a mail's link and
    did not sign in. ``reactivation``: the order, sent and not ended, that asks to reactivate the account. ``held``: a
    hold by Support is there that nobody lifted.
    """

    notice_open: bool = False
    reactivation: str = ""
    by_link: bool = False
    held: bool = False
