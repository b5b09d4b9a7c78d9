"""What the portal itself can see about each item of an order's checklist: shown beside it, never instead of a person.

Each finding is a row of ``components/_checks.html``: met, missing (look at this), bad (plainly wrong), todo (unknown).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from stdnum.no import orgnr

from accounts.lifecycle import contacts
from accounts.lifecycle import purpose as purpose_rule
from accounts.models import Account, CheckItem, Environment, Order
from accounts.models.order import ENDED
from accounts.words import say

Finding = dict[str, Any]


@dataclass(frozen=True)
class Known:
    """What the portal knows of the organisation besides this order: its accounts and its other open orders."""

    accounts: Sequence[tuple[str, int]]
    """Environment's name and how many living accounts the organisation has in it."""
    orders: Sequence[str]
    """References of the organisation's other orders that are not ended, in a shared environment."""
    all_orders: int

    @property
    def number_of_accounts(self) -> int:
        return sum(number for _environment, number in self.accounts)


def findings(order: Order, duplicates: Sequence[Account], known: Known) -> dict[str, list[Finding]]:
    """By the name of the item, what the portal sees. One query (the environments); the rest was read before."""
    asked = list(order.environments.all())
    everywhere = list(Environment.objects.all())
    return {
        CheckItem.ORGANISATION.value: _organisation(order, known),
        CheckItem.CONTACTS.value: _contacts(order),
        CheckItem.PURPOSE.value: _purpose(order),
        CheckItem.ENVIRONMENTS.value: _environments(asked, everywhere, known),
        CheckItem.DUPLICATES.value: _duplicates(duplicates, known),
    }


def known_of(order: Order, living: Sequence[str]) -> Known:
    """What the portal knows of the order's organisation; ``living`` are the account states that count. 3 queries."""
    if not order.organisation_number:
        return Known((), (), 0)
    accounts = Account.objects.filter(organisation__number=order.organisation_number, state__in=living)
    names = list(accounts.exclude(order=order).values_list("environment__name", flat=True))
    others = Order.objects.filter(organisation_number=order.organisation_number).exclude(pk=order.pk)
    sent = others.exclude(state="draft")
    same = sent.exclude(state__in=ENDED).filter(environments__in=order.environments.all())
    references = same.order_by("reference").values_list("reference", flat=True).distinct()
    return Known([(name, names.count(name)) for name in sorted(set(names))], list(references[:5]), sent.count())


def _organisation(order: Order, known: Known) -> list[Finding]:
    number = order.organisation_number
    valid = bool(number) and bool(orgnr.is_valid(number))
    first = (
        _met(_("The number %(number)s has the right check digit") % {"number": number})
        if valid
        else _bad(_("“%(number)s” is no organisation number: 9 digits with a check digit") % {"number": number})
    )
    return [first, _name(order), _how_known(known)]


def _name(order: Order) -> Finding:
    registered = order.organisation.name if order.organisation else ""
    if registered and registered.casefold() != order.organisation_name.casefold():
        return _missing(_("The portal knows this number as “%(name)s”") % {"name": registered})
    return _todo(_("Look the name up in the register of business enterprises"))


def _how_known(known: Known) -> Finding:
    if not known.number_of_accounts and not known.all_orders:
        return _todo(_("New here: no account and no other order"))
    accounts = ngettext("%(number)d account", "%(number)d accounts", known.number_of_accounts)
    orders = ngettext("%(number)d other order", "%(number)d other orders", known.all_orders)
    said = {
        "accounts": accounts % {"number": known.number_of_accounts},
        "orders": orders % {"number": known.all_orders},
    }
    return _met(_("Known here: %(accounts)s, %(orders)s") % said)


def _contacts(order: Order) -> list[Finding]:
    named = {_("owner"): order.owner_email, _("technical contact"): order.technical_email}
    rows = [_address(who, email, order) for who, email in named.items() if email]
    if order.owner_email and order.owner_email.lower() == order.technical_email.lower():
        rows.append(_todo(_("Owner and technical contact are the same person")))
    return rows


def _address(who: str, email: str, order: Order) -> Finding:
    domain = contacts.domain_of(email)
    said = {"domain": domain, "who": who, "name": order.organisation_name}
    if contacts.is_private(domain):
        return _missing(_("%(domain)s (%(who)s) gives addresses to anybody") % said)
    if contacts.looks_like(domain, order.organisation_name):
        return _met(_("%(domain)s (%(who)s) looks like %(name)s") % said)
    if domain == contacts.domain_of(order.requester.email):
        return _todo(_("%(domain)s (%(who)s) is the requester’s domain, but not like the organisation’s name") % said)
    return _missing(_("%(domain)s (%(who)s) does not look like %(name)s") % said)


def _purpose(order: Order) -> list[Finding]:
    refused = purpose_rule.refusal(order.purpose, order.organisation_name)
    if refused is not None:
        return [_bad(say(refused))]
    rows = purpose_rule.advice(order.purpose)
    return [
        {"state": "met" if row.found else "todo", "text": say(row.topic), "hint": f"“{row.found}”" if row.found else ""}
        for row in rows
    ]


def _environments(asked: Sequence[Environment], everywhere: Sequence[Environment], known: Known) -> list[Finding]:
    names = [environment.name for environment in asked]
    held = {name for name, _number in known.accounts}
    rows = [_todo(_("Ordered: %(names)s") % {"names": ", ".join(names)})]
    first = everywhere[0].name if everywhere else ""
    if first and first not in names and first not in held:
        rows.append(
            _missing(_("The organisation has no account in %(environment)s to try things out") % {"environment": first})
        )
    elif held:
        rows.append(_met(_("The organisation already has accounts in %(names)s") % {"names": ", ".join(sorted(held))}))
    return rows


def _duplicates(duplicates: Sequence[Account], known: Known) -> list[Finding]:
    rows = [
        _missing(_("%(client)s in %(environment)s") % {"client": a.client_id, "environment": a.environment.name})
        for a in duplicates[:5]
    ]
    rows += [_missing(_("Order %(reference)s is under way too") % {"reference": one}) for one in known.orders]
    return rows or [_met(_("No other account or open order of the organisation in these environments"))]


def _met(text: str) -> Finding:
    return {"state": "met", "text": text}


def _missing(text: str) -> Finding:
    return {"state": "missing", "text": text, "word": _("look at this")}


def _bad(text: str) -> Finding:
    return {"state": "bad", "text": text}


def _todo(text: str) -> Finding:
    return {"state": "todo", "text": text, "word": _("for you to judge")}
