"""The forms with which staff hand in files: accounts to import, usage to take in."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Environment

_CHOOSE = _("Choose the file to try.")


class AccountsFileForm(forms.Form):
    """A CSV file of accounts that exist already."""

    file = forms.FileField(
        label=_("File with accounts"),
        help_text=_("CSV in UTF-8. Its first line names the columns. At most 100 MB."),
        error_messages={"required": _CHOOSE},
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": ".csv,text/csv"}),
    )


def _day(label: Any, help_text: Any, **more: Any) -> forms.DateField:
    return forms.DateField(label=label, help_text=help_text, widget=forms.DateInput(attrs={"type": "date"}), **more)


class UsageFileForm(forms.Form):
    """A file of usage of one environment, and the days for which it is complete."""

    file = forms.FileField(
        label=_("File with usage"),
        help_text=_(
            "CSV with client_id, day and calls, or the gateway’s log with one JSON object a line. At most 100 MB."
        ),
        error_messages={"required": _CHOOSE},
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": ".csv,.ndjson,.jsonl,.json"}),
    )
    environment = forms.ModelChoiceField(
        Environment.objects.none(), label=_("Environment"),
        error_messages={"required": _("Choose the environment that the file is about.")},
    )  # fmt: skip
    covers_through = _day(
        _("Complete through"),
        _("The last day of which the file holds every call. Where no file covers, nobody is notified or suspended."),
        error_messages={"required": _("Say up to which day the file is complete.")},
    )
    covers_from = _day(
        _("Complete from (optional)"),
        _("By default the earliest day in the file that was not covered before."),
        required=False,
    )

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        """``today`` is a day in Europe/Oslo: nobody knows the usage of a later one."""
        self._today = today
        super().__init__(*args, **kwargs)
        field = self.fields["environment"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101 - declared above
        field.queryset = Environment.objects.all()

    def clean(self) -> dict[str, Any]:
        """The days must make sense before a worker is troubled."""
        cleaned: dict[str, Any] = super().clean() or {}
        first, last = cleaned.get("covers_from"), cleaned.get("covers_through")
        if last and last > self._today:
            self.add_error("covers_through", _("This day lies in the future: nobody knows it yet."))
        elif first and last and first > last:
            self.add_error("covers_from", _("The first day is later than the last one."))
        return cleaned
