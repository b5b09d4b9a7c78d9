"""The form that returns an order: the fields that need more are picked, each with a comment, also from the catalogue.

The page names the picked fields in ``on`` and says so with ``picking``; other doors send the comments alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.forms.order import FIELD_LABELS
from accounts.forms.verbs import CommentForm, comment_field
from accounts.models import Account, Order, ReturnReason, current_policy

WHOLE = "order"
"""What a comment on the whole order is called where fields are called by their names."""


class ReturnForm(CommentForm):
    """Return an order: a comment on the whole, one on each field that needs more, and a day to answer by."""

    comment = comment_field(_("Comment on the whole order"), _("The requester sees it."))
    answer_by = forms.DateField(
        label=_("Answer by"), help_text=_("Unanswered, the order is withdrawn after this day."),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), required=False,
    )  # fmt: skip
    picking = forms.BooleanField(required=False, widget=forms.HiddenInput)
    on = forms.MultipleChoiceField(required=False, choices=list(FIELD_LABELS.items()))

    def __init__(self, *args: Any, subject: Order | Account, **kwargs: Any) -> None:
        super().__init__(*args, subject=subject, **kwargs)
        until = timezone.localdate() + timedelta(days=current_policy().return_days)
        self.fields["answer_by"].initial = until
        assert isinstance(subject, Order)  # noqa: S101 - only orders are returned
        language = subject.requester.language or "en"
        rows = list(ReturnReason.objects.filter(active=True))
        self.reasons = {str(row.pk): row.text(language) for row in rows}
        self.titles = [(row.field, str(row.pk), row.title(language)) for row in rows]
        self.fields["reason_order"] = self._reason_field("")
        for name, label in FIELD_LABELS.items():
            self.fields[f"comment_{name}"] = comment_field(gettext("%(field)s: what is missing?") % {"field": label})
            self.fields[f"reason_{name}"] = self._reason_field(name)

    @property
    def picked(self) -> set[str]:
        """The fields of the order form that are ticked; from a door that ticks nothing, those with a comment."""
        if self["picking"].value():
            return set(self["on"].value() or [])
        return {name for name in FIELD_LABELS if str(self[f"comment_{name}"].value() or "").strip()}

    def asked(self) -> list[forms.BoundField]:
        """On the plain page only the comments that were written: nobody faces a box for each field."""
        written = [self[name] for name in _comments() if str(self[name].value() or "").strip()]
        for bound in written:
            bound.label = FIELD_LABELS[bound.name.removeprefix("comment_")]
        return [*written, self["comment"], self["answer_by"]]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for name in FIELD_LABELS:
            key = f"comment_{name}"
            ignored = cleaned.get("picking") and name not in cleaned.get("on", [])
            cleaned[key] = "" if ignored else self._with_reason(cleaned, key, f"reason_{name}")
            if cleaned.get("picking") and not ignored and not cleaned[key] and key not in self.errors:
                self.add_error(key, _("Write what is missing here, or untick the field."))
        cleaned["comment"] = self._with_reason(cleaned, "comment", "reason_order")
        if not self.errors and not any(cleaned[key] for key in ("comment", *_comments())):
            self.add_error("comment", _("Write at least one comment that says what is missing."))
        return cleaned

    def arguments(self) -> dict[str, Any]:
        said = [(name, self.cleaned_data[f"comment_{name}"]) for name in FIELD_LABELS]
        return {
            "comment": self.cleaned_data["comment"],
            "comments": [(name, text) for name, text in said if text],
            "answer_by": self.cleaned_data["answer_by"],
        }

    def told(self) -> list[tuple[Any, Any]]:
        comments = [(FIELD_LABELS[name], text) for name, text in self.arguments()["comments"]]
        return [*comments, (self["comment"].label, self.cleaned_data["comment"]),
                (self["answer_by"].label, self.cleaned_data["answer_by"])]  # fmt: skip

    def sent_along(self) -> list[tuple[str, str]]:
        answer_by = self.cleaned_data["answer_by"]
        said = [(key, self.cleaned_data[key]) for key in ("comment", *_comments())]
        return [*said, ("answer_by", answer_by.isoformat() if answer_by else "")]

    def inserted(self, name: str) -> dict[str, Any]:
        """What was typed, with the chosen reason put into the comment on ``name`` (WHOLE: on the order), as initial
        values of a new form. The form is not judged: its writer is not done yet."""
        raw = {key: self._raw(key) for key in self.fields}
        comment, reason = ("comment", "reason_order") if name == WHOLE else (f"comment_{name}", f"reason_{name}")
        if name == WHOLE or name in FIELD_LABELS:
            raw[comment] = _joined(str(raw[comment] or ""), self.reasons.get(str(raw[reason] or ""), ""))
            raw[reason] = ""
        return raw

    def _raw(self, key: str) -> Any:
        return self.fields[key].widget.value_from_datadict(self.data, self.files, self.add_prefix(key))

    def _with_reason(self, cleaned: Mapping[str, Any], comment: str, reason: str) -> str:
        """A reason that was chosen and not put in yet counts too."""
        return _joined(str(cleaned.get(comment) or ""), self.reasons.get(str(cleaned.get(reason) or ""), ""))

    def _reason_field(self, name: str) -> forms.ChoiceField:
        mine = [(key, title) for field, key, title in self.titles if field == name]
        return forms.ChoiceField(
            label=_("Ready-made reason"), required=False, choices=[("", _("Choose a reason")), *mine]
        )


def _comments() -> list[str]:
    return [f"comment_{name}" for name in FIELD_LABELS]


def _joined(text: str, reason: str) -> str:
    """The comment with the reason under it, unless it says just that already."""
    text = text.strip()
    return text if not reason or reason in text else f"{text}\n{reason}".strip()
