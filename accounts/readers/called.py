"""Which subjects of the history somebody means by what they typed, and what each is called."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.models import (
    Account,
    ApiToken,
    Environment,
    Event,
    Order,
    Organisation,
    Person,
    PolicyRecord,
    ReturnReason,
    Watchdog,
    WebhookEndpoint,
)
from accounts.models.account import normal_client_id
from accounts.models.subject import Subject
from accounts.readers.finding import contains
from accounts.readers.history import SUBJECTS

MOST = 1000
"""So many subjects at most are looked for: an organisation with more is cut, and the page says so."""


@dataclass(frozen=True)
class Called:
    """The subjects that are meant: their ids, the subject itself where it is one, and whether some were left out."""

    ids: list[UUID]
    only: Subject | None = None
    cut: bool = False


def called(text: str) -> Called:
    """What ``text`` stands for: a reference, a client id (also CLIENT_ID@ENVIRONMENT), an email address, the name of
    an environment, "policy", an id; and all of an organisation by a part of its name or its number. At most 8 queries.
    """
    text = text.strip()
    found = [subject for find in _WAYS for subject in find(text)]
    if found:
        return Called([subject.pk for subject in found], found[0] if len(found) == 1 else None)
    return _of_organisations(text)


def subjects_of(events: Iterable[Event]) -> dict[tuple[str, UUID], Subject]:
    """The rows that ``events`` are about, by kind and id. One query for each kind among them."""
    ids: dict[str, set[UUID]] = {}
    for event in events:
        ids.setdefault(event.subject_type, set()).add(event.subject_id)
    found: dict[tuple[str, UUID], Subject] = {}
    for kind, wanted in ids.items():
        if kind in SUBJECTS:
            named = Account.objects.select_related("environment") if kind == Account.subject_type() else None
            rows: QuerySet[Any] = SUBJECTS[kind]._default_manager.all() if named is None else named
            found |= {(kind, pk): row for pk, row in rows.in_bulk(wanted).items()}
    return found


def name_of(subject: Subject) -> str:
    """What ``subject`` is called, so that ``called`` finds it by that name (a reason by its id)."""
    match subject:
        case Account():
            return f"{subject.client_id}@{subject.environment.name}"
        case Person():
            return subject.email
        case Environment():
            return subject.name
        case ReturnReason():
            return subject.title(get_language() or "en")
        case PolicyRecord():
            return _("Policy")
        case Watchdog():
            return _("Watchdog")
    return str(subject)


def key_of(subject: Subject) -> str:
    """What to type to find the history of ``subject`` alone."""
    unnamed = isinstance(subject, ReturnReason | PolicyRecord | Watchdog | WebhookEndpoint | ApiToken)
    return str(subject.pk) if unnamed else name_of(subject)


def kind_of(kind: str) -> str:
    """The word for a kind of subject."""
    words = {
        "order": _("Order"),
        "account": _("API account"),
        "person": _("Person"),
        "environment": _("Environment"),
        "returnreason": _("Reason to return"),
        "policy": _("Policy"),
        "address": _("Email address"),
        "watchdog": _("Watchdog"),
        "webhookendpoint": _("Webhook"),
        "apitoken": _("API token"),
    }
    return words.get(kind, kind)


def _orders(text: str) -> Iterable[Subject]:
    return Order.objects.filter(reference=text.upper())


def _accounts(text: str) -> Iterable[Subject]:
    client, _at, name = text.rpartition("@")
    named = Q(client_id=normal_client_id(client), environment__name__iexact=name)
    rows = Account.objects.select_related("environment")
    return rows.filter(Q(client_id=normal_client_id(text)) | named if client else Q(client_id=normal_client_id(text)))


def _people(text: str) -> Iterable[Subject]:
    return Person.objects.filter(email__iexact=text)


def _settings(text: str) -> Iterable[Subject]:
    return [
        *Environment.objects.filter(name__iexact=text),
        *(PolicyRecord.objects.all() if text.casefold() in ("policy", _("Policy").casefold()) else []),
    ]


def _by_id(text: str) -> Iterable[Subject]:
    try:
        pk = UUID(text)
    except ValueError:
        return []
    return [row for model in SUBJECTS.values() for row in model._default_manager.filter(pk=pk)]


_WAYS: tuple[Callable[[str], Iterable[Subject]], ...] = (_orders, _accounts, _people, _settings, _by_id)


def _of_organisations(text: str) -> Called:
    """The orders and accounts of every organisation that ``text`` names."""
    number = "".join(text.split())
    named = contains(text, "name")
    which = Organisation.objects.filter(named | Q(number=number) if number.isdecimal() else named)
    organisations = list(which.values_list("pk", flat=True)[:MOST])
    orders = Order.objects.filter(organisation__in=organisations).order_by("-created_at")
    accounts = Account.objects.filter(organisation__in=organisations).order_by("-created_at")
    ids = [*orders.values_list("pk", flat=True)[: MOST + 1], *accounts.values_list("pk", flat=True)[: MOST + 1]]
    return Called(list(islice(ids, MOST)), cut=len(ids) > MOST)
