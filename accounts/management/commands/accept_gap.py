"""Support accepts that usage of some days stays unknown."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from accounts.actions.usage_gaps import accept_gap
from accounts.management.door import OperatorCommand, actor_named, clock, day, environment_named


class Command(OperatorCommand):
    help = """Accept, as Support, that nobody will ever say what was used on some days.

Accounts that were silent over unknown days are held (feed_not_current). An
accepted gap counts as known from then on, with your name and your reason."""
    example = (
        "manage.py accept_gap PRODUCTION 2026-11-03 2026-11-05 --as sunniva@loop.example "
        '--reason "The gateway lost its log"'
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("environment", metavar="ENVIRONMENT")
        parser.add_argument("first_day", metavar="FIRST_DAY", type=day, help="YYYY-MM-DD, included")
        parser.add_argument("last_day", metavar="LAST_DAY", type=day, help="YYYY-MM-DD, included")
        parser.add_argument("--as", dest="email", metavar="EMAIL", required=True, help="who accepts: Support")
        parser.add_argument("--reason", required=True, help="why these days may be taken as known")

    def handle(self, *args: Any, **options: Any) -> None:
        now, _today = clock()
        by = actor_named(options["email"])
        row = accept_gap(
            environment_named(options["environment"]), options["first_day"], options["last_day"],
            by=by, reason=options["reason"], now=now,
        )  # fmt: skip
        days = f"{row.first_day.isoformat()} through {row.last_day.isoformat()}"
        on = timezone.localtime(row.received_at).date().isoformat()
        self.stdout.write(
            f"{row.environment} from {days}: accepted as unknown by {row.accepted_by} on {on}: {row.reason}"
        )
