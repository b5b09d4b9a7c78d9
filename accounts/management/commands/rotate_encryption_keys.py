"""Seal everything that is stored encrypted anew, under the first key."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from accounts.actions import encryption_keys
from accounts.actions.encryption_keys import Report
from accounts.management.door import OperatorCommand
from accounts.models.encrypted import SealError

WORDS = {
    "credential": "client secrets",
    "feed": "secrets of usage feeds",
    "webhookendpoint": "secrets of webhooks",
    "second factor": "second factors",
}


class Command(OperatorCommand):
    help = """Seal everything that is stored encrypted anew, under the first key of
CREDENTIAL_KEYS, and say which of the other keys can be taken out.

It can be run at any time, also while people work, and again after it was cut
off: each text is changed by itself, and only if nobody changed it since. A
text whose key is missing from CREDENTIAL_KEYS is named and left as it is;
then the exit code is 1."""
    example = """manage.py rotate_encryption_keys --dry-run
manage.py rotate_encryption_keys"""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only say how much each key seals")

    def handle(self, *args: Any, dry_run: bool, **options: Any) -> None:
        keys = settings.CREDENTIAL_KEYS
        try:
            report = encryption_keys.rotate(keys, dry_run=dry_run)
        except SealError as failure:
            raise CommandError(str(failure.sentence)) from failure
        if not dry_run:
            self.stdout.write(f"Sealed anew: {self.count(report.changed, 'text', 'texts')}.")
        self._tell_keys(report)
        for problem in report.problems:
            what = WORDS.get(problem.what, problem.what)
            self.stderr.write(f"Left as it is: {what}, row {problem.row}. {problem.sentence}")
        if report.problems:
            number = self.count(len(report.problems), "text", "texts")
            raise CommandError(f"{number} could not be opened. Put the missing key back into CREDENTIAL_KEYS.")

    def _tell_keys(self, report: Report) -> None:
        keys = list(settings.CREDENTIAL_KEYS)
        for key in [*keys, *sorted({key for key, _what in report.sealed} - set(keys))]:
            held = [f"{number:,} {WORDS.get(what, what)}" for (one, what), number in sorted(report.sealed.items())
                    if one == key]  # fmt: skip
            role = " (encrypts)" if key == keys[0] else "" if key in keys else " (missing)"
            self.stdout.write(f"{key}{role}: {', '.join(held) or 'seals nothing'}.")
        idle = report.idle(settings.CREDENTIAL_KEYS)
        if idle:
            self.stdout.write(f"Can be taken out of CREDENTIAL_KEYS: {', '.join(idle)}.")
