"""What staff type in about usage and tokens."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy
from django.utils.translation import gettext_lazy as _

from accounts.forms.filters import EnvironmentFilter
from accounts.forms.verbs import LONGEST_COMMENT, ReasonForm, VerbForm
from accounts.models import Scope
from accounts.models.token import LONGEST_DAYS, PROGRAM_ROLES
from accounts.words import ROLE_WORDS


class BatchFilter(EnvironmentFilter):
    """The environment of a delivery; there is nothing to search for in words."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["q"]


class GapForm(ReasonForm):
    """Why days that nobody reported may be taken as known."""

    comment = forms.CharField(
        label=_("Why may these days be taken as known?"),
        help_text=_("Kept with your name. Accounts are not held over these days any more."),
        max_length=1000,
        error_messages={"required": _("Write a reason.")},
        widget=forms.Textarea(attrs={"rows": 4}),
    )


class UseForm(VerbForm):
    """A use that Support knows of. ``corrects`` takes the place of the earlier entry, where there is one."""

    day = forms.DateField(
        label=_("Used on"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), required=False,
    )  # fmt: skip
    corrects = forms.BooleanField(
        label=_("This corrects the earlier entry"), required=False,
        help_text=_("Leave the day empty if the account was not used at all that we know of."),
    )  # fmt: skip
    comment = forms.CharField(
        label=_("How do you know?"), help_text=_("Kept in the history."), max_length=LONGEST_COMMENT,
        error_messages={"required": _("Write how you know.")}, widget=forms.Textarea(attrs={"rows": 4}),
    )  # fmt: skip

    def __init__(self, *args: Any, entered: date | None = None, **kwargs: Any) -> None:
        """``entered`` is the day of the earlier entry, None where there is none."""
        super().__init__(*args, **kwargs)
        if entered is None:
            del self.fields["corrects"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not cleaned.get("day") and not cleaned.get("corrects") and "day" not in self.errors:
            self.add_error("day", _("Enter the day on which the account was used."))
        return cleaned


SCOPES = {
    Scope.USAGE_WRITE: _("Send usage (usage:write)"),
    Scope.ORDERS_READ: _("Read orders (orders:read)"),
    Scope.ORDERS_WRITE: _("Act on orders (orders:write)"),
    Scope.ACCOUNTS_READ: _("Read API accounts (accounts:read)"),
    Scope.ACCOUNTS_WRITE: _("Act on API accounts (accounts:write)"),
}


class TokenForm(forms.Form):
    """A new API token."""

    name = forms.CharField(
        label=_("Which program will use it?"), max_length=100,
        error_messages={"required": _("Name the program that will use the token.")},
    )  # fmt: skip
    scopes = forms.MultipleChoiceField(
        label=_("What may it do?"), choices=[(scope.value, words) for scope, words in SCOPES.items()],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose what the token may be used for.")},
    )  # fmt: skip
    roles = forms.MultipleChoiceField(
        label=_("In which role does it act?"), required=False, widget=forms.CheckboxSelectMultiple,
        choices=[(role.value, gettext_lazy(ROLE_WORDS[role])) for role in PROGRAM_ROLES],
        help_text=_(
            "It sees what that role sees, and with orders:write or accounts:write it does what that role may do. "
            "To send usage it needs none."
        ),
    )  # fmt: skip
    days = forms.IntegerField(
        label=_("Valid for how many days?"), min_value=1, max_value=LONGEST_DAYS, initial=365,
        error_messages={"required": _("Enter a number of days.")},
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if set(cleaned.get("scopes", [])) - {Scope.USAGE_WRITE.value} and not cleaned.get("roles"):
            self.add_error("roles", _("Choose a role: without one there is nothing that the program may see."))
        return cleaned
