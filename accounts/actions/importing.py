"""Import accounts that exist already: from a CSV file, all or nothing, and safe to run twice.

The file is read once into a temporary table; when all of it is known to be good, it is written in chunks, in one
transaction. Memory does not grow with the file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from typing import Any, BinaryIO

from django.db import IntegrityError, transaction
from django.db.models.functions import Lower
from django.utils import timezone

from accounts.actions import engine, searching
from accounts.actions.account_lines import COLUMNS, AccountLines
from accounts.actions.engine import Change
from accounts.actions.lines import Problems, Progress, Source, silent
from accounts.actions.staging import KEY, TEXT, Staging
from accounts.lifecycle.actor import Actor
from accounts.lifecycle.errors import NotAllowed, NotReady
from accounts.lifecycle.sentence import Sentence as _
from accounts.lifecycle.states import AccountState, Role
from accounts.models import Account, Environment, Organisation, Person

CHUNK = 1000
MOST_NOTES = 20

Row = dict[str, Any]


@dataclass
class Imported:
    """What an import did. ``notes`` tell of names that were kept although the file writes them otherwise."""

    created: int = 0
    already_there: int = 0
    unknown_use: int = 0
    people: int = 0
    organisations: int = 0
    notes: tuple[_, ...] = ()

    def note(self, sentence: _) -> None:
        if len(self.notes) < MOST_NOTES:
            self.notes += (sentence,)


def import_accounts(
    stream: BinaryIO, *, name: str, by: Actor, now: datetime, dry_run: bool = False, progress: Progress = silent
) -> Imported:
    """Create an active account for each line of the CSV file ``stream``, which is called ``name`` in the history.

    An account that exists with the same values is counted as already there. Owners are found by email address
    and organisations by number, or made. A ``last_used_on`` is a statement about every day up to the import; an
    empty one is unknown and is watched from the day of the import (DOMAIN.md, "Known use"). ``dry_run`` does all of
    it and takes it back: what it gives is what a real import would do now.

    Raises BadFile (with the bad lines, an account with other values among them), NotAllowed, or NotReady when
    somebody made one of the accounts meanwhile; then nothing is written.
    """
    if not by.holds(Role.SYSTEM, Role.SUPPORT, Role.ADMINISTRATOR):
        raise NotAllowed(_("Only Support can import accounts."))
    work = _Import(name, by, now, progress)
    with StagedAccounts() as staged:
        work.read(stream, staged)
        try:
            with transaction.atomic():
                work.compare(staged)
                work.problems.raise_if_any()
                work.write(staged)
                transaction.set_rollback(dry_run)
        except IntegrityError as error:
            raise NotReady(_("Somebody made one of these accounts meanwhile. Import the file again.")) from error
    return work.done


class StagedAccounts(Staging):
    """The good lines of a file, by line number."""

    def __init__(self) -> None:
        super().__init__("staged_accounts", {"line": KEY, **dict.fromkeys(COLUMNS, TEXT)})

    def repeated(self) -> Iterator[tuple[int, int, str, str]]:
        """Lines that name the same account as an earlier one: (line, the earlier one, client id, environment)."""
        first = "MIN(line) OVER (PARTITION BY client_id, environment)"
        numbered = f"SELECT line, {first} AS earlier, client_id, environment FROM {self.name}"
        sql = f"SELECT line, earlier, client_id, environment FROM ({numbered}) AS numbered WHERE line <> earlier"
        last = 0
        while rows := self.rows(f"{sql} AND line > %s ORDER BY line LIMIT {CHUNK}", [last]):
            last = rows[-1][0]
            yield from rows

    def remove(self, lines: list[int]) -> None:
        """Take out ``lines``."""
        if lines:
            self.execute(f"DELETE FROM {self.name} WHERE line IN ({', '.join(['%s'] * len(lines))})", lines)

    def size(self) -> int:
        """The number of lines in it."""
        return int(self.rows(f"SELECT COUNT(*) FROM {self.name}")[0][0])


class _Import:
    """One import while it runs."""

    def __init__(self, name: str, by: Actor, now: datetime, progress: Progress) -> None:
        self.name, self.by, self.now, self.progress = name, by, now, progress
        self.today = timezone.localdate(now)
        self.environments = {environment.name: environment for environment in Environment.objects.all()}
        self.problems = Problems()
        self.done = Imported()

    def read(self, stream: BinaryIO, staged: StagedAccounts) -> None:
        """Put the good lines into ``staged``; name the others, and those that are there twice."""
        lines = AccountLines(self.environments, self.today, self.problems)
        good = lines.read(Source(stream, self.progress))
        while chunk := list(islice(good, CHUNK)):
            staged.add((number, *(values[column] for column in COLUMNS)) for number, values in chunk)
        staged.settle()
        for line, earlier, client, environment in staged.repeated():
            said = _("%(client)s in %(environment)s stands in line %(earlier)s already.",
                     client=client, environment=environment, earlier=earlier)  # fmt: skip
            self.problems.add(line, "client_id", said)

    def compare(self, staged: StagedAccounts) -> None:
        """Take out the accounts that are already there; name the values in which they differ."""
        for chunk in staged.by_key("line", CHUNK):
            rows = Account.objects.filter(client_id__in=[row["client_id"] for row in chunk])
            known = {
                (a.client_id, a.environment.name): a
                for a in rows.select_related("environment", "organisation", "owner")
            }
            there = [row for row in chunk if (row["client_id"], row["environment"]) in known]
            for row in there:
                self._compare(row, known[row["client_id"], row["environment"]])
            staged.remove([row["line"] for row in there])
            self.done.already_there += len(there)

    def write(self, staged: StagedAccounts) -> None:
        """Create what is left in ``staged``."""
        total = staged.size()
        for chunk in staged.by_key("line", CHUNK):
            organisations, owners = self._organisations(chunk), self._owners(chunk)
            made = [self._account(r, organisations[r["organisation_number"]], owners[r["owner_email"]]) for r in chunk]
            self._begin(made, "import", [row["line"] for row in chunk])
            self.done.created += len(made)
            self.done.unknown_use += sum(account.last_use_is_unknown for account in made)
            self.progress("write", len(made), total)

    def _compare(self, row: Row, account: Account) -> None:
        for column, have in _values(account).items():
            if have != row[column]:
                said = _("This account exists already, with “%(have)s”; the file says “%(says)s”.",
                         have=have[:200], says=row[column][:200])  # fmt: skip
                self.problems.add(row["line"], column, said)
        have = account.last_used_on.isoformat() if account.last_used_on else ""
        if row["last_used_on"] > have:
            said = _("This account exists already, last used on “%(have)s”; the file says %(says)s. "
                     "Hand in newer use as usage.", have=have, says=row["last_used_on"])  # fmt: skip
            self.problems.add(row["line"], "last_used_on", said)

    def _organisations(self, chunk: list[Row]) -> dict[str, Organisation]:
        """The organisations of ``chunk`` by number; the first name that is seen is kept."""
        wanted = _first_of(chunk, "organisation_number")
        found = {o.number: o for o in Organisation.objects.filter(number__in=list(wanted))}
        new = [Organisation(number=n, name=row["organisation"]) for n, row in wanted.items() if n not in found]
        Organisation.objects.bulk_create(new)
        self.done.organisations += len(new)
        found |= {organisation.number: organisation for organisation in new}
        for row in chunk:
            self._note(row, "organisation", found[row["organisation_number"]].name)
        return found

    def _owners(self, chunk: list[Row]) -> dict[str, Person]:
        """The owners of ``chunk`` by email address in lower case; an empty name is filled."""
        wanted = _first_of(sorted(chunk, key=lambda row: not row["owner_name"]), "owner_email")
        people = Person.objects.annotate(address=Lower("email")).filter(address__in=list(wanted))
        found: dict[str, Person] = {person.email.lower(): person for person in people}
        new = [email for email in wanted if email not in found]
        made = [_person(email, wanted[email]["owner_name"], self.now) for email in new]
        self._begin(made, "create", [wanted[email]["line"] for email in new])
        self.done.people += len(made)
        found |= dict(zip(new, made, strict=True))
        for row in chunk:
            owner = found[row["owner_email"]]
            if row["owner_name"] and not owner.name:
                change = Change(columns={"name": row["owner_name"]})
                engine.note(owner, "set_name", by=self.by, now=self.now, change=change)
                searching.index_of_person(owner.pk)
            self._note(row, "owner_name", owner.name)
        return found

    def _note(self, row: Row, column: str, kept: str) -> None:
        if row[column] and row[column] != kept:
            said = _("Line %(line)s, %(column)s: “%(kept)s” is kept; the file says “%(says)s”.",
                     line=row["line"], column=column, kept=kept, says=row[column])  # fmt: skip
            self.done.note(said)

    def _begin(self, subjects: list[Any], verb: str, lines: list[int]) -> None:
        """Insert ``subjects`` with the first event of each: which file and which line it comes from."""
        line_of = {subject.pk: line for subject, line in zip(subjects, lines, strict=True)}
        change = Change(data=lambda subject: {"file": self.name, "line": line_of[subject.pk]})
        if subjects:
            engine.begin(subjects, verb, by=self.by, now=self.now, change=change)

    def _account(self, row: Row, organisation: Organisation, owner: Person) -> Account:
        used = date.fromisoformat(row["last_used_on"]) if row["last_used_on"] else None
        return Account(
            client_id=row["client_id"], environment=self.environments[row["environment"]],
            state=AccountState.ACTIVE.value, state_since=self.now, created_at=self.now,
            organisation=organisation, owner=owner, technical_email=row["technical_email"],
            as_seller="seller" in row["role"], as_broker="broker" in row["role"],
            system=row["system"], purpose=row["purpose"], activated_on=date.fromisoformat(row["activated_on"]),
            last_used_on=used, stated_through=self.today if used else None, watched_from=None if used else self.today,
        )  # fmt: skip


def _values(account: Account) -> dict[str, str]:
    """An account's values as the columns of a file say them; names are compared by number and address alone."""
    roles = (("seller", account.as_seller), ("broker", account.as_broker))
    return {
        "organisation_number": account.organisation.number,
        "owner_email": account.owner.email.lower(),
        "technical_email": account.technical_email,
        "role": "+".join(role for role, held in roles if held),
        "system": account.system,
        "purpose": account.purpose,
        "activated_on": account.activated_on.isoformat() if account.activated_on else "",
    }


def _first_of(rows: Iterable[Row], column: str) -> dict[str, Row]:
    first: dict[str, Row] = {}
    for row in rows:
        first.setdefault(row[column], row)
    return first


def _person(email: str, name: str, now: datetime) -> Person:
    person = Person(email=email, name=name, created_at=now)
    person.set_unusable_password()
    return person
