"""The filter above the reports: a period by its length or by its days, and an environment."""

from __future__ import annotations

from datetime import date
from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Environment
from accounts.models.period import LONGEST, Period

LENGTHS = ("30", "90", "365")
USUAL = "90"
OWN = "own"


class ReportFilter(forms.Form):
    """A length, or own days; a value that cannot be used says why, and the usual period is shown."""

    period = forms.ChoiceField(
        label=_("Period"), required=False,
        choices=[
            ("30", _("Last 30 days")), ("90", _("Last 90 days")), ("365", _("Last 365 days")), (OWN, _("From – to")),
        ],
    )  # fmt: skip
    first = forms.DateField(label=_("From"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    last = forms.DateField(label=_("To"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    environment = forms.ChoiceField(label=_("Environment"), required=False)

    def __init__(self, data: Any, today: date) -> None:
        """``today``, in the portal's time zone, is where the periods end."""
        said = {name: data.get(name, "") for name in ("period", "first", "last", "environment")}
        if (said["first"] or said["last"]) and not said["period"]:
            said["period"] = OWN
        super().__init__({**said, "period": said["period"] or USUAL})
        self.today = today
        names = Environment.objects.values_list("name", flat=True)
        cast(forms.ChoiceField, self.fields["environment"]).choices = [("", _("All")), *((n, n) for n in names)]

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        if said.get("period") == OWN and not self.errors:
            first, last = said.get("first"), said.get("last") or self.today
            if first is None:
                self.add_error("first", _("Choose the first day."))
            elif first > last:
                self.add_error("last", _("Choose a last day that is not before the first."))
            elif (last - first).days >= LONGEST:
                self.add_error("first", _("Choose at most five years."))
        return said

    def chosen(self) -> Period:
        """The period that was chosen; the usual one when it cannot be used."""
        self.is_valid()
        said = self.cleaned_data
        environment = said.get("environment", "")
        if said.get("period") == OWN and not self.errors:
            return Period(said["first"], said.get("last") or self.today, environment)
        length = said.get("period") if said.get("period") in LENGTHS else USUAL
        return Period.of_days(int(str(length)), self.today, environment)
