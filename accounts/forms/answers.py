"""The forms of the answers to an inactivity notice, for one account and for many."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms.verbs import LONGEST_COMMENT, ReasonForm, VerbForm, comment_field

LATER, KEEP, CLOSE, HAND_OVER, NOT_MINE = "", "keep", "close", "hand_over", "not_mine"


def _name_field(*, required: bool = True) -> forms.CharField:
    return forms.CharField(
        label=_("Your colleague’s name"), max_length=200, required=required,
        error_messages={"required": _("Enter the name of your colleague.")},
    )  # fmt: skip


def _email_field(*, required: bool = True) -> forms.EmailField:
    return forms.EmailField(
        label=_("Your colleague’s email address"), max_length=254, required=required,
        help_text=_("They get a link, sign in with this address and accept."),
        error_messages={"required": _("Enter the email address of your colleague."),
                        "invalid": _("Enter an email address, such as kari@company.no.")},
    )  # fmt: skip


class HandOverForm(VerbForm):
    """Name a colleague as the next owner."""

    name = _name_field()
    email = _email_field()
    comment = comment_field(
        _("What should your colleague know?"),
        _("They read it in the email. It is kept in the history."),
        required=_("Write why, so that your colleague knows what this is about."),
    )

    def arguments(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in ("name", "email", "comment")}


class NotMineForm(ReasonForm):
    """Say that the account is somebody else's."""

    comment = comment_field(
        _("Who answers for it, if you know?"),
        _("Support reads it and looks for the right person."),
        required=_("Write who answers for the account, or that you do not know."),
    )


class CommonForm(forms.Form):
    """What holds for every account of the page: one reason, one colleague, and that closing is meant."""

    comment = forms.CharField(
        label=_("Reason for all of them"), required=False, max_length=LONGEST_COMMENT,
        help_text=_("What do you use them for? An account with a reason of its own keeps that one."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )  # fmt: skip
    name = _name_field(required=False)
    email = _email_field(required=False)
    sure = forms.BooleanField(
        label=_("I know that a closed account stays closed"), required=False,
        help_text=_("Only needed when you close one."),
    )  # fmt: skip


class OneOfManyForm(forms.Form):
    """The answer for one account of the page."""

    answer = forms.ChoiceField(
        label=_("Your answer"), required=False, widget=forms.Select,
        choices=[(LATER, _("Not now")), (KEEP, _("I still need it")), (CLOSE, _("Close it")),
                 (HAND_OVER, _("Hand it over to a colleague")), (NOT_MINE, _("It is not mine"))],
    )  # fmt: skip
    comment = forms.CharField(
        label=_("Reason for this one (optional)"), required=False, max_length=LONGEST_COMMENT,
        widget=forms.Textarea(attrs={"rows": 1}),
    )  # fmt: skip

    def is_answered(self) -> bool:
        """Was anything chosen for this account? After ``is_valid``."""
        return bool(self.cleaned_data.get("answer"))

    def missing(self, common: CommonForm) -> Any:
        """The sentence for what this answer still lacks, together with what holds for all; "" for nothing."""
        said, shared = self.cleaned_data, common.cleaned_data
        if not self.reason(common):
            return _("Write a reason, here or for all of them.")
        if said["answer"] == CLOSE and not shared.get("sure"):
            return _("Closing cannot be undone. Tick the box below that says so.")
        if said["answer"] == HAND_OVER and not (shared.get("email") and shared.get("name")):
            return _("Enter your colleague’s name and email address below.")
        return ""

    def reason(self, common: CommonForm) -> str:
        """The reason for this account: its own, else the one for all."""
        return str(self.cleaned_data["comment"].strip() or common.cleaned_data.get("comment", "").strip())
