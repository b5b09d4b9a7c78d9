"""The access order form: every field is required to send it, none to save it as a draft (SOURCE.md, slide 3)."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from stdnum.exceptions import ValidationError as NumberError
from stdnum.no import orgnr

from accounts.forms.widgets import CheckboxRows, RadioRows
from accounts.lifecycle import purpose as purpose_rule
from accounts.models import Environment, Order
from accounts.words import in_every_language

ROLES = [("seller", _("Seller")), ("broker", _("Broker")), ("seller+broker", _("Seller and Broker"))]
FIELD_LABELS = {
    "organisation_name": _("Organisation name"),
    "organisation_number": _("Organisation number"),
    "role": _("Role in Loop"),
    "environments": _("Environments"),
    "system": _("System"),
    "purpose": _("Purpose"),
    "technical_name": _("Technical contact"),
    "technical_email": _("Technical contact’s email"),
    "owner_name": _("Owner of the account"),
    "owner_email": _("Owner’s email"),
}
"""The fields of the order form in its order: also what a return can comment on and a change is shown by."""

_WHEN_EMPTY = {
    "organisation_name": _("Enter the organisation’s name."),
    "organisation_number": _("Enter the organisation number with 9 digits, for example 912 345 678."),
    "role": _("Choose the role in Loop."),
    "environments": _("Choose at least one environment."),
    "system": _("Name the system that will use the API."),
    "purpose": _("Describe what you will use the API for."),
    "technical_name": _("Enter the technical contact’s name."),
    "technical_email": _("Enter the technical contact’s email."),
    "owner_name": _("Enter the owner’s name."),
    "owner_email": _("Enter the owner’s email."),
}
"""What to do about an empty field: each line of the error summary must say which field it means."""

_ROLE_HINTS = {
    "seller": _("Imports items and sales data"),
    "broker": _("Exports sales data, updates sales statuses"),
    "seller+broker": _("Both of these"),
}


class OrderForm(forms.Form):
    """The order form. ``draft=True`` checks only what would not fit into the database, and requires nothing.

    ``closed`` names the fields that keep the order's answer, whatever is posted.
    """

    organisation_name = forms.CharField(
        label=FIELD_LABELS["organisation_name"],
        max_length=200,
        widget=forms.TextInput({"autocomplete": "organization"}),
    )
    organisation_number = forms.CharField(
        label=FIELD_LABELS["organisation_number"], max_length=20, help_text=_("9 digits, for example 912 345 678"),
        widget=forms.TextInput({"inputmode": "numeric", "autocomplete": "off"}),
    )  # fmt: skip
    role = forms.ChoiceField(label=FIELD_LABELS["role"], choices=ROLES, widget=RadioRows(hints=_ROLE_HINTS))
    environments = forms.ModelMultipleChoiceField(
        label=FIELD_LABELS["environments"], queryset=Environment.objects.none(), to_field_name="name",
        widget=CheckboxRows(environments=True, columns=2),
    )  # fmt: skip
    system = forms.CharField(
        label=FIELD_LABELS["system"],
        max_length=200,
        help_text=_("The system that will use the API, for example SAP."),
    )
    purpose = forms.CharField(
        label=FIELD_LABELS["purpose"], max_length=2000, widget=forms.Textarea({"rows": 5}),
        help_text=_("The intended use of the API and the project or customer it is for."),
    )  # fmt: skip
    technical_name = forms.CharField(
        label=FIELD_LABELS["technical_name"], max_length=200, widget=forms.TextInput({"autocomplete": "name"})
    )
    technical_email = forms.EmailField(label=FIELD_LABELS["technical_email"], max_length=254)
    owner_name = forms.CharField(label=FIELD_LABELS["owner_name"], max_length=200)
    owner_email = forms.EmailField(
        label=FIELD_LABELS["owner_email"], max_length=254,
        help_text=_("The owner collects the credentials and answers for the account."),
    )  # fmt: skip

    def __init__(
        self,
        *args: Any,
        order: Order | None = None,
        draft: bool = False,
        closed: Collection[str] = (),
        **kwargs: Any,
    ) -> None:
        if order is not None:
            kwargs["initial"] = {**answers(order), **kwargs.get("initial", {})}
        super().__init__(*args, **kwargs)
        self.draft = draft
        self.fields["environments"].queryset = _choosable(order)  # type: ignore[attr-defined]  # a choice of rows
        if order is not None and order.concerns_id:
            self.fields["environments"].disabled = True
        for name, field in self.fields.items():
            field.error_messages["required"] = _WHEN_EMPTY[name]
            field.required = not draft
            field.disabled = field.disabled or name in closed

    def clean_organisation_number(self) -> str:
        """Nine digits with the right check digit (Brønnøysund register numbers, modulus 11)."""
        number = "".join(self.cleaned_data["organisation_number"].split())
        if self.draft:
            return number
        try:
            return str(orgnr.validate(number))
        except NumberError as error:
            if len(number) == 9 and number.isdigit():
                raise forms.ValidationError(_("This organisation number does not exist. Check the digits.")) from error
            raise forms.ValidationError(
                _("Enter the organisation number with 9 digits, for example 912 345 678.")
            ) from error

    def clean_technical_email(self) -> str:
        return str(self.cleaned_data["technical_email"]).lower()

    def clean_owner_email(self) -> str:
        return str(self.cleaned_data["owner_email"]).lower()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.draft and "purpose" in cleaned:
            said = purpose_rule.refusal(cleaned["purpose"], cleaned.get("organisation_name", ""), purpose_examples())
            if said is not None:
                self.add_error("purpose", gettext(said.text) % said.params)
        return cleaned

    def answers(self) -> dict[str, Any]:
        """What was typed, as ``actions.ordering.save_answers`` takes it; an answer that is wrong is left out."""
        told = {name: value for name, value in self.cleaned_data.items() if not self.fields[name].disabled}
        said = {name: value for name, value in told.items() if name not in ("role", "environments")}
        if "role" in told:
            roles = (told["role"] or "").split("+")
            said |= {"as_seller": "seller" in roles, "as_broker": "broker" in roles}
        if "environments" in told:
            said["environments"] = list(told["environments"] or [])
        return said


def _choosable(order: Order | None) -> QuerySet[Environment]:
    """The environments that can be ordered now, and those that this order has asked for already."""
    asked = Q(pk__in=order.environments.values("pk")) if order is not None else Q()
    return Environment.objects.filter(Q(active=True) | asked if order is not None else Q(active=True))


def answers(order: Order) -> dict[str, Any]:
    """The order's answers as the form's initial values."""
    held = {name: getattr(order, name) for name in FIELD_LABELS if name not in ("role", "environments")}
    roles = [word for word, is_held in (("seller", order.as_seller), ("broker", order.as_broker)) if is_held]
    return {**held, "role": "+".join(roles), "environments": [e.name for e in order.environments.all()]}


def purpose_examples() -> tuple[str, ...]:
    """The example purpose in every language of the portal, so that none of them passes as an answer."""
    return in_every_language(purpose_rule.EXAMPLE)
