"""The client secrets that expire, for Support: what expires when, and who has asked for a new one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from django.db.models import QuerySet

from accounts.lifecycle.states import OrderKind
from accounts.models import Credential, Order
from accounts.models.order import OPEN
from accounts.readers import paging
from accounts.readers.export import safe
from accounts.readers.finding import contains

SOON, EXPIRED, ALL = "soon", "expired", "all"
SOON_DAYS = 60
BY_DAY = paging.Order("expires_on")
COLUMNS = ("client_id", "environment", "organisation", "owner_email", "expires_on", "ending", "key_id", "order")
CHUNK = 500


@dataclass(frozen=True)
class Row:
    """One secret, the days left (0 or less: expired), and the order that asks for another one."""

    credential: Credential
    days: int
    order: Order | None = None


def expiring(
    asked: Mapping[str, str], today: date, *, tab: str = SOON, environment: str = "", text: str = ""
) -> tuple[list[Row], paging.Page[Credential]]:
    """One page, the next to expire first. Two queries, however many rows."""
    shown = paging.page(matching(today, tab=tab, environment=environment, text=text), BY_DAY, asked)
    return _rows(shown.rows, today), shown


def counts(today: date) -> dict[str, int]:
    """How many expire soon, and how many have expired and were not replaced. Two queries."""
    return {tab: matching(today, tab=tab).count() for tab in (SOON, EXPIRED)}


def matching(today: date, *, tab: str, environment: str = "", text: str = "") -> QuerySet[Credential]:
    """The last working secret of each account in use whose expiry is known, as far as ``tab`` shows it."""
    found = Credential.objects.last_working()
    if tab == SOON:
        found = found.filter(expires_on__gt=today, expires_on__lte=today + timedelta(days=SOON_DAYS))
    elif tab == EXPIRED:
        found = found.filter(expires_on__lte=today)
    if environment:
        found = found.filter(account__environment__name=environment)
    if text:
        found = found.filter(
            contains(text, "account__client_id", "account__organisation__name", "account__owner__name")
            | contains(text, "account__owner__email")
        )
    return found.select_related("account__environment", "account__organisation", "account__owner").defer(
        "sealed_secret"
    )


def lines(chosen: QuerySet[Credential], today: date) -> Iterator[list[str]]:
    """The head, then a line a secret, safe to open in a spreadsheet; read in chunks."""
    yield list(COLUMNS)
    after = paging.page(chosen, BY_DAY, {}, CHUNK)
    while True:
        for row in _rows(after.rows, today):
            account, one = row.credential.account, row.credential
            reference = row.order.reference if row.order else ""
            day = one.expires_on.isoformat() if one.expires_on else ""
            cells = (account.client_id, account.environment.name, account.organisation.name, account.owner.email, day,
                     one.ending, one.key_id, reference)  # fmt: skip
            yield [safe(cell) for cell in cells]
        if not after.after:
            return
        after = paging.page(chosen, BY_DAY, {"after": after.after}, CHUNK)


def _rows(held: list[Credential], today: date) -> list[Row]:
    asked = _asked([one.account_id for one in held])
    return [Row(one, (one.expires_on - today).days if one.expires_on else 0, asked.get(one.account_id)) for one in held]


def _asked(accounts: list[UUID]) -> dict[UUID, Order]:
    """The rotations under way, by account. One query."""
    kind = OrderKind.SECRET_ROTATION.value
    under_way = Order.objects.filter(concerns__in=accounts, kind=kind, state__in=OPEN)
    return {order.concerns_id: order for order in under_way if order.concerns_id}
