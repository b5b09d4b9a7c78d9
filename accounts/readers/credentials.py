"""What is known of an account's client secret, in words: never the secret."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.gateways.loop import Outcome
from accounts.models import Account, Credential

_TITLES = {
    Outcome.OK: gettext_noop("Verified"),
    Outcome.WRONG_SECRET: gettext_noop("Not verified: the client ID or the secret is wrong"),
    Outcome.REFUSED: gettext_noop("Not verified: the token URL refused the request"),
    Outcome.UNREACHABLE: gettext_noop("Not verified: the token URL cannot be reached"),
    Outcome.TIMEOUT: gettext_noop("Not verified: the token URL did not answer in time"),
    Outcome.UNEXPECTED: gettext_noop("Not verified: the token URL gave an answer without a token"),
    Outcome.REDIRECTED: gettext_noop("Not verified: the token URL points to another address"),
    Outcome.ADDRESS_REFUSED: gettext_noop("Not verified: the token URL is not an address that may be asked"),
}


@dataclass(frozen=True)
class CredentialState:
    """One account and its newest credential, None where it has none."""

    account: Account
    credential: Credential | None = None

    @property
    def is_stored(self) -> bool:
        """Is there a secret that can still be verified or collected?"""
        return self.credential is not None and self.credential.destroyed_at is None

    @property
    def tone(self) -> str:
        """How the outcome of the last check is drawn: good, bad, or "" before the first one."""
        if self.credential is None or not self.credential.check_outcome:
            return ""
        return "good" if self.credential.verified_at else "bad"

    @property
    def title(self) -> str:
        """The outcome of the last check in words."""
        if self.credential is None:
            return _("No secret was ever entered here")
        if not self.credential.check_outcome:
            return _("Not verified yet")
        return _(_TITLES[Outcome(self.credential.check_outcome)])

    @property
    def said(self) -> str:
        """What the token URL answered, as it was kept."""
        return self.credential.check_sentence if self.credential else ""

    @property
    def checked_at(self) -> datetime | None:
        return self.credential.checked_at if self.credential else None

    @property
    def where(self) -> str:
        """What became of the secret."""
        if self.credential is None:
            return _("None")
        if self.credential.revealed_by:
            return _("Collected by %(name)s") % {"name": self.credential.revealed_by}
        if self.credential.destroyed_at:
            return _("Destroyed: nobody collected it in time")
        if self.credential.collect_by:
            return _("Waits for the owner to collect it")
        return _("Stored encrypted; nobody can read it back")

    @property
    def where_at(self) -> datetime | None:
        """When it was collected or destroyed."""
        return self.credential.destroyed_at if self.credential else None

    @property
    def collect_by(self) -> date | None:
        return self.credential.collect_by if self.credential and self.is_stored else None


def states_of(accounts: Iterable[Account]) -> list[CredentialState]:
    """The newest credential of each of ``accounts``, in their order. One query, the secrets left out."""
    held = list(accounts)
    rows = Credential.objects.filter(account__in=held).defer("sealed_secret").order_by("account", "entered_at")
    newest: dict[UUID, Credential] = {row.account_id: row for row in rows}
    return [CredentialState(account, newest.get(account.pk)) for account in held]
