"""Write docs/examples: 200 accounts of three years, and four weeks of the gateway's log of PRODUCTION.

`python scripts/examples.py [FOLDER]`. The same seed gives the same files; tests/test_examples.py compares. Nothing
in them is real: the companies and people are made up, the addresses end in .example. See docs/examples/README.md
for what is in there on purpose.
"""

from __future__ import annotations

import csv
import json
import random
import sys
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID

TODAY = date(2026, 11, 23)
LOG_DAYS = [date(2026, 10, 26) + timedelta(days=number) for number in range(28)]
SEED = 20261123
COLUMNS = (
    "client_id", "environment", "organisation", "organisation_number", "owner_name", "owner_email", "technical_email",
    "role", "system", "purpose", "activated_on", "last_used_on",
)  # fmt: skip

PLACES = (
    "Åsgard", "Ørland", "Ærfugl", "Bømlo", "Karmøy", "Kvitsøy", "Brattholm", "Tyholmen", "Skagerrak", "Polarlys",
    "Rogaland", "Vestkant", "Nordsjø", "Snøhvit", "Halten", "Frøya", "Sørvær", "Lofoten", "Hådyret", "Stjørdal",
)  # fmt: skip
TRADES = (
    "Brønnservice", "Subsea", "Riggservice", "Ventil", "Surplus", "Offshore", "Rør & Flens", "Lagerhotell", "Marine",
    "Elektro", "Energi", "Meglerhus", "Brokers", "Løfteutstyr", "Gjenbruk",
)  # fmt: skip
FORMS = ("AS", "AS", "AS", "ASA", "Drift AS")
FIRST = (
    "Ingrid", "Torbjørn", "Åse", "Bjørg", "Kåre", "Øystein", "Solveig", "Håkon", "Ragnhild", "Sindre", "Maren", "Pål",
    "Gro", "Eirik", "Siri", "Jørgen", "Astrid", "Mohammed", "Agnieszka", "Trygve",
)  # fmt: skip
LAST = (
    "Solheim", "Hagen", "Ødegård", "Bø", "Nymoen", "Strand", "Vik", "Rasmussen", "Lærum", "Sæther", "Aas", "Dahl",
    "Kristoffersen", "Moen", "Haugen", "Berg", "Ali", "Kowalska", "Fjeld", "Åsen",
)  # fmt: skip
SYSTEMS = ("SAP", "IBM Maximo", "IFS Cloud", "Microsoft Dynamics 365", "Eget lagersystem", "Power BI", "Oracle ERP")
SELLER_PURPOSES = (
    "Sender overskuddsmateriell fra {system} til Loop hver natt, prosjekt {project}.",
    "We send surplus valves and pumps from {system} to Loop every night, for project {project}.",
    "Registrerer rør, flenser og ventiler fra riggene i Loop. Kundereferanse {project}.",
    "Imports items and documentation from {system} once a week for customer reference {project}.",
)
BROKER_PURPOSES = (
    "Henter salgsdata fra Loop hver time til {system} og oppdaterer status på salg. Prosjekt {project}.",
    "We read sales from Loop into {system} and update their status when a deal is closed. Reference {project}.",
    "Viser utstyr til salgs på kundeportalen, hentet fra Loop hver morgen ({project}).",
)
PROJECTS = ("Ekko", "Gjøa", "Tyr", "Brage", "Munin", "Sølv", "Ormen", "Njord", "Vale", "Åsta")


@dataclass(frozen=True)
class Company:
    name: str
    number: str
    people: tuple[tuple[str, str], ...]  # (name, email address)
    technical: str


@dataclass(frozen=True)
class Kind:
    """So many accounts of one kind: when last used, in days before TODAY (None: unknown), and in the log or not."""

    number: int
    environment: str
    used_days_ago: tuple[int, int] | None
    in_log: bool = False
    never_used: bool = False


KINDS = (
    Kind(6, "PRODUCTION", (385, 760)),  # silent for more than a year: a notice is due
    Kind(3, "PRODUCTION", (400, 700), never_used=True),  # activated long ago and never used: a notice is due, too
    Kind(6, "PRODUCTION", (380, 700), in_log=True),  # silent by the file, but the log knows better
    Kind(5, "PRODUCTION", None, in_log=True),  # unknown last use, until the log tells
    Kind(7, "PRODUCTION", None),  # unknown last use that stays unknown
    Kind(6, "PRODUCTION", (270, 345)),  # due within three months
    Kind(4, "PRODUCTION", (30, 100), never_used=True),  # new and not used yet
    Kind(42, "PRODUCTION", (29, 200)),
    Kind(71, "PRODUCTION", (1, 60), in_log=True),
    Kind(5, "TEST", (385, 700)),  # silent, but no usage of TEST was ever received: held
    Kind(3, "TEST", (20, 300), never_used=True),
    Kind(4, "TEST", None),
    Kind(38, "TEST", (1, 250)),
)


