"""The questions to the forecast, as they stand in an address: which day, which numbers, which accounts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms.policy import LABELS
from accounts.lifecycle.policy import BOUNDS, Policy, problems
from accounts.models import Environment, Organisation
from accounts.words import say

FARTHEST = timedelta(days=3 * 366)
NUMBERS = (
    "inactive_after_years",
    "answer_days",
    "first_reminder_days",
    "second_reminder_days",
    "feed_max_age_days",
    "mass_suspension_least",
    "mass_suspension_percent",
)
"""The numbers of the policy that the inactivity procedure goes by."""

STOP = "stop"


class ForecastForm(forms.Form):
    """A plain GET form; nothing is required, and what cannot be used says why and counts as not asked."""

    on = forms.DateField(label=_("As of"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    kind = forms.ChoiceField(label=_("What happens"), required=False)
    environment = forms.ChoiceField(label=_("Environment"), required=False)
    organisation = forms.CharField(
        label=_("Organisation"), required=False, max_length=200,
        widget=forms.TextInput(attrs={"type": "search", "placeholder": _("Number or whole name")}),
    )  # fmt: skip
    feeds = forms.ChoiceField(
        label=_("Usage feeds"), required=False,
        choices=[("", _("Go on, nobody is used")), (STOP, _("Stop today"))],
    )  # fmt: skip

    def __init__(
        self, data: Mapping[str, Any], *, policy: Policy, today: date, kinds: Sequence[tuple[str, Any]]
    ) -> None:
        """``today`` is a day in Europe/Oslo, ``policy`` the one in force."""
        super().__init__(data)
        self.in_force, self.today = policy, today
        self.environments = {one.name: one.pk for one in Environment.objects.all()}
        cast(forms.ChoiceField, self.fields["kind"]).choices = [("", _("Anything")), *kinds]
        names = [(name, name) for name in self.environments]
        cast(forms.ChoiceField, self.fields["environment"]).choices = [("", _("All")), *names]
        for name in NUMBERS:
            least, most = BOUNDS[name]
            attrs = {"placeholder": str(getattr(policy, name)), "inputmode": "numeric"}
            widget = forms.NumberInput(attrs=attrs)
            self.fields[name] = forms.IntegerField(
                label=LABELS[name], required=False, min_value=least, max_value=most, widget=widget
            )

    def clean_on(self) -> date | None:
        on: date | None = self.cleaned_data["on"]
        if on is not None and not self.today <= on <= self.today + FARTHEST:
            raise forms.ValidationError(_("Choose a day from today on, at most three years ahead."))
        return on

    def clean_organisation(self) -> Organisation | None:
        text = " ".join(self.cleaned_data["organisation"].split())
        if not text:
            return None
        digits = text.replace(" ", "")
        found = Organisation.objects.filter(number=digits).first() or (
            Organisation.objects.filter(name__iexact=text).order_by("number").first()
        )
        if found is None:
            raise forms.ValidationError(_("No organisation has this number or name. Write all of it."))
        return found

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        for name, sentence in problems(self._policy(said)).items():
            if name in NUMBERS and name not in self.errors:
                self.add_error(name, say(sentence))
        return said

    def _policy(self, said: Mapping[str, Any]) -> Policy:
        return replace(self.in_force, **{name: said[name] for name in NUMBERS if said.get(name) is not None})

    @property
    def policy(self) -> Policy:
        """The policy in force, with the numbers that were typed; unchanged where they do not fit together."""
        self.is_valid()
        asked = self._policy(self.cleaned_data)
        return self.in_force if problems(asked) else asked

    @property
    def day(self) -> date:
        """The day that is looked at: today where none was chosen."""
        self.is_valid()
        return self.cleaned_data.get("on") or self.today

    def value(self, name: str) -> Any:
        """What was asked for, None or "" where that is nothing or nothing usable."""
        self.is_valid()
        return self.cleaned_data.get(name)

    @property
    def narrows(self) -> bool:
        """Is anything asked for at all?"""
        self.is_valid()
        return bool(self.errors) or any(value not in (None, "") for value in self.cleaned_data.values())

    def filters(self) -> list[forms.BoundField]:
        """What and when is looked at."""
        return [self[name] for name in ("on", "kind", "environment", "organisation", "feeds")]

    def numbers(self) -> list[forms.BoundField]:
        """The numbers that may be tried."""
        return [self[name] for name in NUMBERS]
