"""One step of the benchmark in a process of its own: `python -m tests.benchmarks.worker MODULE.FUNCTION ARGUMENT...`

MODULE is one of this package. The database is that of TEST_DATABASE_URL. The last line of the output is the step's
result as JSON.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict
from importlib import import_module
from typing import Any

SETTINGS = "tests.benchmarks.settings"


def migrate() -> None:
    """Make the tables."""
    from django.core.management import call_command
    from django.db import connection

    call_command("migrate", verbosity=0)
    connection.close()  # the file of SQLite is whole now: it is copied


def main(arguments: list[str]) -> None:
    """Run one step; an argument of digits is a number."""
    import django

    os.environ["DJANGO_SETTINGS_MODULE"] = os.environ.get("BENCH_SETTINGS", SETTINGS)
    django.setup()
    name, *said = arguments
    module, function = name.rsplit(".", 1)
    step = getattr(import_module(f"tests.benchmarks.{module}"), function)
    given: list[Any] = [int(one) if one.isdigit() else one for one in said]
    print(json.dumps(step(*given), default=asdict))


if __name__ == "__main__":
    main(sys.argv[1:])
