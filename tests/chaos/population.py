"""Who lives in the portal when the plugs are pulled: accounts of every kind, brought there by the real verbs.

Day 0 is the day of the first check. ``overdue`` accounts were notified 40 days before it, the rest is due on it.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from django.contrib.auth.hashers import make_password

from accounts.actions import brake, engine, inactivity
from accounts.lifecycle.actor import SYSTEM
from accounts.lifecycle.states import Role
from accounts.models import Account, Coverage, Environment, Hold, Message, Notice, Organisation, Person, SuspensionList
from accounts.people import actor_of
from tests import rows
from tests.chaos.clock import OSLO

DAY = timedelta(days=1)
OVERDUE = {"overdue": 24, "overdue keeps": 6, "overdue used": 6, "overdue held": 6, "overdue closes": 6, "braked": 6}
DUE = {
    "silent": 20,
    "keeps": 6,
    "used": 6,
    "held": 6,
    "held before": 4,
    "refused": 4,
    "nobody": 2,
    "stale": 4,
    "fresh": 10,
}
"""How many of each kind there are, in proportion to the others."""

WHERE = {"braked": "TEST", "stale": "STAGING"}  # the others are in PRODUCTION


@dataclass(frozen=True)
class Life:
    """One account of the run, what is in store for it, and whose mails the server refuses."""

    account: UUID
    client_id: str
    kind: str
    owner: Person
    technical_email: str


def settle(number: int, day: date, chance: random.Random) -> list[Life]:
    """Make ``number`` accounts; the first list of suspensions of day 0 is confirmed, but that of TEST."""
    Environment.objects.create(
        name="STAGING", token_url="https://staging.example/token", base_url="https://staging.example"
    )
    for environment in Environment.objects.all():
        through = day - (30 * DAY if environment.name == "STAGING" else DAY)
        Coverage.objects.create(
            environment=environment, source="feed", first_day=day - 800 * DAY, last_day=through, received_at=_at(day)
        )
    rows.person("marte@support.example", Role.SUPPORT)
    rows.person("silje@cegal.example", Role.CEGAL)
    kinds = [kind for kind, share in {**OVERDUE, **DUE}.items() for _ in range(share)]
    wanted = [kinds[place % len(kinds)] for place in range(number)]
    overdue = _arrive([kind for kind in wanted if kind in OVERDUE], day - 60 * DAY, day, chance, first=0)
    _be_notified(day)
    due = _arrive([kind for kind in wanted if kind in DUE], day - DAY, day, chance, first=len(overdue))
    held = [life.account for life in due if life.kind == "held before"]
    for account in Account.objects.filter(pk__in=held):
        Hold.objects.create(
            account=account, until=day + 200 * DAY, reason="A migration.", set_by="Marte", set_at=_at(day)
        )
    return overdue + due


def _arrive(kinds: Sequence[str], on: date, day: date, chance: random.Random, *, first: int) -> list[Life]:
    """Import accounts on a day, as their own owner's; every third has a technical contact."""
    password = make_password(None)
    names = [f"{place:05}" for place in range(first, first + len(kinds))]
    owners = [Person(email=f"owner{name}@kunde.example", name=f"Owner {name}", password=password,
                     language=chance.choice(("en", "nb"))) for name in names]  # fmt: skip
    Person.objects.bulk_create(owners)
    firms = [Organisation(number=f"9{name:0>8}", name=f"Firm {name} AS") for name in names]
    Organisation.objects.bulk_create(firms)  # one each: nobody else's colleague is asked
    environments = {environment.name: environment for environment in Environment.objects.all()}
    accounts = []
    for name, kind, owner, firm in zip(names, kinds, owners, firms, strict=True):
        has_technical = kind in ("refused", "nobody") or int(name) % 3 == 0
        silent = 100 if kind == "fresh" else chance.randint(450, 700)
        accounts.append(Account(
            client_id=f"client-{name}", environment=environments[WHERE.get(kind, "PRODUCTION")], state="active",
            state_since=_at(on), created_at=_at(on), organisation=firm, owner=owner, as_seller=True,
            technical_email=f"technical{name}@kunde.example" if has_technical else "", purpose="Sends surplus valves.",
            activated_on=day - 730 * DAY, last_used_on=day - silent * DAY, stated_through=on,
        ))  # fmt: skip
    for start in range(0, len(accounts), 500):
        engine.begin(accounts[start : start + 500], "import", by=SYSTEM, now=_at(on))
    return [Life(account.pk, account.client_id, kind, account.owner, account.technical_email)
            for account, kind in zip(accounts, kinds, strict=True)]  # fmt: skip


def _be_notified(day: date) -> None:
    """Notices went out 40 days before day 0; the day before it their suspension waits for a person, who confirms."""
    asked, yesterday = day - 40 * DAY, day - DAY
    _run(asked)
    Message.objects.update(state="delivered", delivered_at=_at(asked))
    Notice.objects.update(delivered_on=asked, answer_by=asked + 30 * DAY, reminded_on=asked + 27 * DAY)
    _run(yesterday)
    support = actor_of(Person.objects.get(email="marte@support.example"), today=yesterday)
    brake.confirm_list(SuspensionList.objects.get(environment__name="PRODUCTION"), by=support, now=_at(yesterday))


def _run(day: date) -> None:
    for _entry in inactivity.check(today=day, now=_at(day)):
        pass


def _at(day: date) -> datetime:
    return datetime.combine(day, time(8), OSLO)


def addresses_refused(lives: Iterable[Life]) -> dict[str, str]:
    """What the mail server says to whom."""
    no_such = "550 5.1.1 no such user"
    refused = {life.owner.email: no_such for life in lives if life.kind in ("refused", "nobody")}
    return refused | {life.technical_email: no_such for life in lives if life.kind == "nobody"}
