"""The rows of the worklist as lines of a CSV file."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import datetime

from django.utils import timezone

from accounts.lifecycle.actor import Actor
from accounts.lifecycle.policy import Policy
from accounts.readers import worklist
from accounts.readers.export import safe

HEAD = (
    "reference",
    "state",
    "kind",
    "organisation",
    "role",
    "environments",
    "requester",
    "requester_email",
    "assignee",
    "in_state_since",
    "due_on",
    "late",
)


class _Line:
    """Where the csv module writes a line: kept until the next one."""

    text = ""

    def write(self, text: str) -> None:
        self.text = text


def lines(by: Actor, search: worklist.Search, policy: Policy, now: datetime) -> Iterator[str]:
    """The lines of the list that ``search`` shows, the head first; times are in Europe/Oslo.

    No cell is a formula to a spreadsheet. Memory stays flat, however long the list is.
    """
    line = _Line()
    writer = csv.writer(line)
    writer.writerow(HEAD)
    yield line.text
    for row in worklist.every(by, search, policy, now):
        writer.writerow([safe(cell) for cell in _cells(row)])
        yield line.text


def _cells(row: worklist.Row) -> tuple[str, ...]:
    order = row.order
    return (
        order.reference,
        order.state,
        order.kind,
        order.organisation_name,
        order.role_words,
        " ".join(environment.name for environment in order.environments.all()),
        order.requester.name,
        order.requester.email,
        str(order.assignee) if order.assignee else "",
        timezone.localtime(order.state_since).isoformat(timespec="minutes"),
        row.waiting.due.isoformat() if row.waiting.due else "",
        "yes" if row.waiting.tone == "bad" else "",
    )
