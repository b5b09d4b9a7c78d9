"""What a reference that somebody says or types stands for: an order, an account, a person."""

from __future__ import annotations

from django.db.models import QuerySet

from accounts.lifecycle.actor import Actor
from accounts.lifecycle.errors import Refused
from accounts.lifecycle.sentence import Sentence as _
from accounts.lifecycle.states import Role
from accounts.models import Account, Environment, Order, Person
from accounts.models.account import normal_client_id

WAYS = _("Write an order’s reference (LA-2026-0142), a client id, or CLIENT_ID@ENVIRONMENT.")


class NotFound(Refused):
    """Nothing that this actor may see is called that."""


def find(reference: str, *, by: Actor) -> Order | Account:
    """The order or account called ``reference``, among those that ``by`` may see.

    An account is named by its client id where that is in one environment only, else by ``CLIENT_ID@ENVIRONMENT``.
    Raises NotFound, with the ways to name something.
    """
    text = reference.strip()
    order = Order.objects.visible_to(by).filter(reference__iexact=text).first()
    return order or _account(text, Account.objects.visible_to(by))


def find_any(reference: str, *, by: Actor) -> Order | Account | Person:
    """As ``find``; whoever keeps the history may also name a person by email address, and the operator a draft."""
    text = reference.strip()
    found: Order | Person | None = None
    if by.holds(Role.SYSTEM, Role.ADMINISTRATOR):
        found = Person.objects.filter(email__iexact=text).first()
    if found is None and by.holds(Role.SYSTEM):
        found = Order.objects.filter(reference__iexact=text).first()
    return found or find(reference, by=by)


def _account(text: str, visible: QuerySet[Account]) -> Account:
    client, _at, name = text.rpartition("@")
    environment = Environment.objects.filter(name__iexact=name).first() if client else None
    wanted = normal_client_id(client if environment else text)
    found = visible.filter(client_id=wanted).select_related("environment", "organisation", "owner")
    accounts = list((found.filter(environment=environment) if environment else found)[:5])
    if not accounts:
        raise NotFound(_("Nothing found for “%(reference)s”. %(ways)s", reference=text[:200], ways=WAYS))
    if len(accounts) > 1:
        names = ", ".join(f"{account.client_id}@{account.environment.name}" for account in accounts)
        raise NotFound(_("“%(reference)s” is in several environments. Write one of: %(names)s.",
                         reference=text[:200], names=names))  # fmt: skip
    return accounts[0]
