"""Import API accounts that exist already."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from accounts.actions.account_lines import COLUMNS
from accounts.actions.importing import Imported, import_accounts
from accounts.lifecycle.actor import SYSTEM
from accounts.management.door import OperatorCommand, bars, clock, opened
from accounts.words import say


class Command(OperatorCommand):
    help = f"""Import API accounts that exist already, as active accounts.

The file is CSV in UTF-8 (separated by comma, semicolon or tab) whose first line
names the columns, in any order:
  {",".join(COLUMNS[:6])},
  {",".join(COLUMNS[6:])}
role is seller, broker or seller+broker; days are YYYY-MM-DD. owner_name,
technical_email, system and last_used_on may be empty. An empty last_used_on
means that the last use is unknown, which is not "never used": such an account
counts as active on the day of the import. For an account that is known to have
never been used, write the day of activated_on.

Every bad line is named, and then nothing is imported. It is safe to import a
file twice: accounts that are there with the same values are left as they are."""
    example = """manage.py import_accounts docs/examples/accounts.csv
zcat accounts.csv.gz | manage.py import_accounts -"""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE.csv", help="the file, or - for standard input")

    def handle(self, *args: Any, file: str, **options: Any) -> None:
        now, _today = clock()
        name = "standard input" if file == "-" else Path(file).name
        with opened(file) as stream, bars(file) as progress:
            done = import_accounts(stream, name=name, by=SYSTEM, now=now, progress=progress)
        for line in self._told(done):
            self.stdout.write(line)

    def _told(self, done: Imported) -> list[str]:
        unknown = f", {done.unknown_use:,} of them with unknown last use" if done.unknown_use else ""
        lines = [f"Imported {self.count(done.created, 'account', 'accounts')}{unknown}."]
        if done.already_there:
            lines.append(f"Already there: {self.count(done.already_there, 'account', 'accounts')}.")
        if done.people or done.organisations:
            people = self.count(done.people, "person", "people")
            organisations = self.count(done.organisations, "organisation", "organisations")
            lines.append(f"New: {people} and {organisations}.")
        return lines + [f"Note: {say(note)}" for note in done.notes]
