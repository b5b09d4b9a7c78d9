"""Print the lifecycle of orders and accounts from the rows that the portal works by."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from accounts.lifecycle import diagram

FORMATS = {"table": diagram.as_table, "mermaid": diagram.as_mermaid, "json": diagram.as_json}


class Command(BaseCommand):
    help = (
        "Print both lifecycles, of orders and of API accounts, from the rows in accounts/lifecycle. "
        "Example: manage.py lifecycle --format mermaid"
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--format", choices=FORMATS, default="table", help="table (default), mermaid or json")

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(FORMATS[options["format"]]())
