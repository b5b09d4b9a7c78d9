"""Take in a delivery report: a mail of the portal came back."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from accounts.actions import bounces
from accounts.actions.bounces import Taken
from accounts.gateways.mailbox import LARGEST
from accounts.gateways.reports import NoReport, read_report
from accounts.management.door import OperatorCommand, clock, opened

NOT_OURS = 2
"""The exit code for a report that fits no mail of the portal: forged, or somebody else's."""


class Command(OperatorCommand):
    help = """Take in one mail that says that a mail of the portal came back (RFC 3464).

The address is marked: nobody is asked there until mail arrives again or Support
says so. An open inactivity notice goes to its next contact. Every other mail (an
automatic answer, a delay, a read receipt) changes nothing, and neither does the
same report again.

The exit code is 0 when it was taken in, was known or is no report of a failure, 1
when it cannot be read, and 2 when it fits no mail that the portal sent."""
    example = """manage.py receive_bounce report.eml
/etc/aliases: bounces: "|/usr/local/bin/portal receive_bounce -\""""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "file", metavar="FILE", nargs="?", default="-", help="a mail; - (default) reads it from standard input"
        )

    def handle(self, *args: Any, file: str, **options: Any) -> None:
        now, _today = clock()
        with opened(file) as mail:
            content = mail.read(LARGEST)
        if not content.strip():
            raise CommandError("There is no mail to read: it is empty.")
        try:
            report = read_report(content, urlsplit(settings.PORTAL_URL).hostname or "")
        except NoReport as reason:
            self.stdout.write(f"{reason} Nothing was changed.")
            return
        taken = bounces.take_in(report, now=now)
        if taken is Taken.UNKNOWN:
            raise CommandError(
                "This report fits no mail that the portal sent. Nothing was changed.", returncode=NOT_OURS
            )
        said = "Taken in" if taken is Taken.RECORDED else "Known already, nothing was changed"
        self.stdout.write(f"{said}: mail to {', '.join(sorted(report.recipients))} came back ({report.status}).")
