"""Sample orders in every state, each walked there by the verbs of the people who may."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction

from accounts import delivery, verbs
from accounts.actions import credentials, ordering
from accounts.lifecycle.states import OrderState
from accounts.management.samples.cast import AMUND, EVEN, HENRIK, INGRID, KARI, MARTE, SILJE, Member, actor, moment
from accounts.models import Credential, Environment, Order

_CLIENTS = uuid.UUID("6f1c7d0a-4d0e-5b1e-9a52-000000000000")
NOT_VERIFIED = "Sample data: the Loop API could not be asked whether the credentials work."


@dataclass(frozen=True)
class Step:
    """One verb of one person, some days ago (Europe/Oslo)."""

    days_ago: int
    hour: int
    who: Member
    verb: str
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class SampleOrder:
    """An order form as its requester filled it in, and what happened to it since."""

    requester: Member
    started: int  # days ago
    environments: tuple[str, ...]
    role: str
    system: str
    purpose: str
    technical: tuple[str, str]
    steps: Sequence[Step] = ()


def _approved(days_ago: int) -> tuple[Step, ...]:
    return (
        Step(days_ago, 9, MARTE, "send_for_approval", {"comment": "The purpose is clear, the customer is known."}),
        Step(days_ago - 1, 10, HENRIK, "approve", {"comment": "Fits what we agreed with them."}),
    )


def _to_cegal(days_ago: int) -> tuple[Step, ...]:
    return (*_approved(days_ago), Step(days_ago - 1, 13, MARTE, "send_to_cegal"))


ORDERS = (
    SampleOrder(
        AMUND, 45, ("PRODUCTION",), "broker", "Excel",
        "We would like to look at what other sellers have in stock, to compare their prices with ours.",
        ("Amund Vik", AMUND.email),
        (Step(45, 10, AMUND, "submit"),
         Step(43, 9, MARTE, "reject", {"comment": "The API shows your own items and sales, never those of others."})),
    ),
    SampleOrder(
        KARI, 33, ("TEST",), "seller", "Eget lagersystem",
        "Vi vil prøve import av rør og flenser fra lagersystemet vårt før prosjekt Gjøa starter (P-2210).",
        ("Oda Rasmussen", "oda.rasmussen@kvitsoysubsea.example"),
        (Step(33, 11, KARI, "submit"), Step(30, 14, KARI, "withdraw", {"comment": "Prosjektet er utsatt til våren."})),
    ),
    SampleOrder(
        INGRID, 21, ("TEST", "PRODUCTION"), "seller", "SAP",
        "Vi sender overskuddsventiler og pumper fra SAP til Loop hver natt og holder salgsdataene oppdatert. "
        "Prosjekt Ekko (P-4471).",
        ("Torbjørn Hagen", "torbjorn.hagen@nordsjosurplus.example"),
        (Step(21, 9, INGRID, "submit"), *_to_cegal(18), Step(9, 11, SILJE, "complete_setup"),
         Step(5, 10, MARTE, "issue_credentials")),
    ),
    SampleOrder(
        EVEN, 16, ("TEST", "PRODUCTION"), "broker", "Power BI",
        "We read sales from Loop every hour into Power BI and update their status when a deal is closed. "
        "Customer reference SB-2026-31.",
        ("Siri Lærum", "siri.laerum@skagerrakbrokers.example"),
        (Step(16, 9, EVEN, "submit"), *_to_cegal(14), Step(2, 11, SILJE, "complete_setup")),
    ),
    SampleOrder(
        KARI, 13, ("PRODUCTION",), "seller", "IFS Cloud",
        "Registrerer undervannsutstyr fra IFS Cloud i Loop ukentlig. Kundereferanse Brage (P-7781).",
        ("Oda Rasmussen", "oda.rasmussen@kvitsoysubsea.example"),
        (Step(13, 9, KARI, "submit"), *_to_cegal(9)),
    ),
    SampleOrder(
        AMUND, 10, ("TEST",), "seller", "Microsoft Dynamics 365",
        "We import used lifting equipment with its certificates from Dynamics 365, for project Munin (P-3302).",
        ("Pål Fjeld", "pal.fjeld@polarlyslogistikk.example"),
        (Step(10, 9, AMUND, "submit"), *_approved(8)),
    ),
    SampleOrder(
        INGRID, 8, ("TEST",), "seller", "IBM Maximo",
        "Vi vil hente reservedeler fra Maximo og legge dem ut for salg i Loop, for kunden Tyr Drift (TD-118).",
        ("Torbjørn Hagen", "torbjorn.hagen@nordsjosurplus.example"),
        (Step(8, 10, INGRID, "submit"),
         Step(7, 9, MARTE, "send_for_approval", {"comment": "Nordsjø Surplus has an account for SAP already."})),
    ),
    SampleOrder(
        EVEN, 9, ("TEST",), "broker", "Customer portal",
        "We want to show equipment that is for sale on the portal of our customers.",
        ("Siri Lærum", "siri.laerum@skagerrakbrokers.example"),
        (Step(9, 13, EVEN, "submit"),
         Step(6, 9, MARTE, "return", {
             "comment": "Almost there. Two things are missing before we can send it on.",
             "comment_purpose": "Which customers, and how often will the portal ask for sales?",
             "comment_environments": "You write about the portal of your customers. Do you need PRODUCTION too?"})),
    ),
    SampleOrder(
        KARI, 5, ("PRODUCTION",), "seller", "Oracle ERP",
        "Sender overskuddsmateriell fra Oracle ERP til Loop hver morgen, prosjekt Njord (P-5120).",
        ("Oda Rasmussen", "oda.rasmussen@kvitsoysubsea.example"),
        (Step(5, 9, KARI, "submit"),),
    ),
    SampleOrder(
        EVEN, 1, ("PRODUCTION",), "broker", "Customer portal",
        "We show equipment that is for sale on our customer portal, read from Loop every morning (SB-2026-44).",
        ("Siri Lærum", "siri.laerum@skagerrakbrokers.example"),
        (Step(1, 15, EVEN, "submit"),),
    ),
    SampleOrder(
        INGRID, 1, ("PRODUCTION",), "seller", "", "Vi ønsker å sende", ("Torbjørn Hagen", ""),
    ),
)  # fmt: skip


def create_orders(today: date, now: datetime) -> int:
    """Create those sample orders that are not there; give their number."""
    oldest_first = sorted(ORDERS, key=lambda sample: -sample.started)
    return sum(_create(sample, today, now) for sample in oldest_first)


def _create(sample: SampleOrder, today: date, now: datetime) -> bool:
    if Order.objects.filter(requester__email=sample.requester.email, purpose=sample.purpose).exists():
        return False
    at = min(moment(today, sample.started, 8), now)
    with transaction.atomic():
        order = _draft(sample, at)
    for step in sample.steps:
        order = Order.objects.get(pk=order.pk)
        at = min(max(moment(today, step.days_ago, step.hour), at + timedelta(hours=1)), now)
        if step.verb == "issue_credentials":
            _verify(order, at)
        data = {**step.data, **_filled_in(order, step.verb)}
        verbs.perform(order, step.verb, by=actor(step.who), now=at, data=data)
        delivery.deliver_due(at + timedelta(minutes=1))
    return True


def _draft(sample: SampleOrder, at: datetime) -> Order:
    requester, by = sample.requester, actor(sample.requester)
    order = ordering.start(by=by, now=at)
    answers = {
        "organisation_name": requester.company.name,
        "organisation_number": requester.company.number,
        "as_seller": sample.role == "seller",
        "as_broker": sample.role == "broker",
        "system": sample.system,
        "purpose": sample.purpose,
        "technical_name": sample.technical[0],
        "technical_email": sample.technical[1],
        "owner_name": requester.name,
        "owner_email": requester.email,
        "environments": list(Environment.objects.filter(name__in=sample.environments)),
    }
    ordering.save_answers(order, answers, by=by, now=at)
    return order


def _filled_in(order: Order, verb: str) -> dict[str, Any]:
    """What the forms of the set-up and of the issue ask for, by environment."""
    names = [environment.name for environment in order.environments.all()]
    if verb == "complete_setup":
        clients = {name: str(uuid.uuid5(_CLIENTS, f"{order.reference} {name}")) for name in names}
        ids = {f"client_id__{name}": client for name, client in clients.items()}
        return ids | {f"client_secret__{name}": _standin_secret(client) for name, client in clients.items()}
    if verb == "issue_credentials":
        given: dict[str, Any] = {f"loop_reference__{name}": f"VI-{order.reference[-4:]}-{name[0]}" for name in names}
        unverified = Credential.objects.filter(account__order=order, verified_at=None).exists()
        return given | ({"override": True, "comment": NOT_VERIFIED} if unverified else {})
    return {}


def _verify(order: Order, at: datetime) -> None:
    """Ask the Loop API about the credentials, where an address inside this machine stands for it."""
    if order.state != OrderState.CREDENTIAL_ISSUE.value:
        return
    waiting = Credential.objects.filter(account__order=order, account__environment__private_addresses_allowed=True)
    for credential in waiting:
        credentials.verify(credential, by=actor(MARTE), now=at)


def _standin_secret(client_id: str) -> str:
    """The secret that the stand-in of the Loop API accepts for a client that nobody registered."""
    return "standin-" + hashlib.sha256(client_id.encode()).hexdigest()[:24]
