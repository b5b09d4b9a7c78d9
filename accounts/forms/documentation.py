"""The form with which an administrator hands in the documentation of an environment."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from accounts.actions.openapi_file import LARGEST


class DocumentationForm(forms.Form):
    """An OpenAPI file."""

    file = forms.FileField(
        label=_("OpenAPI file"),
        help_text=_("OpenAPI 3.0 or 3.1 as JSON, at most 2 MB. Convert YAML to JSON first."),
        error_messages={"required": _("Choose the file to try.")},
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": ".json,application/json"}),
    )

    def clean_file(self) -> UploadedFile[Any]:
        """What is too large is refused before it is read."""
        file: UploadedFile[Any] = self.cleaned_data["file"]
        if (file.size or 0) > LARGEST:
            raise forms.ValidationError(_("The file is larger than 2 MB."))
        return file
