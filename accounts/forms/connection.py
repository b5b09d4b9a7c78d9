"""The one field of a test of the connection."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class ConnectionForm(forms.Form):
    """A client secret that is used once. It is never drawn again."""

    client_secret = forms.CharField(
        label=_("Client secret"), max_length=500,
        help_text=_("It is used for this one test: not stored, not logged, and not shown again."),
        error_messages={
            "required": _("Paste the client secret that you collected."),
            "max_length": _("This is too long to be a client secret. Paste the secret alone."),
        },
        widget=forms.PasswordInput(
            render_value=False, attrs={"autocomplete": "off", "spellcheck": "false", "class": "ds-input"}
        ),
    )  # fmt: skip
