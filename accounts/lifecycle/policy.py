"""The policy's numbers with their defaults (DOMAIN.md, the numbers in square brackets)."""

from __future__ import annotations

from dataclasses import dataclass, fields

from accounts.lifecycle.states import OrderState


@dataclass(frozen=True)
class Policy:
    """Days are calendar days in the portal's time zone, stage targets are working days."""

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
    target_support: int = 2
    target_approval: int = 2
    target_approved: int = 1
    target_cegal_setup: int = 3
    target_credential_issue: int = 1

    @property
    def reminder_days(self) -> tuple[int, ...]:
        """Days before ``answer by`` on which a reminder is due, the earliest first."""
        return tuple(sorted({self.first_reminder_days, self.second_reminder_days}, reverse=True))

    def stage_target(self, state: OrderState) -> int | None:
        """Working days an order may wait in ``state``; None where the clock stands still (returned, final)."""
        value = getattr(self, f"target_{state.value}", None)
        return int(value) if value is not None else None


POLICY_NAMES = tuple(field.name for field in fields(Policy))
