"""The policy's numbers with their defaults (DOMAIN.md, the numbers in square brackets)."""

from __future__ import annotations

from dataclasses import dataclass, fields

from accounts.lifecycle.sentence import Sentence
from accounts.lifecycle.sentence import Sentence as _
from accounts.lifecycle.states import OrderState


@dataclass(frozen=True)
class Policy:
    """Days are calendar days in the portal's time zone, stage targets and the provider's are working days."""

    inactive_after_years: int = 1
    answer_days: int = 30
    first_reminder_days: int = 14
    second_reminder_days: int = 3
    feed_max_age_days: int = 7
    mass_suspension_least: int = 10
    mass_suspension_percent: int = 5
    secret_days: int = 14
    return_days: int = 30
    return_warning_days: int = 7
    handover_days: int = 14
    target_support: int = 2
    target_approval: int = 2
    target_approved: int = 1
    target_cegal_setup: int = 3
    target_credential_issue: int = 1
    hold_max_days: int = 365
    hold_warning_days: int = 7
    provider_reminder_days: int = 2
    reactivation_short_days: int = 90
    rotation_overlap_days: int = 14
    rotation_warning_days: int = 3
    rotation_longest_days: int = 60

    @property
    def reminder_days(self) -> tuple[int, ...]:
        """Days before ``answer by`` on which a reminder is due, the earliest first."""
        return tuple(sorted({self.first_reminder_days, self.second_reminder_days}, reverse=True))

    def stage_target(self, state: OrderState) -> int | None:
        """Working days an order may wait in ``state``; None where the clock stands still (returned, final)."""
        value = getattr(self, f"target_{state.value}", None)
        return int(value) if value is not None else None


POLICY_NAMES = tuple(field.name for field in fields(Policy))

BOUNDS: dict[str, tuple[int, int]] = {
    "inactive_after_years": (1, 10),
    "answer_days": (7, 365),
    "first_reminder_days": (1, 180),
    "second_reminder_days": (1, 180),
    "feed_max_age_days": (1, 90),
    "mass_suspension_least": (1, 10_000),
    "mass_suspension_percent": (1, 100),
    "secret_days": (1, 90),
    "return_days": (1, 365),
    "return_warning_days": (1, 180),
    "handover_days": (1, 90),
    "hold_max_days": (1, 730),
    "hold_warning_days": (1, 90),
    "provider_reminder_days": (1, 60),
    "reactivation_short_days": (1, 365),
    "rotation_overlap_days": (1, 90),
    "rotation_warning_days": (1, 30),
    "rotation_longest_days": (1, 365),
    **{name: (1, 60) for name in POLICY_NAMES if name.startswith("target_")},
}
"""The least and the most of each number: nobody should be asked for an answer in a day, or be watched for no time."""


def problems(policy: Policy) -> dict[str, Sentence]:
    """What is wrong with ``policy``, by the number's name; empty for one that can be in force."""
    found = {}
    for name, (least, most) in BOUNDS.items():
        if not least <= getattr(policy, name) <= most:
            found[name] = _("Enter a number from %(least)s to %(most)s.", least=least, most=most)
    if policy.first_reminder_days >= policy.answer_days:
        found.setdefault("first_reminder_days", _("A reminder must come within the answer period."))
    if policy.second_reminder_days >= policy.first_reminder_days:
        found.setdefault("second_reminder_days", _("The second reminder must come after the first."))
    if policy.return_warning_days >= policy.return_days:
        found.setdefault("return_warning_days", _("The warning must come within the time to answer."))
    if policy.rotation_warning_days >= policy.rotation_overlap_days:
        found.setdefault("rotation_warning_days", _("The warning must come while both secrets work."))
    if policy.rotation_longest_days < policy.rotation_overlap_days:
        found.setdefault("rotation_longest_days", _("This cannot be shorter than the usual time with both secrets."))
    return found
