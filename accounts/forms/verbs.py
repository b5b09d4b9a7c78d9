"""One form a verb. Every door validates with these: the page, the command, the API.

A form is made with ``subject=`` (the order or account it is about) and gives ``arguments()``: what the action
takes by keyword besides who and when.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.forms.order import OrderForm, answers
from accounts.lifecycle.inactivity import hold_problem
from accounts.models import (
    AUTOMATIC,
    Account,
    Environment,
    Operation,
    OperationKind,
    OperationState,
    Order,
    current_policy,
)
from accounts.models.setup import Setup
from accounts.words import say

LONGEST_COMMENT = 2000


class VerbForm(forms.Form):
    """The form of a verb that needs nothing more than the button."""

    subject: Any

    def __init__(self, *args: Any, subject: Any, **kwargs: Any) -> None:
        self.subject = subject
        super().__init__(*args, **kwargs)

    def arguments(self) -> dict[str, Any]:
        """What the action takes by keyword, besides ``by`` and ``now``."""
        return {}

    def asked(self) -> list[forms.BoundField]:
        """The fields that a plain page draws, in their order."""
        return self.visible_fields()

    def told(self) -> list[tuple[Any, Any]]:
        """What was typed, as labels and values, for the page before the last button. After ``is_valid``."""
        return [(field.label, self.cleaned_data.get(field.name)) for field in self.visible_fields()]

    def sent_along(self) -> list[tuple[str, str]]:
        """What was typed, by the names that the verb's door takes (without a prefix). After ``is_valid``."""
        return [(name, self.data.get(self.add_prefix(name), "")) for name in self.fields]


def comment_field(label: Any, help_text: Any = "", *, required: Any = "") -> forms.CharField:
    """A comment; ``required`` is the sentence for somebody who left it empty, "" where they may."""
    return forms.CharField(
        label=label, help_text=help_text, required=bool(required), max_length=LONGEST_COMMENT,
        error_messages={"required": required}, widget=forms.Textarea(attrs={"rows": 4}),
    )  # fmt: skip


class CommentForm(VerbForm):
    """A verb with an optional comment."""

    comment = comment_field(_("Comment (optional)"), _("Kept in the history."))

    def arguments(self) -> dict[str, Any]:
        return {"comment": self.cleaned_data["comment"]}


class SubmitForm(VerbForm):
    """Send an order. Its saved answers must be what the order form takes, whichever door the order comes through.

    What is empty, and the purpose, the guards of the verb judge.
    """

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        form = OrderForm(answers(self.subject), order=self.subject)
        for name, errors in form.errors.as_data().items():
            wrong = [error for error in errors if error.code != "required" and name != "purpose"]
            for error in wrong:
                self.add_error(None, f"{form.fields[name].label}: {' '.join(error.messages)}")
        return cleaned


class ResubmitForm(SubmitForm, CommentForm):
    """Send a returned order again, with a word to Support."""

    comment = comment_field(_("Message to Support (optional)"))


class NoteToApproverForm(CommentForm):
    comment = comment_field(_("Note to the approver (optional)"))


class ReasonForm(CommentForm):
    """A verb that needs a reason; people concerned see it."""

    comment = comment_field(
        _("Reason"), _("Kept in the history and shown to the people concerned."), required=_("Write a reason.")
    )


class KeepForm(ReasonForm):
    comment = comment_field(
        _("What do you use it for?"),
        _("One sentence is enough, for example the project it serves."),
        required=_("Say what you use it for."),
    )


