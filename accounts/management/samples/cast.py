"""The people of the sample data, and the days on which things happened."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.utils import timezone

from accounts import people
from accounts.actions.people import create_person
from accounts.lifecycle.actor import SYSTEM, Actor
from accounts.lifecycle.states import Role
from accounts.models import Person

SATURDAY = 5


@dataclass(frozen=True)
class Company:
    name: str
    number: str


@dataclass(frozen=True)
class Member:
    """Somebody in the sample data; ``what`` says who they are to whoever signs in as them."""

    email: str
    name: str
    language: str
    what: str
    role: Role | None = None
    company: Company = Company("", "")


NORDSJO = Company("Nordsjø Surplus AS", "912345610")
KVITSOY = Company("Kvitsøy Subsea AS", "934567811")
SKAGERRAK = Company("Skagerrak Brokers AS", "956789028")
POLARLYS = Company("Polarlys Logistikk AS", "967890111")

INGRID = Member("ingrid.solheim@nordsjosurplus.example", "Ingrid Solheim", "nb", "requester of a Seller", None, NORDSJO)
EVEN = Member("even.strand@skagerrakbrokers.example", "Even Strand", "en", "requester of a Broker", None, SKAGERRAK)
KARI = Member("kari.nymoen@kvitsoysubsea.example", "Kari Nymoen", "nb", "requester of a Seller", None, KVITSOY)
AMUND = Member("amund.vik@polarlyslogistikk.example", "Amund Vik", "en", "requester of a Seller", None, POLARLYS)
MARTE = Member("marte.lunde@virtualinventory.example", "Marte Lunde", "nb", "Support", Role.SUPPORT)
JONAS = Member("jonas.eide@virtualinventory.example", "Jonas Eide", "en", "Support", Role.SUPPORT)
HENRIK = Member("henrik.aasen@collabor8.example", "Henrik Aasen", "nb", "Service Responsible", Role.SERVICE_RESPONSIBLE)
SILJE = Member("silje.thorsen@cegal.example", "Silje Thorsen", "nb", "Cegal", Role.CEGAL)
RAGNHILD = Member("ragnhild.moe@virtualinventory.example", "Ragnhild Moe", "en", "administrator", Role.ADMINISTRATOR)

CAST = (INGRID, EVEN, KARI, AMUND, MARTE, JONAS, HENRIK, SILJE, RAGNHILD)


def introduce(now: datetime) -> None:
    """Make everybody known, each with their role; those who are known already stay as they are."""
    for place, member in enumerate(CAST):
        if not Person.objects.filter(email=member.email).exists():
            roles = [member.role] if member.role else []
            at = now - timedelta(days=500) + timedelta(minutes=place)
            create_person(member.email, by=SYSTEM, now=at, roles=roles, name=member.name, language=member.language)


def actor(member: Member) -> Actor:
    """``member`` as actions see them."""
    return people.actor_of(Person.objects.get(email=member.email), today=timezone.localdate())


def moment(today: date, days_ago: int, hour: int) -> datetime:
    """A time in Europe/Oslo some days before ``today``; nobody works on Saturdays and Sundays."""
    day = today - timedelta(days=days_ago)
    day -= timedelta(days=max(0, day.weekday() - SATURDAY + 1))
    return datetime.combine(day, time(hour, 12), tzinfo=timezone.get_default_timezone())
