"""The mass-suspension brake in numbers: how many one run may suspend in one environment (DOMAIN.md, "Held")."""

from __future__ import annotations

from accounts.lifecycle.policy import Policy


def allowed(living: int, policy: Policy) -> int:
    """How many of an environment with ``living`` active and notified accounts one run suspends without asking."""
    return max(policy.mass_suspension_least, living * policy.mass_suspension_percent // 100)


def is_on(due: int, living: int, policy: Policy) -> bool:
    """Would one run suspend more than max([10], [5] %)? Exact: 5 % of 210 is 10.5, and 11 are more than that."""
    return due > policy.mass_suspension_least and due * 100 > living * policy.mass_suspension_percent
