"""The filters above the staff's lists: plain GET forms, where nothing is required and odd input filters nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.lifecycle.states import OrderKind
from accounts.models import Environment, Person

LONGEST_SEARCH = 200


class Filter(forms.Form):
    """A search word, and the tab that it stays in (``tab``: one of the states, whatever was asked for)."""

    state = forms.CharField(required=False, widget=forms.HiddenInput)
    q = forms.CharField(
        label=_("Search"), required=False, max_length=LONGEST_SEARCH, widget=forms.TextInput(attrs={"type": "search"})
    )

    def __init__(self, data: Mapping[str, Any], *, states: Iterable[str], usual: str) -> None:
        """``states`` are the tabs, ``usual`` is the one shown when none (or an unknown one) is asked for."""
        super().__init__(data)
        asked = data.get("state", "")
        self.tab = asked if asked in set(states) else usual

    @property
    def text(self) -> str:
        """The search word, "" when there is none or it cannot be searched for."""
        return self.said("q")

    @property
    def narrows(self) -> bool:
        """Is anything filtered besides the tab?"""
        return any(self.said(name) for name in self.fields if name != "state")

    def said(self, name: str) -> str:
        """What was typed into a field, "" when that is nothing or nothing usable."""
        self.is_valid()
        return str(self.cleaned_data.get(name, ""))


class EnvironmentFilter(Filter):
    """A search word and an environment."""

    environment = forms.ChoiceField(label=_("Environment"), required=False)

    def __init__(self, data: Mapping[str, Any], *, states: Iterable[str], usual: str) -> None:
        super().__init__(data, states=states, usual=usual)
        names = Environment.objects.values_list("name", flat=True)
        cast(forms.ChoiceField, self.fields["environment"]).choices = [("", _("Any")), *((n, n) for n in names)]

    @property
    def environment_name(self) -> str:
        """The environment's name, "" for any."""
        return self.said("environment")


class WorklistFilter(EnvironmentFilter):
    """A search word, who works on it, an environment, a kind, and what is late alone."""

    assignee = forms.ChoiceField(label=_("Assignee"), required=False)
    kind = forms.ChoiceField(
        label=_("Kind"),
        required=False,
        choices=[
            ("", _("Any")),
            (OrderKind.NEW_ACCESS.value, _("New access")),
            (OrderKind.REACTIVATION.value, _("Reactivation")),
            (OrderKind.SECRET_ROTATION.value, _("Secret rotation")),
        ],
    )
    late = forms.ChoiceField(label=_("Time"), required=False, choices=[("", _("Any")), ("1", _("Late"))])
    field_order = ("state", "q", "assignee", "environment", "kind", "late")

    def __init__(
        self, data: Mapping[str, Any], *, states: Iterable[str], usual: str, colleagues: Iterable[Person]
    ) -> None:
        """``colleagues`` are the people who may have an order; "me" and "nobody" can be asked for besides."""
        super().__init__(data, states=states, usual=usual)
        self.fields["q"].widget.attrs |= {
            "placeholder": _("Reference, name or client ID"),
            "data-search": "",
            "aria-keyshortcuts": "/",
        }
        cast(forms.ChoiceField, self.fields["assignee"]).choices = [
            ("", _("Anybody")),
            ("me", _("Me")),
            ("nobody", _("Nobody")),
            *((str(person.pk), str(person)) for person in colleagues),
        ]
