"""The form with which an order is handed to a colleague."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.forms.verbs import CommentForm
from accounts.lifecycle.states import Role
from accounts.models import Person


class _Colleague(forms.ModelChoiceField):  # type: ignore[type-arg]  # the class itself takes none when it runs
    """One of the colleagues; what is no id at all is answered like an id of nobody."""

    def to_python(self, value: Any) -> Person | None:
        try:
            return cast(Person | None, super().to_python(value))
        except ValidationError as error:
            raise ValidationError(self.error_messages["invalid_choice"], code="invalid_choice") from error


class HandOverForm(CommentForm):
    """To whom, and what they should know."""

    to = _Colleague(
        label=_("Colleague"),
        queryset=Person.objects.none(),
        empty_label=_("Choose a colleague"),
        error_messages={
            "required": _("Choose who goes on with the order."),
            "invalid_choice": _("Choose somebody who works in Support."),
        },
    )
    field_order = ("to", "comment")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        others = Person.objects.holding(Role.SUPPORT).exclude(pk=self.subject.assignee_id)
        self.fields["to"].queryset = others.order_by("name", "email")  # type: ignore[attr-defined]
        self.fields["comment"].help_text = _("Your colleague gets it by email. The requester does not see it.")

    def arguments(self) -> dict[str, Any]:
        return {"to": self.cleaned_data["to"], **super().arguments()}
