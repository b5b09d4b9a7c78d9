"""The form with which an administrator hands in the documentation of an environment."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class DocumentationForm(forms.Form):
    """An OpenAPI file."""

    file = forms.FileField(
        label=_("OpenAPI file"),
        help_text=_("OpenAPI 3.0 or 3.1 as JSON, at most 2 MB. Convert YAML to JSON first."),
        error_messages={"required": _("Choose the file to try.")},
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": ".json,application/json"}),
    )
