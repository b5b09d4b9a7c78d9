"""What administrators type in about webhooks."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.lifecycle.accounts import ACCOUNT
from accounts.lifecycle.orders import ORDER

VERBS = list(dict.fromkeys(row.verb for row in (*ORDER, *ACCOUNT)))
"""The verbs of which a program may be told alone."""


class EndpointForm(forms.Form):
    """A new endpoint."""

    name = forms.CharField(
        label=_("Which program is told?"), max_length=100,
        error_messages={"required": _("Name the program that is told.")},
    )  # fmt: skip
    url = forms.CharField(
        label=_("Address"), max_length=500, help_text=_("It begins with https:// and leads to a public host."),
        error_messages={"required": _("Enter the address.")},
        widget=forms.TextInput(attrs={"inputmode": "url", "spellcheck": "false"}),
    )  # fmt: skip
    verbs = forms.MultipleChoiceField(
        label=_("Of what?"), required=False, choices=[(verb, verb) for verb in VERBS],
        help_text=_("Tick what it wants to know of. Tick nothing and it is told of everything."),
        widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip


class ReplayForm(forms.Form):
    """The days whose events are sent again."""

    first = forms.DateField(
        label=_("From"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"required": _("Enter the first day."), "invalid": _("Enter a date, such as 2027-01-31.")},
    )  # fmt: skip
    last = forms.DateField(
        label=_("Through"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"required": _("Enter the last day."), "invalid": _("Enter a date, such as 2027-01-31.")},
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.errors and cleaned["first"] > cleaned["last"]:
            self.add_error("last", _("The last day lies before the first."))
        return cleaned
