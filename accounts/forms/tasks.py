"""The forms of Support's tasks: the filter above their list, and what closes one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms.filters import EnvironmentFilter
from accounts.forms.verbs import CommentForm, comment_field
from accounts.lifecycle.states import TaskKind
from accounts.words import TASK_WORDS


class TaskFilter(EnvironmentFilter):
    """A search word, an environment, a kind of task, and what is late alone."""

    kind = forms.ChoiceField(label=_("Task"), required=False)
    late = forms.ChoiceField(label=_("Time"), required=False, choices=[("", _("Any")), ("1", _("Late"))])
    field_order = ("state", "q", "environment", "kind", "late")

    def __init__(self, data: Mapping[str, Any], *, states: Iterable[str], usual: str) -> None:
        super().__init__(data, states=states, usual=usual)
        self.fields["q"].widget.attrs["placeholder"] = _("Client ID or organisation")
        choices = [(kind.value, _(TASK_WORDS[kind])) for kind in TaskKind]
        self.fields["kind"].choices = [("", _("Any")), *choices]  # type: ignore[attr-defined]  # a choice field


class DoneForm(CommentForm):
    """What came of a task; Support reads it in the history."""

    comment = comment_field(
        _("What did you find out, and what was done?"), _("Kept in the history."), required=_("Write what was done.")
    )


class ContactForm(DoneForm):
    """Somebody who can answer an inactivity notice that reached nobody."""

    name = forms.CharField(
        label=_("Name"), max_length=200, error_messages={"required": _("Enter the name of the contact.")}
    )
    email = forms.EmailField(
        label=_("Email"), max_length=254, help_text=_("The notice is sent there, with the whole time to answer."),
        error_messages={"required": _("Enter the email address of the contact.")},
    )  # fmt: skip
    from_now_on = forms.BooleanField(
        label=_("Technical contact of the account from now on"), required=False, initial=True
    )
    comment = comment_field(
        _("How did you find them?"), _("Kept in the history."), required=_("Write how you found them.")
    )
    field_order = ("name", "email", "from_now_on", "comment")

    def arguments(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in ("name", "email", "from_now_on", "comment")}
