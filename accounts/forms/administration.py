"""The forms of the administrator's pages: people, environments, return reasons, the policy's numbers.

Each carries the ``version`` of what the administrator looked at, so that two of them do not overwrite each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.conf import settings
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from accounts.forms.filters import Filter
from accounts.forms.order import FIELD_LABELS
from accounts.forms.widgets import CheckboxRows
from accounts.lifecycle.states import GRANTED_ROLES, Role
from accounts.models import Environment, Person, ReturnReason
from accounts.words import ROLE_WORDS

REQUESTERS, INACTIVE, ALL = "requesters", "inactive", "all"
PEOPLE_TABS = (ALL, *(role.value for role in GRANTED_ROLES), REQUESTERS, INACTIVE)
LANGUAGES = [("en", "English"), ("nb", "Norsk")]

_ROLE_HINTS = {
    Role.SUPPORT.value: _("Handles every order and account, and issues credentials"),
    Role.SERVICE_RESPONSIBLE.value: _("Approves, rejects or returns what Support sent"),
    Role.CEGAL.value: _("Sees only what was sent to Cegal, and sets the clients up"),
    Role.ADMINISTRATOR.value: _("Runs the portal; does not approve or issue by this role"),
}


def role_choices() -> list[tuple[str, Any]]:
    """The roles that can be given, with their words in the language of the page."""
    return [(role.value, _(ROLE_WORDS[role])) for role in GRANTED_ROLES]


def reason_field(help_text: Any = "") -> forms.CharField:
    """Why something is changed: always asked for."""
    return forms.CharField(
        label=_("Reason"), help_text=help_text or _("Kept in the history."), max_length=2000,
        error_messages={"required": _("Write a reason.")}, widget=forms.Textarea(attrs={"rows": 3}),
    )  # fmt: skip


class PeopleFilter(Filter):
    """A search word over names and addresses; the roles are tabs."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        super().__init__(data, states=PEOPLE_TABS, usual=ALL)


