"""The form of the policy's numbers: each with what it does, its unit, its default and its bounds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from accounts.forms.administration import Versioned, reason_field
from accounts.lifecycle.policy import BOUNDS, POLICY_NAMES, Policy, problems
from accounts.words import say

LABELS: dict[str, Any] = {
    "inactive_after_years": _("Inactive after (years)"),
    "answer_days": _("Time to answer a notice (days)"),
    "first_reminder_days": _("First reminder (days before the last day to answer)"),
    "second_reminder_days": _("Second reminder (days before the last day to answer)"),
    "feed_max_age_days": _("Oldest usage feed that is trusted (days)"),
    "mass_suspension_least": _("Suspensions in one check without asking (accounts)"),
    "mass_suspension_percent": _("Suspensions in one check without asking (per cent)"),
    "secret_days": _("Time to collect a client secret (days)"),
    "return_days": _("Time to answer a returned order (days)"),
    "return_warning_days": _("Warning before a returned order is withdrawn (days)"),
    "handover_days": _("Time for a colleague to accept an account (days)"),
    "target_support": _("With Support (working days)"),
    "target_approval": _("Awaiting approval (working days)"),
    "target_approved": _("Approved, to be sent to Cegal (working days)"),
    "target_cegal_setup": _("Cegal setup (working days)"),
    "target_credential_issue": _("Credentials to be issued (working days)"),
    "hold_max_days": _("Longest time that Support can leave an account alone (days)"),
    "hold_warning_days": _("Warning before an account is not left alone any more (days)"),
    "provider_reminder_days": _("Reminder of a task at Cegal (working days)"),
    "reactivation_short_days": _("Reactivation without a new approval (days after the suspension)"),
    "rotation_overlap_days": _("Both secrets work after a new one was collected (days)"),
    "rotation_warning_days": _("Warning before the old secret is removed (days)"),
    "rotation_longest_days": _("Longest time that an owner can keep both secrets (days)"),
}

HINTS: dict[str, Any] = {
    "inactive_after_years": _("An account that was not used for longer gets a notice."),
    "answer_days": _("From the day on which the notice was delivered. Notices that run keep the day they were given."),
    "first_reminder_days": _("Both reminders go to the owner and the technical contact."),
    "second_reminder_days": _("It must be fewer days than the first."),
    "feed_max_age_days": _("While an environment’s usage is older, nobody there is notified."),
    "mass_suspension_least": _("One check may always suspend so many accounts of an environment."),
    "mass_suspension_percent": _(
        "The share of an environment that one check may suspend; beyond both, a person confirms."
    ),
    "secret_days": _("After it the secret is destroyed, and the owner is told."),
    "return_days": _("After it the order is withdrawn. Support can name another day. Orders that wait keep their day."),
    "return_warning_days": _("The requester is warned so long before."),
    "handover_days": _("After it the account stays with its owner, who is told."),
    "hold_max_days": _("Support names the last day when they leave an account alone."),
    "hold_warning_days": _("Support and the account’s owner are told so long before."),
    "provider_reminder_days": _("Cegal is reminded of what stays open longer; after as long again, Support too."),
    "reactivation_short_days": _(
        "An account that was suspended for inactivity comes back through Support alone if it is ordered before."
    ),
    "rotation_overlap_days": _(
        "After it Cegal is asked to remove the old secret. Secrets that were collected keep their day."
    ),
    "rotation_warning_days": _("The owner and the technical contact are told so long before."),
    "rotation_longest_days": _("Counted from the day on which the new secret was collected."),
}

GROUPS: tuple[tuple[Any, Any, tuple[str, ...]], ...] = (
    (_("Inactivity"), "", (*POLICY_NAMES[:5], "hold_max_days", "hold_warning_days")),
    (_("Many suspensions at once"), "", POLICY_NAMES[5:7]),
    (_("Client secrets, returned orders and hand-overs"), "", POLICY_NAMES[7:11]),
    (_("Suspension and reactivation"), "", ("provider_reminder_days", "reactivation_short_days")),
    (
        _("Replacing a client secret"),
        "",
        ("rotation_overlap_days", "rotation_warning_days", "rotation_longest_days"),
    ),
    (
        _("Stage targets"),
        _("The longest that an order should wait. After it the order counts as late, and a reminder goes out."),
        tuple(name for name in POLICY_NAMES if name.startswith("target_")),
    ),
)


def _hint(name: str) -> Any:
    (least, most), usual = BOUNDS[name], asdict(Policy())[name]
    bounds = format_lazy(_("Default {usual}, from {least} to {most}."), usual=usual, least=least, most=most)
    return format_lazy("{hint} {bounds}", hint=HINTS[name], bounds=bounds) if name in HINTS else bounds


class PolicyForm(Versioned):
    """Every number of the policy."""

    def __init__(self, data: Mapping[str, Any] | None = None, *, policy: Policy, version: int) -> None:
        super().__init__(data, initial={**asdict(policy), "version": version})
        for name in POLICY_NAMES:
            least, most = BOUNDS[name]
            wrong = format_lazy(_("Enter a number from {least} to {most}."), least=least, most=most)
            self.fields[name] = forms.IntegerField(
                label=LABELS[name], help_text=_hint(name), min_value=least, max_value=most,
                error_messages=dict.fromkeys(("required", "invalid", "min_value", "max_value"), wrong),
            )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.errors:
            for name, sentence in problems(Policy(**self.numbers(cleaned))).items():
                self.add_error(name, say(sentence))
        return cleaned

    def numbers(self, cleaned: Mapping[str, Any] | None = None) -> dict[str, int]:
        """The numbers as they were typed."""
        said = self.cleaned_data if cleaned is None else cleaned
        return {name: int(said[name]) for name in POLICY_NAMES}

    def groups(self) -> Iterator[dict[str, Any]]:
        """The fields by what they are about, each with its default where it is another number now."""
        usual = asdict(Policy())
        for title, lead, names in GROUPS:
            rows = [
                {"field": self[n], "name": n, "usual": usual[n], "changed": self.initial[n] != usual[n]} for n in names
            ]
            yield {"title": title, "lead": lead, "rows": rows}


class PolicyReasonForm(PolicyForm):
    """The numbers once more, hidden, and why they change."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in POLICY_NAMES:
            self.fields[name].widget = forms.HiddenInput()
        self.fields["comment"] = reason_field()
