"""The forms with which Support names other people for an order."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms.verbs import ReasonForm, comment_field


class _SomebodyElse(ReasonForm):
    """An address, a name for somebody who is new here, and the reason."""

    email = forms.EmailField(
        label=_("Email"), max_length=254, widget=forms.EmailInput({"autocomplete": "off"}),
        error_messages={"required": _("Enter the person’s email."), "invalid": _("Enter a whole email address.")},
    )  # fmt: skip
    comment = comment_field(
        _("Reason"), _("Both read it, and it stands in the history."), required=_("Write a reason.")
    )
    field_order = ("email", "name", "comment")

    def arguments(self) -> dict[str, Any]:
        return {**super().arguments(), "email": self.cleaned_data["email"], "name": self.cleaned_data["name"]}


class RequesterForm(_SomebodyElse):
    name = forms.CharField(
        label=_("Name (optional)"), max_length=200, required=False,
        help_text=_("For somebody who has not signed in here yet."), widget=forms.TextInput({"autocomplete": "off"}),
    )  # fmt: skip


class OwnerForm(_SomebodyElse):
    name = forms.CharField(
        label=_("Name"), max_length=200, widget=forms.TextInput({"autocomplete": "off"}),
        error_messages={"required": _("Enter the owner’s name.")},
    )  # fmt: skip
