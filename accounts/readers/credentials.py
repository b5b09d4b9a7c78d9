"""What is known of an account's client secret, in words: never the secret."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from accounts.gateways.loop import Outcome
from accounts.lifecycle.states import AccountState
from accounts.models import Account, Credential, Order
from accounts.readers import checked

SOON = timedelta(minutes=5)
"""So long after a check was due a page keeps looking whether it was made."""

_TITLES = {
    Outcome.OK: gettext_noop("Verified"),
    Outcome.WRONG_SECRET: gettext_noop("Not verified: the client ID or the secret is wrong"),
    Outcome.REFUSED: gettext_noop("Not verified: the token URL refused the request"),
    Outcome.UNREACHABLE: gettext_noop("Not verified: the token URL cannot be reached"),
    Outcome.TIMEOUT: gettext_noop("Not verified: the token URL did not answer in time"),
    Outcome.UNEXPECTED: gettext_noop("Not verified: the token URL gave an answer without a token"),
    Outcome.REDIRECTED: gettext_noop("Not verified: the token URL points to another address"),
    Outcome.ADDRESS_REFUSED: gettext_noop("Not verified: the token URL is not an address that may be asked"),
    Outcome.OTHER_CLIENT: gettext_noop("Not verified: the token belongs to another client"),
    Outcome.EXPIRED: gettext_noop("Not verified: the token had expired when it came"),
    Outcome.NOT_OPENED: gettext_noop("Not verified: the secret cannot be opened"),
}


@dataclass(frozen=True)
class CredentialState:
    """One account and its newest credential, None where it has none.

    ``awaits_check``: a worker is about to ask the token URL, for the first time or again; ``left`` says for how many
    seconds more it asks again, None before the first time.
    """

    account: Account
    credential: Credential | None = None
    awaits_check: bool = False
    left: int | None = None

    @property
    def is_stored(self) -> bool:
        """Is there a secret that can still be verified or collected?"""
        return self.credential is not None and self.credential.destroyed_at is None

    @property
    def is_wrong(self) -> bool:
        """Was it checked and refused before it was issued, so that Cegal must enter another one?"""
        held = self.credential if self.is_stored else None
        if held is None or held.checked_at is None or self.awaits_check:
            return False
        return not held.verified_at and not held.collect_by

    @property
    def tone(self) -> str:
        """How the outcome of the last check is drawn: good, bad, or "" before the first one and while it goes on."""
        if self.credential is None or not self.credential.check_outcome or self.awaits_check:
            return ""
        return "good" if self.credential.verified_at else "bad"

    @property
    def title(self) -> str:
        """The outcome of the last check in words."""
        if self.credential is None:
            return _("No secret was ever entered here")
        if not self.credential.check_outcome or self.awaits_check:
            return _("Not verified yet")
        return _(_TITLES[Outcome(self.credential.check_outcome)])

    @property
    def said(self) -> str:
        """What the token URL answered, with its figures."""
        held = self.credential
        if held is None:
            return ""
        return checked.in_words(held.check_facts, held.check_sentence, verified=held.verified_at is not None)

    @property
    def going_on(self) -> str:
        """How far the asking is that goes on: "" before the first answer, and when it is over."""
        if self.credential is None or self.left is None:
            return ""
        tries = self.credential.check_tries
        said = ngettext(
            "A new secret may take a while to work. Asked %(tries)s time; the portal asks again for at most"
            " %(left)s seconds.",
            "A new secret may take a while to work. Asked %(tries)s times; the portal asks again for at most"
            " %(left)s seconds.",
            tries,
        )
        return said % {"tries": tries, "left": self.left}

    @property
    def sales(self) -> dict[str, str] | None:
        """What came of asking for one sale beside the check, as ``components/_verify.html`` draws it."""
        return checked.sales_row(self.credential.check_facts) if self.credential and not self.awaits_check else None

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
        if self._went_with_the_account:
            return _("Destroyed: the account was closed")
        if self.credential.destroyed_at and not self.credential.collect_by:
            return _("Destroyed: it was wrong, and Cegal was asked for a new one")
        if self.credential.destroyed_at:
            return _("Destroyed: nobody collected it in time")
        if self.credential.collect_by:
            return _("Waits for the owner to collect it")
        return _("Stored encrypted; nobody can read it back")

    @property
    def _went_with_the_account(self) -> bool:
        """Was it destroyed by the closing, at that same moment, and not before for another reason?"""
        closed_at = self.account.state_since if self.account.state == AccountState.CLOSED.value else None
        return closed_at is not None and self.credential is not None and self.credential.destroyed_at == closed_at

    @property
    def where_at(self) -> datetime | None:
        """When it was collected or destroyed."""
        return self.credential.destroyed_at if self.credential else None

    @property
    def collect_by(self) -> date | None:
        return self.credential.collect_by if self.credential and self.is_stored else None


def accounts_of(order: Order) -> QuerySet[Account]:
    """The accounts whose secrets an order is about: those it made; or that which it concerns, with a new secret."""
    renewed = Q(pk=order.concerns_id, credentials__destroyed_at__isnull=True, credentials__isnull=False)
    mine = renewed if order.concerns_id else Q(order=order)
    return Account.objects.filter(mine).select_related("environment").order_by("environment")


def states_of(accounts: Iterable[Account], now: datetime | None = None) -> list[CredentialState]:
    """The newest credential of each of ``accounts``, in their order. One query, the secrets left out.

    Only a caller who says ``now`` is told whether a check is awaited.
    """
    held = list(accounts)
    rows = Credential.objects.filter(account__in=held).defer("sealed_secret").order_by("account", "entered_at")
    newest: dict[UUID, Credential] = {row.account_id: row for row in rows}
    return [_state(account, newest.get(account.pk), now) for account in held]


def _state(account: Account, credential: Credential | None, now: datetime | None) -> CredentialState:
    due = credential.check_due_at if credential and not credential.destroyed_at else None
    if credential is None or now is None or due is None or now - due >= SOON:
        return CredentialState(account, credential)
    until = credential.check_until
    left = max(0, round((until - now).total_seconds())) if until else None
    return CredentialState(account, credential, awaits_check=True, left=left)
