"""Print the history of an order, an account or a person."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import CommandParser

from accounts.lifecycle.actor import SYSTEM
from accounts.management.door import OperatorCommand
from accounts.readers import history, references


class Command(OperatorCommand):
    help = """Print what happened to an order, an account or a person: who did what, when and why.

REFERENCE is an order's reference, a client id (CLIENT_ID@ENVIRONMENT where it is
in several environments), or a person's email address. Times are in Europe/Oslo."""
    example = """manage.py history LA-2026-0142
manage.py history 5b6d7c1e-0f5f-4c5e-9a53-0f1d2c3b4a59@PRODUCTION --format json"""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("reference", metavar="REFERENCE")
        parser.add_argument("--format", choices=["table", "json"], default="table", help="table (default) or json")

    def handle(self, *args: Any, reference: str, **options: Any) -> None:
        entries = history.chain(references.find_any(reference, by=SYSTEM))
        if options["format"] == "json":
            self.stdout.write(json.dumps(list(entries), indent=2, ensure_ascii=False))
            return
        for entry in entries:
            self._row(entry)

    def _row(self, entry: dict[str, Any]) -> None:
        moved = f"  [{entry['from'] or 'new'} -> {entry['to']}]" if entry["from"] != entry["to"] else ""
        at = entry["at"][:19].replace("T", " ")
        self.stdout.write(f"{entry['seq']:>4}  {at}  {entry['actor']} {entry['sentence']}{moved}")
        if entry["comment"]:
            said = entry["comment"].replace("\n", "\n        ")
            self.stdout.write(f"        “{said}”")
        if entry["data"]:
            self.stdout.write(f"        {json.dumps(entry['data'], ensure_ascii=False, sort_keys=True)}")
        self.stdout.write(f"        {entry['verb']}, {entry['hash'][:16]}")