class HoldForm(ReasonForm):
    """Leave an account alone: through which day, and why."""

    until = forms.DateField(
        label=_("Leave alone through"),
        help_text=_("The last day. Later than today; the policy says how long at most."),
        error_messages={"required": _("Enter the last day."), "invalid": _("Enter a date, such as 2027-01-31.")},
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    field_order = ("until", "comment")

    def clean_until(self) -> date:
        until: date = self.cleaned_data["until"]
        problem = hold_problem(until, current_policy(), timezone.localdate())
        if problem is not None:
            raise forms.ValidationError(say(problem))
        return until

    def arguments(self) -> dict[str, Any]:
        return {**super().arguments(), "until": self.cleaned_data["until"]}


class SetupForm(CommentForm):
    """Cegal's form: client id and secret for each environment ordered.

    A reactivation confirms, and asks for a new secret; whether it needs one, the verb decides. A secret rotation
    asks for the second secret.
    What a connector has made is not asked for; where one is still at it, people may, and need not, do it by hand.
    """

    def __init__(self, *args: Any, subject: Order | Account, **kwargs: Any) -> None:
        super().__init__(*args, subject=subject, **kwargs)
        assert isinstance(subject, Order)  # noqa: S101 - only orders are set up
        self.environments: list[Environment] = [] if subject.concerns_id else _left_to_people(subject)
        for environment in self.environments:
            fields = _setup_fields(environment)
            if environment.provider in AUTOMATIC:
                _by_hand_if_need_be(environment, fields)
            self.fields |= fields
        if subject.reactivates is not None:
            self.fields |= _renewal_fields()
        if subject.rotates is not None:
            self.fields |= _second_fields()

    def groups(self) -> list[tuple[Environment, list[forms.BoundField]]]:
        """The fields of each environment, for the page."""
        return [(e, [self[f"{n}__{e.name}"] for n in ("client_id", "client_secret", "expires_on")])
                for e in self.environments]  # fmt: skip

    def renewal(self) -> list[forms.BoundField]:
        """The fields of the new secret of a reactivated account, or of the second one, for the page."""
        return [self[name] for name in ("client_secret", "expires_on", "key_id") if name in self.fields]

    def arguments(self) -> dict[str, Any]:
        said = self.cleaned_data
        if account := self.subject.concerns:
            secret = said["client_secret"]
            key_id = said.get("key_id", "")
            new = [Setup(account.environment, account.client_id, secret, said["expires_on"], key_id)] if secret else []
            return {**super().arguments(), "setups": new}
        setups = [
            Setup(
                e,
                said[f"client_id__{e.name}"],
                said[f"client_secret__{e.name}"],
                said[f"expires_on__{e.name}"],
            )
            for e in self.environments
        ]
        return {**super().arguments(), "setups": setups}


def _renewal_fields() -> dict[str, forms.Field]:
    return {
        "client_secret": SecretField(
            label=_("New client secret"),
            required=False,
            help_text=_("Needed if the last one expired, or if a person suspended the account. Otherwise optional."),
        ),
        "expires_on": expires_on_field(),
    }


def _left_to_people(order: Order) -> list[Environment]:
    """The environments of which no connector has made the client yet."""
    made = Operation.objects.filter(
        order=order, sent_at=order.sent_to_cegal_at, kind=OperationKind.SET_UP.value,
        state=OperationState.ANSWERED.value,
    )  # fmt: skip
    return list(order.environments.exclude(pk__in=made.values("environment")))


def _by_hand_if_need_be(environment: Environment, fields: Mapping[str, forms.Field]) -> None:
    """Nobody has to fill in what a connector is at; whoever did it by hand may."""
    for field in fields.values():
        field.required = False
    first = fields[f"client_id__{environment.name}"]
    first.help_text = _("The connector does this. Enter it only if you did it by hand.")


def _second_fields() -> dict[str, forms.Field]:
    return {
        "client_secret": SecretField(
            label=_("Second client secret"),
            error_messages={"required": _("Paste the second client secret.")},
        ),
        "expires_on": expires_on_field(),
        "key_id": key_id_field(),
    }


def expires_on_field() -> forms.DateField:
    """The day on which the provider lets a secret expire."""
    return forms.DateField(
        label=_("Secret expires (optional)"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )


def key_id_field() -> forms.CharField:
    """The provider's own name of a secret."""
    return forms.CharField(
        label=_("Key ID of the secret (optional)"),
        help_text=_("So that the right one is removed later."),
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )


def _setup_fields(environment: Environment) -> dict[str, forms.Field]:
    name = {"environment": environment.name}
    return {
        f"client_id__{environment.name}": forms.CharField(
            label=_("Client ID"),
            max_length=200,
            widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
            error_messages={"required": _("Enter the client ID for %(environment)s.") % name},
        ),
        f"client_secret__{environment.name}": SecretField(
            label=_("Client secret"),
            error_messages={"required": _("Paste the client secret for %(environment)s.") % name},
        ),
        f"expires_on__{environment.name}": expires_on_field(),
    }


class SecretField(forms.CharField):
    """Write-only: what was typed is never written back into a page, also not after an error."""

    def __init__(self, **kwargs: Any) -> None:
        attrs = {"autocomplete": "off", "spellcheck": "false"}
        widget = forms.PasswordInput(attrs=attrs, render_value=False)
        super().__init__(max_length=500, strip=True, widget=widget, **kwargs)


class IssueForm(CommentForm):
    """Issue the credentials: each account's reference in Loop, and an override with its reason if unverified."""

    override = forms.BooleanField(
        label=_("Issue although not every credential is verified"), required=False,
        help_text=_("Write the reason in the comment."),
    )  # fmt: skip

    def __init__(self, *args: Any, subject: Order | Account, **kwargs: Any) -> None:
        super().__init__(*args, subject=subject, **kwargs)
        assert isinstance(subject, Order)  # noqa: S101 - only orders are issued
        self.accounts = list(subject.accounts.select_related("environment").order_by("environment"))
        references = {
            f"loop_reference__{account.environment.name}": forms.CharField(
                label=_("Reference in Loop, %(environment)s") % {"environment": account.environment.name},
                max_length=100, initial=account.loop_reference,
                error_messages={
                    "required": _("Enter the account’s reference in Loop for %(environment)s.")
                    % {"environment": account.environment.name}
                },
            )
            for account in self.accounts
        }  # fmt: skip
        self.fields = {**references, **self.fields}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("override") and not cleaned.get("comment", "").strip():
            self.add_error("comment", _("Write why you issue unverified credentials."))
        return cleaned

    def arguments(self) -> dict[str, Any]:
        said = self.cleaned_data
        references = {a.pk: said[f"loop_reference__{a.environment.name}"] for a in self.accounts}
        return {**super().arguments(), "loop_references": references, "override": said["override"]}


class NewSecretForm(VerbForm):
    """Cegal enters the new secret that Support asked for."""

    client_secret = SecretField(label=_("Client secret"), error_messages={"required": _("Paste the client secret.")})
    expires_on = expires_on_field()
    key_id = key_id_field()

    def arguments(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in ("client_secret", "expires_on", "key_id")}