def main(folder: Path) -> None:
    """Write both files into ``folder``."""
    chance = random.Random(SEED)  # noqa: S311 - sample data, no secret
    companies = [_company(chance, number) for number in range(60)]
    rows, in_log = [], []
    for kind in KINDS:
        for _number in range(kind.number):
            rows.append(_account(chance, kind, chance.choice(companies)))
            if kind.in_log:
                in_log.append(rows[-1]["client_id"])
    rows.sort(key=lambda row: (row["activated_on"], row["client_id"]))
    with (folder / "accounts.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    with (folder / "usage.ndjson").open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(call) + "\n" for call in sorted(_calls(chance, in_log), key=_at))


def _company(chance: random.Random, number: int) -> Company:
    name = f"{PLACES[number % len(PLACES)]} {chance.choice(TRADES)} {chance.choice(FORMS)}"
    domain = f"{_ascii(name).replace(' ', '')}.example"
    people = {f"{chance.choice(FIRST)} {chance.choice(LAST)}" for _number in range(chance.randint(1, 4))}
    addresses = tuple((person, f"{_ascii(person).replace(' ', '.')}@{domain}") for person in sorted(people))
    return Company(name, _organisation_number(chance), addresses, f"it-drift@{domain}")


def _account(chance: random.Random, kind: Kind, company: Company) -> dict[str, str]:
    owner_name, owner_email = chance.choice(company.people)
    role = chance.choices(("seller", "broker", "seller+broker"), (6, 3, 2))[0]
    system = chance.choice(SYSTEMS)
    purposes = BROKER_PURPOSES if role == "broker" else SELLER_PURPOSES
    project = f"{chance.choice(PROJECTS)} (P-{chance.randint(1000, 9999)})"
    activated, used = _days(chance, kind)
    return {
        "client_id": str(UUID(int=chance.getrandbits(128), version=4)),
        "environment": kind.environment,
        "organisation": company.name,
        "organisation_number": company.number,
        "owner_name": owner_name,
        "owner_email": owner_email,
        "technical_email": company.technical if chance.random() < 0.8 else "",
        "role": role,
        "system": system,
        "purpose": chance.choice(purposes).format(system=system, project=project),
        "activated_on": activated.isoformat(),
        "last_used_on": used.isoformat() if used else "",
    }


def _days(chance: random.Random, kind: Kind) -> tuple[date, date | None]:
    """Activated on, last used on. What was never used was last used on the day of its activation."""
    if kind.used_days_ago is None:
        return TODAY - timedelta(days=chance.randint(200, 1090)), None
    used = TODAY - timedelta(days=chance.randint(*kind.used_days_ago))
    if kind.never_used:
        return used, used
    most = (used - (TODAY - timedelta(days=1094))).days
    return used - timedelta(days=chance.randint(min(20, most), most)), used


def _at(call: dict[str, object]) -> str:
    return str(call["timestamp"])


def _calls(chance: random.Random, clients: list[str]) -> Iterator[dict[str, object]]:
    """The gateway's log: working hours on working days, a few calls that failed, two clients that nobody knows."""
    strangers = [str(UUID(int=chance.getrandbits(128), version=4)) for _number in range(2)]
    for client in [*clients, *strangers]:
        days = chance.sample(LOG_DAYS, chance.randint(2, 14))
        for day in days if client not in strangers else days[:2]:
            for _number in range(1 if day.weekday() > 4 else chance.randint(1, 5)):
                moment = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(
                    seconds=chance.randint(5 * 3600, 17 * 3600), milliseconds=chance.randint(0, 999)
                )
                path = chance.choice(("token", "sales", "sales", "items"))
                yield {
                    "timestamp": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
                    "client_id": client,
                    "method": "POST" if path != "sales" else "GET",
                    "path": f"/loop-m2m/loop-api/v1/{path}",
                    "status": chance.choices((201 if path == "token" else 200, 401, 429, 500), (96, 2, 1, 1))[0],
                }


def _organisation_number(chance: random.Random) -> str:
    """Nine digits that begin with 9, the last of which checks the others (weights 3 2 7 6 5 4 3 2, modulo 11)."""
    while True:
        digits = f"9{chance.randint(0, 9_999_999):07}"
        check = -sum(int(digit) * weight for digit, weight in zip(digits, (3, 2, 7, 6, 5, 4, 3, 2), strict=True)) % 11
        if check < 10:
            return f"{digits}{check}"


def _ascii(text: str) -> str:
    plain = text.lower().replace("æ", "ae").replace("ø", "o").replace("&", "og")
    return unicodedata.normalize("NFD", plain).encode("ascii", "ignore").decode()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent / "docs" / "examples")
