"""How far an order has come: the five stages that a requester follows, and whose turn it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.lifecycle.orders import TURN
from accounts.lifecycle.policy import Policy
from accounts.lifecycle.states import Audience, OrderKind, OrderState
from accounts.models import Event, Order

S = OrderState

SUPPORT, APPROVAL, CEGAL, CREDENTIALS, ACTIVE = range(5)

STAGE_OF = {
    S.SUPPORT: SUPPORT,
    S.RETURNED: SUPPORT,
    S.APPROVAL: APPROVAL,
    S.APPROVED: CEGAL,
    S.CEGAL_SETUP: CEGAL,
    S.CREDENTIAL_ISSUE: CREDENTIALS,
    S.ISSUED: CREDENTIALS,
}
"""The stage that an order in each state is in; a draft is in none."""

LEAVES = ("send_for_approval", "approve", "complete_setup", "issue_credentials")
"""The verb with which an order leaves each of the first four stages."""


@dataclass(frozen=True)
class Step:
    """One stage as ``components/_steps.html`` draws it: ``state`` is done, now, you, next or stopped."""

    label: str
    state: str
    note: str = ""
    day: date | None = None
    icon: str = ""


@dataclass(frozen=True)
class Follower:
    """Who looks at the stages: is it their own order, and do they still have a secret to collect?"""

    mine: bool = True
    to_collect: bool = False


def moves(order: Order) -> dict[str, Event]:
    """The newest event of each verb that the stages need. One query."""
    ends = ("reject", "withdraw", "expire")
    found = Event.objects.filter(subject_type="order", subject_id=order.pk, verb__in=[*LEAVES, *ends])
    return {event.verb: event for event in found.order_by("seq")}


def steps(order: Order, past: Mapping[str, Event], policy: Policy, follower: Follower) -> list[Step]:
    """The five stages of ``order``, each with a word about it; ``past`` comes from ``moves``."""
    state = OrderState(order.state)
    if state in (S.REJECTED, S.WITHDRAWN):
        return _stopped(order, past, policy)
    if state is S.ISSUED and not follower.to_collect:
        return [_done(stage, past) for stage in range(5)]
    at = STAGE_OF.get(state, -1)
    return [
        _done(stage, past) if stage < at else _now(order, follower) if stage == at else _next(order, stage, policy)
        for stage in range(5)
    ]


def whose_turn(order: Order, follower: Follower) -> str:
    """Who must do something next, in words; "" where nobody must."""
    state = OrderState(order.state)
    if state in (S.DRAFT, S.RETURNED):
        return _("You") if follower.mine else str(order.requester)
    if state is S.ISSUED:
        return _("You: collect the secret") if follower.to_collect else ""
    if state in TURN and TURN[state] is Audience.SUPPORT and order.assignee is not None:
        return _("%(name)s at Support") % {"name": order.assignee}
    return turn_word(TURN[state]) if state in TURN else ""


def turn_word(audience: Audience) -> str:
    """The name of a team in the language of the page."""
    names = {
        Audience.SUPPORT: _("Support"),
        Audience.SERVICE_RESPONSIBLE: _("Service Responsible"),
        Audience.CEGAL: _("Cegal"),
    }
    return names[audience]


def _labels() -> tuple[str, ...]:
    return _("Support"), _("Approval"), _("Cegal setup"), _("Credentials"), _("Active")


def _done(stage: int, past: Mapping[str, Event]) -> Step:
    words = (_("Checked"), _("Approved"), _("Set up"), _("Issued"), _("Ready for use"))
    left = past.get(LEAVES[stage]) if stage < len(LEAVES) else None
    if stage == APPROVAL and left is None:  # a reactivation on its short path, or a secret rotation
        return Step(_labels()[stage], "done", _("Not needed"))
    return Step(_labels()[stage], "done", words[stage], timezone.localdate(left.at) if left else None)


def _now(order: Order, follower: Follower) -> Step:
    state = OrderState(order.state)
    notes = {
        S.SUPPORT: _("With Support since"),
        S.RETURNED: _("Waiting for your answer") if follower.mine else _("Waiting for the requester"),
        S.APPROVAL: _("With the Service Responsible since"),
        S.APPROVED: _("Support sends it to Cegal"),
        S.CEGAL_SETUP: _("With Cegal since"),
        S.CREDENTIAL_ISSUE: _("Support checks and issues them"),
        S.ISSUED: _("Ready for you to collect"),
    }
    since = timezone.localdate(order.state_since) if state in (S.SUPPORT, S.APPROVAL, S.CEGAL_SETUP) else None
    acts = {S.RETURNED: "message-square-reply", S.ISSUED: "key-round"}
    drawn = "you" if state in acts else "now"
    return Step(_labels()[STAGE_OF[state]], drawn, notes[state], since, acts.get(state, ""))


def _next(order: Order, stage: int, policy: Policy) -> Step:
    reactivated = order.kind == OrderKind.REACTIVATION.value
    in_use = order.kind == OrderKind.SECRET_ROTATION.value
    notes = (
        _aim(policy.target_support),
        _("The Service Responsible decides"),
        _aim(policy.target_cegal_setup),
        _("You keep the ones you have") if reactivated else _("You collect them here"),
        _("The old secret is removed") if in_use else _("Start using the API"),
    )
    return Step(_labels()[stage], "next", notes[stage])


def _aim(days: int) -> str:
    return ngettext("We aim at %(days)d working day", "We aim at %(days)d working days", days) % {"days": days}


def _stopped(order: Order, past: Mapping[str, Event], policy: Policy) -> list[Step]:
    """An order that was rejected or withdrawn ends in the stage in which that happened."""
    verbs = ("reject",) if order.state == S.REJECTED else ("withdraw", "expire")
    ended = max((past[verb] for verb in verbs if verb in past), key=lambda event: event.seq, default=None)
    at = STAGE_OF.get(OrderState(ended.source), SUPPORT) if ended else SUPPORT
    note = _("Rejected") if order.state == S.REJECTED else _("Withdrawn")
    here = Step(_labels()[at], "stopped", note, timezone.localdate(order.state_since))
    return [
        _done(stage, past) if stage < at else here if stage == at else Step(_labels()[stage], "next")
        for stage in range(5)
    ]
