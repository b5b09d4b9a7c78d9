"""Deliver the emails that are due, without a worker."""

from __future__ import annotations

import signal
import threading
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from accounts import delivery
from accounts.actions import bounces
from accounts.management.door import STOPPED, OperatorCommand
from accounts.models import Message, MessageState

LOOK_EVERY = 5.0  # seconds


class Command(OperatorCommand):
    help = (
        "Deliver the emails that are due now, and print how many were delivered, postponed (the mail server was\n"
        "away or asked to wait; they are tried again by themselves for a day) and given up (refused; see Messages\n"
        "in the portal). Safe beside running workers: each mail goes out once. The mail server is the one in\n"
        "EMAIL_URL. With --watch it goes on until Ctrl-C, which lets the batch in hand finish."
    )
    example = "manage.py deliver_messages\nmanage.py deliver_messages --watch"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--watch", action="store_true", help=f"go on, and look again every {LOOK_EVERY:.0f} seconds when idle"
        )

    def handle(self, *args: Any, watch: bool, **options: Any) -> None:
        if watch:
            self._watch()
            return
        try:
            counts = delivery.deliver_due(timezone.now, run_for=None)
            bounces.follow(now=timezone.now())
        except KeyboardInterrupt:
            raise CommandError("Stopped. What was not sent stays due.", returncode=STOPPED) from None
        self.stdout.write(summary(counts))
        if waiting := _next_attempt():
            number, due = waiting
            at = timezone.localtime(due)
            self.stdout.write(f"Still waiting: {number}, the next attempt at {at:%H:%M} on {at:%Y-%m-%d}.")

    def _watch(self) -> None:
        stop = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        self.stdout.write("Delivering what is due until Ctrl-C.")
        while not stop.is_set():
            counts = delivery.deliver_due(timezone.now, run_for=timedelta())  # one batch, so that it can be stopped
            bounces.follow(now=timezone.now())
            if counts:
                self.stdout.write(f"{timezone.localtime():%H:%M:%S} {summary(counts)}")
            else:
                stop.wait(LOOK_EVERY)
        self.stdout.write("Stopped.")


def summary(counts: Mapping[str, int]) -> str:
    """The counts of one delivery as a line for people."""
    said = [f"{name.replace('_', ' ')} {counts.get(name, 0)}" for name in ("delivered", "postponed", "given_up")]
    return ", ".join(said).capitalize() + "."


def _next_attempt() -> tuple[int, datetime] | None:
    queued = Message.objects.filter(state=MessageState.QUEUED.value).order_by("due_at")
    first = queued.values_list("due_at", flat=True).first()
    return (queued.count(), first) if first else None