class Versioned(forms.Form):
    """A form about something that somebody else may change meanwhile."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=0, max_value=2**31 - 1)

    @property
    def seen(self) -> int:
        """The version that was looked at; -1, which nothing has, where none is said that can be read."""
        said = self.cleaned_data.get("version")
        return -1 if said is None else int(said)


class InviteForm(forms.Form):
    """Invite somebody, known or not."""

    email = forms.EmailField(
        label=_("Email address"), max_length=254, help_text=_("They sign in with a code that is sent to it."),
        error_messages={
            "required": _("Enter the person’s email address."),
            "invalid": _("Enter an email address such as kari.nes@example.com."),
        },
    )  # fmt: skip
    name = forms.CharField(
        label=_("Name"), max_length=200, help_text=_("As it stands in mails and in the history."),
        error_messages={"required": _("Enter the person’s name.")},
    )  # fmt: skip
    language = forms.ChoiceField(label=_("Language of the mails"), choices=LANGUAGES)
    roles = forms.MultipleChoiceField(
        label=_("Roles"), choices=role_choices, required=False, widget=CheckboxRows(hints=_ROLE_HINTS),
        help_text=_("Without a role they order access and use their own accounts."),
    )  # fmt: skip

    def arguments(self) -> dict[str, Any]:
        """What ``actions.roles.invite`` takes by keyword."""
        said = self.cleaned_data
        return {**said, "roles": [Role(role) for role in said["roles"]]}


class ReasonForm(Versioned):
    """A change of somebody or something that needs nothing but a reason."""

    comment = reason_field()


class RolesForm(Versioned):
    """The roles that somebody holds from now on."""

    roles = forms.MultipleChoiceField(
        label=_("Roles"), choices=role_choices, required=False, widget=CheckboxRows(hints=_ROLE_HINTS)
    )
    comment = reason_field(_("Kept in the history, and mailed to the person."))

    def __init__(self, data: Mapping[str, Any] | None = None, *, person: Person, held: Iterable[Role]) -> None:
        super().__init__(data, initial={"roles": [role.value for role in held], "version": person.version})

    def roles_said(self) -> list[Role]:
        """The roles that are ticked."""
        return [Role(role) for role in self.cleaned_data["roles"]]


class _HttpsField(forms.URLField):
    """An address; https is taken for granted where nothing is said."""

    def __init__(self, *, label: Any, required_message: Any = "", **kwargs: Any) -> None:
        messages = {"required": required_message, "invalid": _("Enter an address such as https://api.example.com/v1.")}
        super().__init__(
            label=label, max_length=500, assume_scheme="https", required=bool(required_message),
            error_messages=messages, widget=forms.URLInput(attrs={"spellcheck": "false", "autocomplete": "off"}),
            **kwargs,
        )  # fmt: skip


class EnvironmentForm(Versioned):
    """An environment; its name is asked for once and stays."""

    name = forms.CharField(
        label=_("Name"), max_length=20,
        help_text=_("Capital letters, digits and hyphens, for example TRAINING. It stays."),
        error_messages={"required": _("Enter a name such as TRAINING.")},
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )  # fmt: skip
    token_url = _HttpsField(
        label=_("Token URL"), required_message=_("Enter the address that hands out tokens."),
        help_text=_("Where a client gets its token; credentials are verified there. It must begin with https://."),
    )  # fmt: skip
    base_url = _HttpsField(
        label=_("Base URL"),
        required_message=_("Enter the address of the API."),
        help_text=_("Where the Loop API answers."),
    )
    documentation_url = _HttpsField(label=_("Documentation (optional)"))
    position = forms.IntegerField(
        label=_("Place in lists"), min_value=0, max_value=1000, help_text=_("The smallest number comes first."),
        error_messages={"required": _("Enter a number, for example 2.")},
    )  # fmt: skip
    token_by_basic = forms.BooleanField(
        label=_("Tokens are asked for by HTTP Basic"), required=False,
        help_text=_("The client ID and the secret go in the header. Otherwise they go in the form, as Loop wants it."),
    )  # fmt: skip
    sales_checked = forms.BooleanField(
        label=_("Ask for one sale too when credentials are verified"), required=False,
        help_text=_("What comes is told beside the outcome, decides nothing and is not kept."),
    )  # fmt: skip
    private_addresses_allowed = forms.BooleanField(
        label=_("The token URL may be inside a private network"), required=False, help_text=_("Only for development.")
    )

    def __init__(self, data: Mapping[str, Any] | None = None, *, environment: Environment) -> None:
        names = (
            "name",
            "token_url",
            "base_url",
            "documentation_url",
            "position",
            "token_by_basic",
            "sales_checked",
            "private_addresses_allowed",
            "version",
        )
        super().__init__(data, initial={name: getattr(environment, name) for name in names})
        if not environment._state.adding:
            del self.fields["name"]
        if not (settings.PRIVATE_TOKEN_URLS or environment.private_addresses_allowed):
            del self.fields["private_addresses_allowed"]

    def details(self) -> dict[str, Any]:
        """What ``actions.environments.Details`` is made of."""
        return {name: value for name, value in self.cleaned_data.items() if name not in ("name", "version")}


class ReturnReasonForm(Versioned):
    """A reason to return an order, in both languages."""

    field = forms.ChoiceField(label=_("What it is about"), required=False)
    title_en = forms.CharField(label=_("Short name, in English"), max_length=100)
    title_nb = forms.CharField(label=_("Short name, in Norwegian"), max_length=100)
    text_en = forms.CharField(
        label=_("What the requester reads, in English"), max_length=1000, widget=forms.Textarea(attrs={"rows": 6})
    )
    text_nb = forms.CharField(
        label=_("What the requester reads, in Norwegian"), max_length=1000,
        widget=forms.Textarea(attrs={"rows": 6, "lang": "nb"}),
    )  # fmt: skip

    def __init__(self, data: Mapping[str, Any] | None = None, *, reason: ReturnReason) -> None:
        super().__init__(data, initial={name: getattr(reason, name) for name in (*self.base_fields,)})
        self.fields["field"].choices = [("", _("The whole order")), *FIELD_LABELS.items()]  # type: ignore[attr-defined]  # a choice
        self.fields["title_nb"].widget.attrs["lang"] = "nb"
        for name in ("title_en", "title_nb", "text_en", "text_nb"):
            field = self.fields[name]
            field.error_messages["required"] = format_lazy(_("Fill in “{label}”."), label=field.label)

    def texts(self) -> dict[str, str]:
        """What ``actions.return_reasons`` takes."""
        return {name: value for name, value in self.cleaned_data.items() if name != "version"}
