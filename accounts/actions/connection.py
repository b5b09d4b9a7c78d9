"""Testing a connection: does this account's secret, typed in by its owner, get a token and the first sales?

The secret is used for that one request: it is not stored, not logged, and in no event.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.views.decorators.debug import sensitive_variables

from accounts.actions import engine
from accounts.actions.engine import Change
from accounts.gateways import loop, sales
from accounts.lifecycle.actor import Actor
from accounts.lifecycle.errors import NotAllowed
from accounts.lifecycle.sentence import Sentence as _
from accounts.models import Account

VERB = "test_connection"


@dataclass(frozen=True)
class Connection:
    """What came of a test. ``sales`` is None where no token came."""

    token: loop.TokenCheck
    sales: sales.SalesCheck | None = None


def may_test(account: Account, by: Actor) -> bool:
    """Is ``by`` the owner or the technical contact of ``account``: somebody who has its secret?"""
    contact = bool(by.email) and account.technical_email == by.email.lower()
    return by.id is not None and (account.owner_id == by.id or contact)


@sensitive_variables()
def test_connection(account: Account, secret: str, *, sales_url: str, by: Actor, now: datetime) -> Connection:
    """Ask the token URL of ``account`` for a token with ``secret``, then ``sales_url`` for one sale, and note how it
    went. Whatever the other side does is an outcome. Outside any transaction; at most two conversations' time.

    Raises NotAllowed for anybody but the owner and the technical contact.
    """
    if not may_test(account, by):
        raise NotAllowed(_("Only the account’s owner and its technical contact can test its connection."))
    where, private = account.environment, account.environment.private_addresses_allowed
    checked, token = loop.fetch_token(
        where.token_url, account.client_id, secret, allow_private=private, by_basic=where.token_by_basic, now=now
    )
    asked = sales.check_sales(sales_url, token, allow_private=private) if checked.ok else None
    kept = {"token": checked.outcome.value, "elapsed_ms": checked.elapsed_ms}
    kept |= {"sales": asked.outcome.value} if asked else {}
    engine.note(account, VERB, by=by, now=now, change=Change(data=lambda _account: kept))
    return Connection(checked, asked)
