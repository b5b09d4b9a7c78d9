"""Sample accounts with a year behind them: imported, used, silent, notified, answered, suspended."""

from __future__ import annotations

import csv
import io
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from django.utils import timezone

from accounts import delivery, verbs
from accounts.actions import inactivity, ordering, provider
from accounts.actions.account_lines import COLUMNS
from accounts.actions.importing import import_accounts
from accounts.actions.usage import take_in
from accounts.lifecycle.actor import SYSTEM
from accounts.lifecycle.calendar import add_years
from accounts.management.samples.cast import AMUND, EVEN, INGRID, KARI, MARTE, SILJE, Member, actor, moment
from accounts.models import Account, Environment, Task

IMPORTED = 430  # days ago
IMPORTED_LATER = 40  # days ago: the accounts whose last use is unknown
CHECKED_FROM = 120  # days ago: the first check
CHECKED_EVERY = 5  # days
_CLIENTS = uuid.UUID("6f1c7d0a-4d0e-5b1e-9a52-000000000001")


@dataclass(frozen=True)
class SampleAccount:
    """An account, how often it was used, and since when it is silent.

    ``due`` is how many days ago it began to count as inactive (negative: in so many days); ``every`` is the
    number of days between two days of use before that; ``until``: the last day of use, days ago, whatever the
    reason; ``unknown``: the file, which came later than the others', did not say when it was last used.
    """

    name: str
    environment: str
    owner: Member
    system: str
    every: int = 7
    due: int | None = None
    used_again: int | None = None
    until: int | None = None
    unknown: bool = False

    @property
    def client_id(self) -> str:
        return str(uuid.uuid5(_CLIENTS, self.name))


@dataclass(frozen=True)
class Deed:
    """What somebody did about an account some days ago; ``confirm`` is Cegal's word that the task is done."""

    days_ago: int
    account: str
    who: Member
    verb: str
    data: dict[str, str] = field(default_factory=dict)


ACCOUNTS = (
    SampleAccount("busy", "PRODUCTION", KARI, "SAP", every=1),
    SampleAccount("broker", "PRODUCTION", EVEN, "Power BI", every=2),
    SampleAccount("soon", "PRODUCTION", AMUND, "IFS Cloud", every=20, due=-25),
    SampleAccount("waiting", "PRODUCTION", KARI, "IBM Maximo", every=9, due=20),
    SampleAccount("unanswered", "PRODUCTION", EVEN, "Excel", every=30, due=31),
    SampleAccount("kept", "PRODUCTION", INGRID, "Oracle ERP", every=14, due=60),
    SampleAccount("used", "PRODUCTION", AMUND, "Microsoft Dynamics 365", every=10, due=45, used_again=38),
    SampleAccount("silent", "PRODUCTION", KARI, "Eget lagersystem", due=120),
    SampleAccount("leaked", "PRODUCTION", AMUND, "SAP", every=3, until=30),
    SampleAccount("closed", "PRODUCTION", EVEN, "Oracle ERP", every=12, until=40),
    SampleAccount("unknown", "PRODUCTION", INGRID, "Power BI", unknown=True),
    SampleAccount("trial", "TEST", KARI, "SAP", every=4),
    SampleAccount("forgotten", "TEST", EVEN, "Power BI", due=10),
    SampleAccount("test-unknown", "TEST", AMUND, "IFS Cloud", unknown=True),
)

PURPOSES = (
    ("seller", "Vi sender overskuddsmateriell fra lageret på Kårstø til Loop hver natt, prosjekt Brage (P-7781)."),
    ("broker", "We read sales every hour and update their status when a deal is closed. Reference SB-2025-12."),
    ("seller", "Imports pumps and valves with their certificates once a week, for customer reference PL-88."),
    ("seller+broker", "Selger ventiler fra egne rigger og formidler for partnerne i lisensen, prosjekt Gjøa (P-2210)."),
)

DEEDS = (
    Deed(85, "silent", SILJE, "confirm"),
    Deed(55, "kept", INGRID, "keep", {"comment": "Vi bruker den hver vinter, under revisjonsstansene på Brage."}),
    Deed(30, "leaked", MARTE, "suspend", {"comment": "The secret was found in a public repository."}),
    Deed(29, "leaked", SILJE, "confirm"),
    Deed(15, "closed", EVEN, "close", {"comment": "Replaced by the account of our customer portal."}),
)
REACTIVATED = ("silent", KARI)  # the account and its owner


def create_accounts(today: date, now: datetime) -> int:
    """Play the last [430] days of the sample accounts; give their number, 0 when they are there already."""
    if Account.objects.filter(client_id__in=[account.client_id for account in ACCOUNTS]).exists():
        return 0
    _import(today, IMPORTED, [account for account in ACCOUNTS if not account.unknown])
    known = IMPORTED
    days = set(range(CHECKED_FROM, 0, -CHECKED_EVERY)) | {deed.days_ago for deed in DEEDS}
    days.add(IMPORTED_LATER)
    days |= {account.due for account in ACCOUNTS if account.due is not None and account.due > 0}
    for days_ago in sorted(days, reverse=True):
        _one_day(today, days_ago, known)
        known = days_ago
    _take_in(today, known, 0, now)
    _ask_for_reactivation(now)
    return len(ACCOUNTS)


