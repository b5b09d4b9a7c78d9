"""SECRET ROTATION: when the old secret may go, how long both may stay, and when a new one is proposed.

Never zero working secrets by our doing: whatever asks for the removal of an old secret asks ``removal_refusal`` first.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from accounts.lifecycle.policy import Policy
from accounts.lifecycle.sentence import Sentence
from accounts.lifecycle.sentence import Sentence as _
from accounts.lifecycle.states import AccountState

PROPOSAL_DAYS = (60, 30, 14, 7, 1)
"""So many days before the last working secret expires its people are told; the furthest first."""

LATE_DAYS = 14
"""From so many days on they are told also while a new secret is under way: nobody has it in their system yet."""

EXPIRED = 0
"""What is told last: that it has expired."""

IN_USE = (AccountState.ACTIVE, AccountState.NOTIFIED)
"""The states of an account in which its secret works, and may be replaced."""


@dataclass(frozen=True)
class SecondSecret:
    """The new secret of an account beside the old one, as the rule sees it.

    ``confirmed``: its owner said, or showed by a test, that it is the one in use; without that the removal is
    automatic. ``other_under_way``: yet another secret is asked for, or was entered after this one.
    """

    account: AccountState
    verified: bool
    collected: bool
    expired: bool = False
    removed: bool = False
    confirmed: bool = False
    other_under_way: bool = False


def removal_refusal(new: SecondSecret) -> Sentence | None:
    """Why the old secret must stay; None when the new one works and its owner has it, so that the old one may go."""
    if new.account not in IN_USE:
        return _("The account is not active, so its secrets stay as they are.")
    if not new.collected:
        return _("The new secret was not collected yet, so the old one stays.")
    if new.removed or new.expired:
        return _("The new secret does not work any more, so the old one stays.")
    if not new.verified:
        return _("Nobody has seen the new secret work yet. Test it first; the old one stays until then.")
    if new.other_under_way and not new.confirmed:
        return _("Another new secret is under way, so the old one stays until that is in use.")
    return None


def warning(policy: Policy) -> timedelta:
    """So long before its removal the people concerned are told that the old secret goes."""
    return timedelta(days=policy.rotation_warning_days)


def last_day(overlap_until: date, announced: date, policy: Policy) -> date:
    """The last day of the old secret. A warning that came late gets its whole time."""
    return max(overlap_until, announced + warning(policy))


def overlap_over(overlap_until: date, announced: date | None, policy: Policy, today: date) -> bool:
    """May the old secret be removed without a word of its owner? Never without a warning."""
    return announced is not None and today > last_day(overlap_until, announced, policy)


def longest(collected_on: date, policy: Policy) -> date:
    """The last day through which both secrets may stay."""
    return collected_on + timedelta(days=policy.rotation_longest_days)


def keep_problem(until: date, collected_on: date, policy: Policy, today: date) -> Sentence | None:
    """Why both secrets cannot stay through ``until``; None when they can: later than today, not after ``longest``."""
    latest = longest(collected_on, policy)
    if latest <= today:
        return _("Both secrets have stayed for the longest time that is allowed. Change to the new one now.")
    if until <= today:
        return _("The last day must be later than today.")
    if until > latest:
        return _("%(day)s is the latest: both secrets stay for at most %(most)s days.",
                 day=latest.isoformat(), most=policy.rotation_longest_days)  # fmt: skip
    return None


def proposal_due(expires_on: date, told: int | None, today: date) -> int | None:
    """What is to be told today of a secret that expires: the days of the proposal, EXPIRED, or None for nothing.

    ``told`` is the last that was told. Of several that were missed only the nearest is told, and none twice.
    """
    left = (expires_on - today).days
    step = EXPIRED if left <= 0 else min((days for days in PROPOSAL_DAYS if left <= days), default=None)
    return step if step is not None and (told is None or step < told) else None
