"""The daily inactivity check, run or previewed by hand."""

from __future__ import annotations

import json
import tempfile
from argparse import ArgumentParser
from collections.abc import Iterator
from datetime import date
from typing import IO, Any

from django.core.management.base import CommandError

from accounts.actions import inactivity
from accounts.actions.inactivity import KINDS, Entry
from accounts.lifecycle.actor import SYSTEM
from accounts.lifecycle.explained import points, verdict
from accounts.management.door import OperatorCommand, clock, day
from accounts.models import Account, current_policy
from accounts.models.account import normal_client_id
from accounts.readers.explained import explained
from accounts.words import say


class Command(OperatorCommand):
    help = """Run the inactivity check of today (Europe/Oslo), as the daily job does.

Accounts that were not used for a year are notified; notified ones are reminded,
cleared when they were used after all, suspended when no answer came in time, or
held, with the reason: feed_not_current (usage is not known for long enough),
notice_not_delivered (nobody was asked), mass_suspension (so many at once that a
person must confirm the list). Run again on the same day, it changes nothing more.

--dry-run shows what would be done and changes nothing; --on shows it for another
day. --explain tells of one client id, in each environment, what the next check does
with it and why, with every figure; it changes nothing either. Held accounts are no
error: the exit code is 0."""
    example = """manage.py check_inactivity --dry-run --on 2026-12-24
manage.py check_inactivity --explain 0b7e4c52-9a61-4d0e-8f3b-2c1f6a7d9e10
manage.py check_inactivity --format json"""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="change nothing, only show")
        parser.add_argument("--on", metavar="DAY", type=day, help="the day to show, with --dry-run only")
        parser.add_argument("--format", choices=["table", "json"], default="table", help="table (default) or json")

        parser.add_argument("--explain", metavar="CLIENT_ID", help="why something is, or is not, done with one account")

    def handle(self, *args: Any, dry_run: bool, on: date | None, explain: str | None, **options: Any) -> None:
        if explain is not None:
            self._explain(explain, dry_run or on is not None or options["format"] == "json")
            return
        if on is not None and not dry_run:
            raise CommandError("--on shows another day and needs --dry-run: the check itself is always that of today.")
        now, today = clock()
        entries = inactivity.check(today=on or today, now=now, by=SYSTEM, dry_run=dry_run)
        show = self._json if options["format"] == "json" else self._table
        show(entries, on or today, dry_run)

    def _explain(self, client_id: str, besides: bool) -> None:
        """Tell of each account with this client id; ``besides``: something was asked that does not go with it."""
        if besides:
            raise CommandError("--explain stands alone: it tells of one account as it is today, in words.")
        found = Account.objects.filter(client_id=normal_client_id(client_id)).select_related("environment")
        accounts = list(found.order_by("environment__position"))
        if not accounts:
            raise CommandError(f"There is no account with the client id {client_id}.")
        _now, today = clock()
        for account in accounts:
            told = explained(account, current_policy(), today)
            self.stdout.write(f"{account.client_id}@{account.environment}  {account.state}\n  {say(verdict(told))}")
            for point in points(told, for_staff=True):
                first, *lines = [say(sentence) for sentence in point.said]
                self.stdout.write(f"  {say(point.term):<28}{first}")
                for line in lines:
                    self.stdout.write(f"{'':<30}{line}")

    def _table(self, entries: Iterator[Entry], on: date, dry_run: bool) -> None:
        counts = dict.fromkeys(KINDS, 0)
        for entry in entries:
            counts[entry.kind] += 1
            why = f"{entry.reason}: {say(entry.detail)}" if entry.reason else say(entry.detail)
            account = f"{entry.client_id}@{entry.environment}"
            self.stdout.write(f"{entry.kind:<9}  {account}  last activity {entry.last_activity_on.isoformat()}  {why}")
        told = ", ".join(f"{kind} {number:,}" for kind, number in counts.items())
        would = " (a preview: nothing was changed)" if dry_run else ""
        self.stdout.write(f"{on.isoformat()}: {told}{would}")

    def _json(self, entries: Iterator[Entry], on: date, dry_run: bool) -> None:
        """One object with a list for each kind. The entries wait in files: a long list needs no memory."""
        waiting = {kind: _Waiting() for kind in KINDS}
        for entry in entries:
            waiting[entry.kind].add(_plain(entry))
        self.stdout.write(f'{{"on": "{on.isoformat()}", "dry_run": {json.dumps(dry_run)}', ending="")
        for kind in KINDS:
            self.stdout.write(f',\n "{kind}": [', ending="")
            for text in waiting[kind].all():
                self.stdout.write(text, ending="")
            self.stdout.write("]", ending="")
        self.stdout.write("}")


class _Waiting:
    """Entries of one kind, as JSON with commas between them, in a temporary file."""

    def __init__(self) -> None:
        self._file: IO[str] = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 - gone with this object
        self._comma = ""

    def add(self, entry: dict[str, str]) -> None:
        self._file.write(f"{self._comma}\n  {json.dumps(entry, ensure_ascii=False)}")
        self._comma = ","

    def all(self) -> Iterator[str]:
        self._file.seek(0)
        yield from self._file
        self._file.close()


def _plain(entry: Entry) -> dict[str, str]:
    plain = {
        "client_id": entry.client_id,
        "environment": entry.environment,
        "last_activity_on": entry.last_activity_on.isoformat(),
    }
    if entry.kind == "held":
        plain |= {"reason": entry.reason, "detail": say(entry.detail)}
    return plain
