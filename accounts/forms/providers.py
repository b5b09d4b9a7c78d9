"""Who makes the clients of an environment, as an administrator says it; and the filter above what differs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms.administration import Versioned
from accounts.forms.filters import EnvironmentFilter
from accounts.forms.verbs import SecretField, VerbForm
from accounts.forms.widgets import RadioRows
from accounts.models import Connector, Environment, ProviderKind

_HINTS = {
    ProviderKind.PEOPLE.value: _("They find their work on the portal’s pages, and confirm it there."),
    ProviderKind.WEBHOOK.value: _("The portal sends signed requests; the system answers by signed requests."),
    ProviderKind.ENTRA.value: _("The portal makes and changes the applications itself, by Microsoft Graph."),
}
_LINE = {"autocomplete": "off", "spellcheck": "false"}


def _line(label: Any, help_text: Any = "", most: int = 500) -> forms.CharField:
    return forms.CharField(
        label=label, help_text=help_text, required=False, max_length=most, widget=forms.TextInput(attrs=_LINE)
    )


class ProviderForm(Versioned):
    """The provider of one environment. The secret is asked for, never shown."""

    kind = forms.ChoiceField(
        label=_("Who makes the clients?"), widget=RadioRows(hints=_HINTS),
        choices=[
            (ProviderKind.PEOPLE.value, _("People at Cegal")), (ProviderKind.ENTRA.value, _("Microsoft Entra ID")),
            (ProviderKind.WEBHOOK.value, _("Cegal’s system, by webhook")),
        ],
    )  # fmt: skip
    tenant = _line(
        _("Tenant"), _("For Microsoft Entra ID: its id or its domain, such as contoso.onmicrosoft.com."), 253
    )
    client_id = _line(
        _("Client id of the portal’s own application"),
        _("For Microsoft Entra ID. It needs the permission Application.ReadWrite.OwnedBy with admin consent."), 200,
    )  # fmt: skip
    url = _line(_("Address of the system"), _("For a webhook. It begins with https://."))
    secret = SecretField(
        label=_("Secret"), required=False,
        help_text=_(
            "The application’s client secret, or the webhook’s shared secret (whsec_…). Leave it empty to keep the one "
            "that is stored."
        ),
    )  # fmt: skip
    secret_days = forms.IntegerField(
        label=_("A new client secret works for"), min_value=7, max_value=730, required=False,
        help_text=_("Days, 7 to 730. The provider lets it expire after that."),
    )  # fmt: skip
    token_url = _line(_("Token URL (optional)"), _("Only for a national cloud; else it follows from the tenant."))
    graph_url = _line(_("Address of Microsoft Graph (optional)"), _("Only for a national cloud."))

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, environment: Environment, connector: Connector | None
    ) -> None:
        names = ("tenant", "client_id", "url", "secret_days", "token_url", "graph_url")
        stored = {name: getattr(connector, name) for name in names} if connector else {"secret_days": 365}
        super().__init__(
            data, initial={**stored, "kind": environment.provider, "version": environment.version}
        )  # fmt: skip

    def details(self) -> dict[str, Any]:
        """What ``actions.connectors.Details`` is made of."""
        said = {name: value for name, value in self.cleaned_data.items() if name != "version"}
        days = said.pop("secret_days")
        return {**said, "kind": ProviderKind(said["kind"]), "secret_days": 365 if days is None else days}


class DifferenceFilter(EnvironmentFilter):
    """A search word, an environment, and a kind of difference."""

    kind = forms.ChoiceField(label=_("Difference"), required=False)
    field_order = ("state", "q", "environment", "kind")

    def __init__(
        self, data: Mapping[str, Any], *, states: Iterable[str], usual: str, kinds: Iterable[tuple[str, Any]]
    ) -> None:
        super().__init__(data, states=states, usual=usual)
        self.fields["q"].widget.attrs["placeholder"] = _("Client ID or organisation")
        self.fields["kind"].choices = [("", _("Any")), *kinds]  # type: ignore[attr-defined]  # a choice field


class AskAgainForm(VerbForm):
    """Nothing is asked besides whether it is meant."""
