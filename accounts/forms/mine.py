"""The filters above a person's own orders and accounts: plain GET forms; odd input filters nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.lifecycle.states import AccountState
from accounts.models import Environment

LONGEST_SEARCH = 200


class Mine(forms.Form):
    """What both lists share: what was asked, as plain values."""

    def said(self, name: str) -> str:
        """What was chosen or typed into a field, "" when that is nothing or nothing usable."""
        self.is_valid()
        return str(self.cleaned_data.get(name, ""))

    @property
    def narrows(self) -> bool:
        """Is anything filtered?"""
        return any(self.said(name) for name in self.fields)


class MyOrdersFilter(Mine):
    """Whose turn it is."""

    turn = forms.ChoiceField(
        label=_("Show"), required=False,
        choices=[("", _("All orders")), ("mine", _("Waiting for you")), ("others", _("Under way")),
                 ("ended", _("Ended"))],
    )  # fmt: skip


class MyAccountsFilter(Mine):
    """A word of the client ID, the organisation or the system; a state; an environment."""

    q = forms.CharField(
        label=_("Search"), required=False, max_length=LONGEST_SEARCH, widget=forms.TextInput({"type": "search"})
    )
    state = forms.ChoiceField(
        label=_("State"), required=False,
        choices=[("", _("Any")), (AccountState.ACTIVE.value, _("Active")),
                 (AccountState.NOTIFIED.value, _("Waiting for your answer")),
                 (AccountState.SUSPENDED.value, _("Suspended")), (AccountState.CLOSED.value, _("Closed")),
                 (AccountState.PENDING.value, _("Being set up"))],
    )  # fmt: skip
    environment = forms.ChoiceField(label=_("Environment"), required=False)

    def __init__(self, data: Mapping[str, Any]) -> None:
        super().__init__(data)
        names = Environment.objects.values_list("name", flat=True)
        cast(forms.ChoiceField, self.fields["environment"]).choices = [("", _("Any")), *((n, n) for n in names)]
