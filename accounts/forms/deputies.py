"""The form with which a service responsible names a deputy for some days."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Person


def _day(label: Any, required: Any) -> forms.DateField:
    return forms.DateField(
        label=label, error_messages={"required": required},
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )  # fmt: skip


class DaysForm(forms.Form):
    """The range: both days count."""

    starts_on = _day(_("First day"), _("Choose the first day."))
    ends_on = _day(_("Last day"), _("Choose the last day."))


class DeputyForm(DaysForm):
    """Who, and on which days. Whether they can be, the action says."""

    email = forms.EmailField(
        label=_("Email address of the deputy"),
        help_text=_("A colleague who has signed in here before, or has a role."),
        max_length=254,
        error_messages={"required": _("Enter the email address of a colleague.")},
        widget=forms.EmailInput(attrs={"list": "colleagues", "autocomplete": "off"}),
    )
    field_order = ("email", "starts_on", "ends_on")

    def clean_email(self) -> str:
        email = str(self.cleaned_data["email"]).strip()
        if not Person.objects.filter(email__iexact=email).exists():
            raise forms.ValidationError(
                _("Nobody is known as %(email)s. Ask them to sign in once, or an administrator to invite them.")
                % {"email": email}
            )
        return email

    def person(self) -> Person:
        """The person behind the address of a form that is valid."""
        return Person.objects.get(email__iexact=self.cleaned_data["email"])
