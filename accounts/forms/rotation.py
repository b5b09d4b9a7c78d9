"""The form with which an owner keeps both secrets for longer."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms.verbs import ReasonForm, comment_field


class KeepBothForm(ReasonForm):
    """Through which day the old secret stays, and why; whether that day can be, the verb says."""

    until = forms.DateField(
        label=_("Keep the old secret through"),
        help_text=_("The last day of the old secret. Later than today."),
        error_messages={"required": _("Enter the last day."), "invalid": _("Enter a date, such as 2027-01-31.")},
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    comment = comment_field(
        _("Reason"), _("Kept in the history and shown to the people concerned."), required=_("Write a reason.")
    )
    field_order = ("until", "comment")

    def arguments(self) -> dict[str, Any]:
        until: date = self.cleaned_data["until"]
        return {**super().arguments(), "until": until}
