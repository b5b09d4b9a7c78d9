"""The words of mails that templates cannot find out themselves: terms, days, and why somebody gets a mail.

Call them while the message's language is active (``translation.override``).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from django.utils import timezone
from django.utils.dateformat import format as date_format
from django.utils.translation import get_language, gettext_noop
from django.utils.translation import gettext as _

from accounts.delivery.letter import Letter
from accounts.lifecycle.sentence import Sentence
from accounts.lifecycle.states import Role
from accounts.models import Account, Order, Person
from accounts.words import OPERATION_WORDS, ROLE_WORDS, feed_words, say

_LONG_DAY = {"en": "j F Y", "nb": "j. F Y"}
_MOMENT = {"en": "j F Y, H:i", "nb": r"j. F Y \k\l. H.i"}

FIELD_LABELS = {
    "organisation_name": gettext_noop("Organisation name"),
    "organisation_number": gettext_noop("Organisation number"),
    "role": gettext_noop("Role in Loop"),
    "environments": gettext_noop("Environments"),
    "system": gettext_noop("System"),
    "purpose": gettext_noop("Purpose"),
    "technical_name": gettext_noop("Technical contact"),
    "technical_email": gettext_noop("Technical contact’s email"),
    "owner_name": gettext_noop("Owner of the account"),
    "owner_email": gettext_noop("Owner’s email"),
}
"""The order form's labels once more (a test compares them): the post room may not import the forms."""

FOR_DEPUTIES = frozenset({"order_escalated", "order_escalated_early", "deputy_named", "deputy_ended"})
"""The kinds that somebody gets as the deputy of a service responsible."""

_STAFF_WHY = {
    Role.SUPPORT: gettext_noop("You get this email because you work in Support."),
    Role.SERVICE_RESPONSIBLE: gettext_noop("You get this email because you are Service Responsible."),
    Role.CEGAL: gettext_noop("You get this email because you set up accounts at Cegal."),
    Role.ADMINISTRATOR: gettext_noop("You get this email because you are an administrator of the portal."),
}


_WHY_NAMED = {
    "order_reassigned": gettext_noop("You get this email because you are the requester of this order now."),
    "order_reassigned_copy": gettext_noop("You get this email because you were the requester of this order."),
    "owner_replaced": gettext_noop("You get this email because this order named you as the owner of the account."),
}
"""Why somebody gets a mail about other people for an order."""

_WHY_ACCOUNT = {
    "handover_asked": gettext_noop("You get this email because a colleague named you as the next owner."),
    "handover_accepted": gettext_noop("You get this email because you were the owner of this API account."),
}
"""Why somebody gets a mail about an account that is not theirs."""


def long_day(day: date | None) -> str:
    """23 November 2026, or 23. november 2026; "" for None."""
    return date_format(day, _LONG_DAY[_language()]) if day else ""


def moment(at: datetime) -> str:
    """23 November 2026, 14:05, in the portal's time zone."""
    return date_format(timezone.localtime(at), _MOMENT[_language()])


def field_label(name: str) -> str:
    """The label of a field of the order form; "" for a comment on the whole order."""
    return _(FIELD_LABELS[name]) if name in FIELD_LABELS else name.replace("_", " ")


def last_use(account: Account) -> str:
    """The day of the last use. "Unknown" is not "never used": there nobody has said anything about it (DOMAIN.md)."""
    if account.last_used_on is not None:
        return long_day(account.last_used_on)
    return _("Unknown") if account.last_use_is_unknown else _("Never used")


def why(letter: Letter) -> str:
    """The sentence at the foot of a mail that says why this person gets it."""
    if letter.message.kind in FOR_DEPUTIES:
        return _("You get this email because you are named as the deputy of a Service Responsible.")
    if letter.role is not None:
        return _(_STAFF_WHY[letter.role])
    if letter.order is not None:
        return _why_order(letter, letter.order)
    if letter.account is not None:
        named = _WHY_ACCOUNT.get(letter.message.kind)
        return _(named) if named else _why_account(letter.message.to_email.lower(), letter.account)
    if letter.event.subject_type == Person.subject_type():
        return _("You get this email because an administrator of the portal changed what you may do there.")
    return ""


def facts(letter: Letter) -> list[dict[str, str]]:
    """What the mail is about, as terms and values; a value that is empty is left out."""
    rows: Iterator[tuple[str, str]] = iter(())
    if letter.order is not None:
        rows = _order_facts(letter.order)
    elif letter.account is not None:
        rows = _account_facts(letter, letter.account)
    found = [{"term": term, "value": value} for term, value in rows if value]
    return [*found, {"term": _("Date"), "value": moment(letter.event.at)}]


def preheader(letter: Letter) -> str:
    """What a mail program shows behind the subject line in its list: what the mail is about, in a few words."""
    if letter.order is not None:
        names = [letter.order.reference, letter.order.organisation_name, *_environment_names(letter.order)]
    elif letter.account is not None:
        names = [letter.account.client_id, letter.account.environment.name, letter.account.organisation.name]
    else:
        names = []
    return " · ".join(filter(None, names))


