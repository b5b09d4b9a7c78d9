"""How far somebody is on the way from an issued secret to the first data, as far as the portal can know it."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from accounts.models import Account, Event
from accounts.readers.credentials import CredentialState

TESTED = "test_connection"
"""The verb of the event that keeps what came of a connection test (``actions.connection``)."""
TESTS_LOOKED_AT = 20


def progress(account: Account, secret: CredentialState) -> list[dict[str, Any]]:
    """The rows of the checklist (``components/_checks.html``): secret collected, token received, sales received.

    ``secret`` is what is known of the account's newest credential. One query.
    """
    of_account = Event.objects.filter(subject_type=Account.subject_type(), subject_id=account.pk, verb=TESTED)
    tests = list(of_account.order_by("-seq")[:TESTS_LOOKED_AT])
    return [
        _collected(secret),
        _seen(_("Token received"), "token", tests, account),
        _seen(_("First sales request"), "sales", tests, account),
    ]


def _collected(secret: CredentialState) -> dict[str, Any]:
    text = _("Secret collected")
    if secret.credential is None:
        return {"state": "met", "text": text, "hint": _("You had it before this portal")}
    if secret.credential.revealed_at is None:
        return {"state": "todo", "text": text, "hint": secret.where}
    return {"state": "met", "text": text, "at": secret.credential.revealed_at}


def _seen(text: str, what: str, tests: list[Event], account: Account) -> dict[str, Any]:
    """Met by a test of the connection that succeeded, or by use that the gateway reported."""
    good = next((test for test in tests if test.data.get(what) == "ok"), None)
    if good is not None:
        return {"state": "met", "text": text, "hint": _("Tested here"), "at": good.at}
    if account.last_used_on is not None:
        return {"state": "met", "text": text, "hint": _("The API was used"), "at": account.last_used_on}
    return {"state": "todo", "text": text, "hint": _("We have not seen one yet")}
