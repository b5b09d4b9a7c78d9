"""Run the scheduled jobs that are due, without a worker."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from accounts import schedule
from accounts.management.door import OperatorCommand
from accounts.models import JobRun, RunState


class Command(OperatorCommand):
    help = (
        "Run the scheduled jobs that are due now and that nobody ran in their period yet, as the tick of every\n"
        "minute does: deliver messages (each minute), destroy uncollected secrets (daily from 00:30), the inactivity\n"
        "check (06:00), stage reminders and the expiry of returned orders (06:30). Each is done once a period,\n"
        "however often this is called. Exits with 1 when a job failed."
    )
    example = "manage.py run_due"

    def handle(self, *args: Any, **options: Any) -> None:
        ended = schedule.run_due(timezone.now)
        for run in ended:
            self.stdout.write(f"{run.job} ({run.period}): {_outcome(run)}")
        if not ended:
            self.stdout.write("Nothing is due.")
        if failed := [run.job for run in ended if run.state == RunState.FAILED.value]:
            raise CommandError(f"Failed: {', '.join(failed)}. They are tried again after a pause; the log says more.")


def _outcome(run: JobRun) -> str:
    if run.state == RunState.FAILED.value:
        return f"failed. {run.error}"
    return ", ".join(f"{name.replace('_', ' ')} {number}" for name, number in run.counts.items()) or "nothing to do"