def comments(data: dict[str, Any]) -> list[dict[str, str]]:
    """The comments of a return, each with the label of the field that it is about."""
    return [{"label": field_label(said["field"]), "text": said["text"]} for said in data.get("comments", [])]


def changed_fields(data: dict[str, Any]) -> str:
    """The labels of the fields that were changed before the order was sent again, in the form's order."""
    names = {"role" if name in ("as_seller", "as_broker") else name for name in data.get("changed", {})}
    return ", ".join(_(label) for name, label in FIELD_LABELS.items() if name in names)


def about_roles(data: dict[str, Any]) -> dict[str, str]:
    """The roles that somebody holds, was given and lost, each as words: "Support, Cegal"; "" for none."""
    known = {role.value for role in ROLE_WORDS}
    return {
        name: ", ".join(_(ROLE_WORDS[Role(role)]) for role in data.get(name, []) if role in known)
        for name in ("roles", "given", "taken")
    }


def about_deputy(data: dict[str, Any]) -> dict[str, str]:
    """The other one of a deputy and the one they stand in for, and the days of the range; empty for other events."""
    if "starts_on" not in data:
        return {}
    first, last = (long_day(date.fromisoformat(data[name])) for name in ("starts_on", "ends_on"))
    return {"other": data["to"], "first_day": first, "last_day": last}


_DAYS = ("until", "day", "suspended_on")


def about_feed(data: dict[str, Any]) -> dict[str, str]:
    """Which feed an event tells of; empty for other events."""
    return {"feed": feed_words(data["feed_kind"], data["feed"])} if "feed_kind" in data else {}


def about_days(data: dict[str, Any]) -> dict[str, str]:
    """The days that an account's event names (the last day of a hold, say), in words; those it does not name are ""."""
    return {name: long_day(date.fromisoformat(data[name])) if data.get(name) else "" for name in _DAYS}


def about_late(data: dict[str, Any]) -> list[str]:
    """What stands still, in sentences; empty for other events."""
    return [say(Sentence.of(said)) for said in data.get("late", [])]


def about_connector(data: dict[str, Any]) -> dict[str, str]:
    """What a connector failed at, where and why; empty for other events."""
    if "operation" not in data:
        return {}
    why = say(Sentence.of(data["why"])) if "why" in data else ""
    return {
        "operation": _(OPERATION_WORDS[data["operation"]]),
        "at_environment": data["environment"],
        "failed_why": why,
    }


def about_handover(data: dict[str, Any]) -> dict[str, str]:
    """Who took or should take an account over, from whom, and by which day; what an event does not name is ""."""
    by = data.get("accept_by", "")
    named = {"new_owner": data.get("to", ""), "former_owner": data.get("from", "")}
    return {**named, "accept_by": long_day(date.fromisoformat(by)) if by else ""}


def _language() -> str:
    return "nb" if (get_language() or "").startswith("nb") else "en"


def _why_order(letter: Letter, order: Order) -> str:
    if letter.message.kind in _WHY_NAMED:
        return _(_WHY_NAMED[letter.message.kind])
    if letter.message.person_id == order.requester_id:
        return _("You get this email because you made this order.")
    return _("You get this email because the order names you as the owner of the account.")


def _why_account(address: str, account: Account) -> str:
    if address == account.owner.email.lower():
        return _("You get this email because you are the owner of this API account.")
    if address == account.technical_email.lower():
        return _("You get this email because you are the technical contact of this API account.")
    return _("You get this email because you are a contact of the organisation that this API account belongs to.")


def _order_facts(order: Order) -> Iterator[tuple[str, str]]:
    yield _("Order"), order.reference
    yield _("Organisation"), order.organisation_name
    yield _("API account"), order.concerns.client_id if order.concerns else ""
    yield _("Role in Loop"), order.role_words
    yield _("Environments"), ", ".join(_environment_names(order))
    yield _("System"), order.system
    yield _("Purpose"), order.purpose
    yield _("Requester"), str(order.requester)


def _environment_names(order: Order) -> list[str]:
    return [environment.name for environment in order.environments.all()]


def _account_facts(letter: Letter, account: Account) -> Iterator[tuple[str, str]]:
    yield _("API account"), account.client_id
    yield _("Environment"), account.environment.name
    yield _("Organisation"), account.organisation.name
    yield _("Role in Loop"), account.role_words
    if letter.notice is not None:
        yield _("Last used"), last_use(account)
        alone = letter.event.verb == "notice_next_contact"
        yield _("Also sent to"), "" if alone else _others(letter.message.to_email.lower(), account)


def _others(address: str, account: Account) -> str:
    """The other contacts of the account, who get the same mail."""
    contacts = {account.owner.email.lower(): str(account.owner)}
    if account.technical_email:
        contacts.setdefault(account.technical_email.lower(), account.technical_name or account.technical_email)
    return ", ".join(name for email, name in contacts.items() if email != address)
