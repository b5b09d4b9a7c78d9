"""Recompute the chains of the history."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser

from accounts.lifecycle.actor import SYSTEM
from accounts.management.door import OperatorCommand
from accounts.readers import history, references


class Command(OperatorCommand):
    help = """Recompute the history's chains of hashes, and name every place where one is broken.

A chain is whole when its events are numbered without a gap, each carries the
hash of the one before and its own, and the order, account or person stands
where its last event left it. Exit code 1 when something is broken."""
    example = """manage.py verify_history
manage.py verify_history --subject LA-2026-0142"""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--subject", metavar="REFERENCE", help="only this order, account or person")

    def handle(self, *args: Any, subject: str | None, **options: Any) -> None:
        only = references.find_any(subject, by=SYSTEM) if subject else None
        verified = history.Verified()
        broken = 0
        for place in history.verify(verified, only):
            broken += 1
            self.stderr.write(f"Broken: {place}")
        events = self.count(verified.events, "event", "events")
        read = f"{events} in {self.count(verified.chains, 'chain', 'chains')}"
        if broken:
            raise CommandError(f"The history is broken in {self.count(broken, 'place', 'places')}; read {read}.")
        self.stdout.write(f"The history is whole: {read}.")
