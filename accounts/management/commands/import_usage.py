"""Take in usage of the Loop API."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.utils import timezone

from accounts.actions.usage import Taken, take_in
from accounts.actions.usage_days import Stretch
from accounts.actions.usage_lines import UsageFormat
from accounts.lifecycle.actor import SYSTEM
from accounts.management.door import OperatorCommand, bars, clock, day, environment_named, opened
from accounts.words import say

ENDINGS = {".csv": UsageFormat.CSV, ".ndjson": UsageFormat.NDJSON, ".jsonl": UsageFormat.NDJSON}


class Command(OperatorCommand):
    help = """Take in usage of one environment: which client called on which day.

FILE is either CSV with the columns client_id,day,calls or the gateway's log, a
JSON object a line (.ndjson, .jsonl) with timestamp (ISO 8601 with a time zone)
and client_id or azp; only calls with an HTTP status of 200 to 299, or 304, are
use. The file may be empty: a quiet feed is also news.

--covers-through says up to which day (Europe/Oslo) the file is complete. Nobody
is notified or suspended on days that no file covers. --covers-from says from
which day on. Without it a file covers from its earliest day that was not covered
yet, or from the day after the last 32 days or more on which nobody called, and an
empty file its last day alone. Days outside are counted as well.

Every bad line is named, and then nothing is taken in. Unknown clients are named
and skipped. The same file twice changes no count."""
    example = """manage.py import_usage usage.ndjson --environment PRODUCTION \\
    --covers-from 2026-11-22 --covers-through 2026-11-22
zcat log.gz | manage.py import_usage - --environment TEST --covers-through 2026-11-22"""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE", help="the file, or - for standard input")
        parser.add_argument("--environment", metavar="NAME", required=True, help="the environment that it is about")
        parser.add_argument("--covers-through", metavar="DAY", type=day, required=True, help="its last complete day")
        parser.add_argument("--covers-from", metavar="DAY", type=day, help="its first complete day")
        parser.add_argument(
            "--format",
            choices=[form.value for form in UsageFormat],
            help="by default as the file's name or first line says",
        )

    def handle(self, *args: Any, file: str, **options: Any) -> None:
        now, _today = clock()
        environment = environment_named(options["environment"])
        form = UsageFormat(options["format"]) if options["format"] else _by_name(file)
        with opened(file) as stream, bars(file) as progress:
            taken = take_in(
                stream, environment=environment, covers_through=options["covers_through"],
                covers_from=options["covers_from"], form=form, by=SYSTEM, now=now, progress=progress,
            )  # fmt: skip
        for line in self._told(taken, environment.name):
            self.stdout.write(line)

    def _told(self, taken: Taken, environment: str) -> Iterator[str]:
        merged = taken.merged
        if taken.taken_before is not None:
            at = timezone.localtime(taken.taken_before)
            yield f"This file was taken in on {at:%Y-%m-%d at %H:%M}: its lines are skipped."
        if taken.taken_before is None or merged.accounts:
            calls = self.count(merged.calls, "call", "calls")
            accounts = self.count(merged.accounts, "account", "accounts")
            failed = f", {self.count(taken.failed, 'failed call', 'failed calls')} left out" if taken.failed else ""
            yield f"{self.count(taken.lines, 'line', 'lines')}: {calls} of {accounts} counted{failed}."
            yield f"Last use moved forward: {self.count(merged.moved_on, 'account', 'accounts')}."
        yield from self._covered(taken, environment)
        if merged.unknown:
            yield self._named(
                f"Unknown in {environment}, skipped: {self.count(merged.unknown, 'client', 'clients')}",
                merged.unknown, [*merged.unknown_names],
            )  # fmt: skip
        if merged.after_the_end:
            named = [f"{client} (on {last.isoformat()})" for client, last in merged.after_the_end[:20]]
            number = len(merged.after_the_end)
            yield self._named(
                f"Used after it was suspended or closed: {self.count(number, 'account', 'accounts')}", number, named
            )
        if taken.suspended_in_use:
            number_of = self.count(taken.suspended_in_use, "account", "accounts")
            yield f"Warning: suspended although it was in use: {number_of}. Support has a task for each."

    def _covered(self, taken: Taken, environment: str) -> Iterator[str]:
        if taken.covered is None and taken.covered_through is not None:
            yield f"{environment} was covered through {taken.covered_through.isoformat()} before; that stays as it is."
        elif taken.covered is not None:
            yield f"{environment} is covered {_days(taken.covered)}."
        if taken.gap is not None:
            number = (taken.gap[1] - taken.gap[0] + timedelta(days=1)).days
            yield (
                f"Warning: {self.count(number, 'day', 'days')} {_days(taken.gap)} stay unknown. Take in the file that "
                "covers them, or let Support accept the gap (accept_gap): until then nobody is suspended over them."
            )
        yield from (say(note) for note in taken.notes)

    def _named(self, words: str, number: int, names: list[str]) -> str:
        more = f" and {number - len(names):,} more" if number > len(names) else ""
        return f"{words}: {', '.join(names)}{more}"


def _by_name(file: str) -> UsageFormat | None:
    return next((form for ending, form in ENDINGS.items() if file.lower().endswith(ending)), None)


def _days(stretch: Stretch) -> str:
    first, last = stretch
    return f"on {first.isoformat()}" if first == last else f"from {first.isoformat()} through {last.isoformat()}"
