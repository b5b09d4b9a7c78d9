"""What a requester already has for the same system, said while they order: their own accounts and orders alone."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from accounts.lifecycle.actor import Actor
from accounts.lifecycle.states import AccountState, OrderState
from accounts.models import Account, Environment, Order
from accounts.models.order import ENDED
from accounts.readers.account_page import mine


@dataclass(frozen=True)
class AlreadyThere:
    """The accounts and the orders under way for one system, and the environments that are left to order."""

    system: str
    accounts: list[Account]
    orders: list[Order]
    left: list[Environment]

    @property
    def environments(self) -> list[str]:
        """The names of the environments of the accounts."""
        return sorted({account.environment.name for account in self.accounts})


def already_there(
    by: Actor, number: str, system: str, *, wanted: Collection[str] = (), but: UUID | None = None
) -> AlreadyThere | None:
    """What ``by`` has for ``system`` of the organisation with this number; None when it is nothing. Few queries.

    ``wanted`` names the environments chosen so far: None too when all of them are still to be had.
    ``by`` must be an account's owner or technical contact, or an order's requester: nobody learns here what others
    have. ``but`` is the order being written.
    """
    number, system = "".join(number.split()), system.strip()
    if not (number and system) or "\0" in number + system or by.id is None:  # no row holds a NUL
        return None
    accounts = _accounts(by, number, system)
    orders = _orders(by, number, system, but)
    if not (accounts or orders):
        return None
    taken = {account.environment_id for account in accounts}
    taken |= {environment.pk for order in orders for environment in order.environments.all()}
    left = _left(taken)
    if wanted and set(wanted) <= {environment.name for environment in left}:
        return None
    return AlreadyThere(system, accounts, orders, left)


def _accounts(by: Actor, number: str, system: str) -> list[Account]:
    found = mine(by).filter(organisation__number=number, system__iexact=system)
    found = found.exclude(state=AccountState.CLOSED.value).select_related("environment")
    return list(found.order_by("environment__position", "client_id"))


def _orders(by: Actor, number: str, system: str, but: UUID | None) -> list[Order]:
    found = Order.objects.filter(requester_id=by.id, organisation_number=number, system__iexact=system)
    found = found.exclude(state__in=[OrderState.DRAFT.value, *ENDED])
    if but is not None:
        found = found.exclude(pk=but)
    return list(found.prefetch_related("environments").order_by("-created_at", "pk")[:5])


def _left(taken: Collection[UUID]) -> list[Environment]:
    return [environment for environment in Environment.objects.filter(active=True) if environment.pk not in taken]
