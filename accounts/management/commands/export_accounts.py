"""Print every account."""

from __future__ import annotations

import csv
import json
from typing import Any

from django.core.management.base import CommandParser

from accounts.management.door import OperatorCommand
from accounts.readers import export


class Command(OperatorCommand):
    help = f"""Print every account with its latest notice, to standard output.

Columns: {", ".join(export.COLUMNS[:5])},
{", ".join(export.COLUMNS[5:])}, and the notice
({", ".join(export.NOTICE_COLUMNS)}): in JSON nested or null, in CSV
as columns notice_... at the end. In CSV a cell that a spreadsheet would take for
a formula begins with an apostrophe."""
    example = """manage.py export_accounts --format csv > accounts.csv
manage.py export_accounts --format json"""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--format", choices=["csv", "json"], required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        if options["format"] == "csv":
            writer = csv.writer(self.stdout, lineterminator="\n")
            writer.writerow(export.head())
            writer.writerows(export.cells(entry) for entry in export.accounts())
            return
        before = "["
        for entry in export.accounts():
            self.stdout.write(f"{before}\n  {json.dumps(entry, ensure_ascii=False)}", ending="")
            before = ","
        self.stdout.write("[]" if before == "[" else "\n]")