def _one_day(today: date, days_ago: int, known: int) -> None:
    """Usage up to the day before, the check, what people did, the mails: in the order of a real day."""
    day = today - timedelta(days=days_ago)
    at = datetime.combine(day, time(9, 12), tzinfo=timezone.get_default_timezone())
    _take_in(today, known, days_ago, at)
    if days_ago == IMPORTED_LATER:
        _import(today, days_ago, [account for account in ACCOUNTS if account.unknown])
    for _entry in inactivity.check(today=day, now=at, by=SYSTEM):
        pass
    delivery.deliver_due(at + timedelta(minutes=5))
    for deed in DEEDS:
        if deed.days_ago == days_ago:
            _do(deed, at + timedelta(hours=3))
    delivery.deliver_due(at + timedelta(hours=4))


def _do(deed: Deed, at: datetime) -> None:
    account = _account(deed.account)
    if deed.verb == "confirm":
        for task in Task.objects.filter(account=account, done_at=None):
            provider.confirm(task, by=actor(deed.who), now=at)
    else:
        verbs.perform(account, deed.verb, by=actor(deed.who), now=at, data=deed.data)


def _ask_for_reactivation(at: datetime) -> None:
    """The owner of the account that was suspended longest wants it back."""
    by, account = actor(REACTIVATED[1]), _account(REACTIVATED[0])
    order = ordering.start_reactivation(account, by=by, now=at)
    technical = {"technical_name": "Oda Rasmussen", "technical_email": "oda.rasmussen@kvitsoysubsea.example"}
    ordering.save_answers(order, technical, by=by, now=at)
    verbs.perform(order, "submit", by=by, now=at, data={})


def _account(name: str) -> Account:
    return Account.objects.get(client_id=next(account.client_id for account in ACCOUNTS if account.name == name))


def _take_in(today: date, after: int, before: int, now: datetime) -> None:
    """The usage of the days between ``after`` and ``before`` days ago, both left out, of both environments."""
    through = today - timedelta(days=before + 1)
    for environment in Environment.objects.filter(name__in=["TEST", "PRODUCTION"]):
        lines = [f"{client},{day.isoformat()},{calls}" for client, day, calls in _usage(environment.name, today)
                 if today - timedelta(days=after) <= day <= through]  # fmt: skip
        text = "\n".join(["client_id,day,calls", *lines])
        take_in(
            io.BytesIO(text.encode()), environment=environment, by=SYSTEM, now=now, source="sample data",
            covers_from=today - timedelta(days=after), covers_through=through,
        )  # fmt: skip


def _usage(environment: str, today: date) -> Iterator[tuple[str, date, int]]:
    for account in ACCOUNTS:
        if account.environment != environment or account.unknown:
            continue
        until = _last_use(account, today)
        for days_ago in range(IMPORTED, 0, -account.every):
            day = today - timedelta(days=days_ago)
            if day <= until:
                yield account.client_id, day, 3 + (days_ago * 37) % 90
        if account.used_again is not None:
            yield account.client_id, today - timedelta(days=account.used_again), 12


def _last_use(account: SampleAccount, today: date) -> date:
    """The last day of use; for an account that became due a calendar year and a day before that."""
    if account.due is None:
        return today - timedelta(days=account.until or 1)
    return add_years(today - timedelta(days=account.due), -1) - timedelta(days=1)


def _import(today: date, days_ago: int, accounts: list[SampleAccount]) -> None:
    file = io.BytesIO(_file(today, days_ago, accounts))
    import_accounts(file, name="sample data", by=SYSTEM, now=moment(today, days_ago, 9))


def _file(today: date, days_ago: int, accounts: list[SampleAccount]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, COLUMNS)
    writer.writeheader()
    imported = today - timedelta(days=days_ago)
    for place, account in enumerate(accounts):
        used = min(_last_use(account, today), imported - timedelta(days=1))
        role, purpose = PURPOSES[place % len(PURPOSES)]
        writer.writerow({
            "client_id": account.client_id, "environment": account.environment,
            "organisation": account.owner.company.name, "organisation_number": account.owner.company.number,
            "owner_name": account.owner.name, "owner_email": account.owner.email,
            "technical_email": f"it@{account.owner.email.split('@')[1]}", "role": role, "system": account.system,
            "purpose": purpose, "activated_on": (imported - timedelta(days=60 + 17 * place)).isoformat(),
            "last_used_on": "" if account.unknown else used.isoformat(),
        })  # fmt: skip
    return text.getvalue().encode()
