"""The forms of Support's work on an order that are no verbs of the lifecycle: checklist, notes, other people."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms.verbs import LONGEST_COMMENT


class WaiveForm(forms.Form):
    """Why an item of the checklist may pass although it is not as it should be. One form an item, by its prefix."""

    reason = forms.CharField(
        label=_("Why may it pass?"), max_length=LONGEST_COMMENT, widget=forms.Textarea({"rows": 2}),
        help_text=_("The Service Responsible reads it, the requester does not."),
        error_messages={"required": _("Write why this may pass.")},
    )  # fmt: skip


class NoteForm(forms.Form):
    """A note for those who work on the order."""

    comment = forms.CharField(
        label=_("Internal note"), max_length=LONGEST_COMMENT, widget=forms.Textarea({"rows": 3}),
        help_text=_("Support, the Service Responsible and administrators read it. The requester and Cegal never do."),
        error_messages={"required": _("Write the note first.")},
    )  # fmt: skip
