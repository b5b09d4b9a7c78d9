"""What is written about an order besides its form and its verbs."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms.verbs import LONGEST_COMMENT


class MessageForm(forms.Form):
    """A message to the other side: from the requester to Support, or the other way."""

    comment = forms.CharField(
        label=_("Message"), max_length=LONGEST_COMMENT, widget=forms.Textarea({"rows": 3}),
        error_messages={"required": _("Write a message first.")},
    )  # fmt: skip

    def __init__(self, *args: Any, to_support: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["comment"].label = _("Message to Support") if to_support else _("Message to the requester")
