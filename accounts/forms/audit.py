"""The filter above the audit trail: a plain GET form, where nothing is required."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms.filters import LONGEST_SEARCH

Choices = Sequence[tuple[str, Any]]
"""Values with their words, or groups of them under a word."""


class AuditFilter(forms.Form):
    """About what, what, who and when; a value that cannot be used filters nothing and says why."""

    subject = forms.CharField(
        label=_("About"), required=False, max_length=LONGEST_SEARCH,
        widget=forms.TextInput(attrs={"type": "search", "title": _("Order, account, person or organisation")}),
    )  # fmt: skip
    verb = forms.ChoiceField(label=_("Event"), required=False)
    who = forms.CharField(
        label=_("Who"), required=False, max_length=LONGEST_SEARCH, widget=forms.TextInput(attrs={"type": "search"})
    )
    kind = forms.ChoiceField(label=_("Done by"), required=False)
    first = forms.DateField(label=_("From"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    last = forms.DateField(label=_("To"), required=False, widget=forms.DateInput(attrs={"type": "date"}))

    def __init__(self, data: Any, *, verbs: Choices, kinds: Choices) -> None:
        """``verbs`` and ``kinds`` (of those who acted) are what can be chosen, each a value and its words."""
        super().__init__(data)
        cast(forms.ChoiceField, self.fields["verb"]).choices = [("", _("All events")), *verbs]
        cast(forms.ChoiceField, self.fields["kind"]).choices = [("", _("Anybody")), *kinds]

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        first, last = said.get("first"), said.get("last")
        if first and last and first > last:
            self.add_error("last", _("Choose a last day that is not before the first."))
        return said

    def text(self, name: str) -> str:
        """What was typed into a field, "" when that is nothing or nothing usable."""
        self.is_valid()
        return str(self.cleaned_data.get(name) or "").strip()

    def day(self, name: str) -> date | None:
        """The day that was chosen; None when that is none or nothing usable."""
        self.is_valid()
        return cast("date | None", self.cleaned_data.get(name))

    @property
    def narrows(self) -> bool:
        """Is anything filtered?"""
        self.is_valid()
        return any(self.cleaned_data.values())
