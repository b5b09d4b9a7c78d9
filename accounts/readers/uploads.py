"""Files that were handed in: the list, and what became of one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.lifecycle.sentence import Sentence
from accounts.models import RunState, Upload
from accounts.readers import paging
from accounts.words import say

NEWEST_FIRST = paging.Order("uploaded_at", falling=True)

_COUNTS = {
    "created": gettext_noop("Accounts made"),
    "unknown_use": gettext_noop("Of these with unknown last use"),
    "already_there": gettext_noop("Already there, left as they are"),
    "people": gettext_noop("New people"),
    "organisations": gettext_noop("New organisations"),
    "lines": gettext_noop("Lines with a call"),
    "calls": gettext_noop("Calls counted"),
    "failed_calls": gettext_noop("Failed calls, left out"),
    "accounts": gettext_noop("Accounts that were used"),
    "moved_on": gettext_noop("Accounts whose last use moved forward"),
    "unknown_clients": gettext_noop("Clients without an account, skipped"),
    "after_the_end": gettext_noop("Accounts used after they were suspended or closed"),
    "suspended_in_use": gettext_noop("Accounts suspended although they were in use"),
}
_ALWAYS = {"created", "already_there", "lines", "calls", "moved_on"}


@dataclass(frozen=True)
class Shown:
    """One upload, as it is drawn."""

    upload: Upload

    @property
    def state(self) -> str:
        """Waits, running, done or failed."""
        return self.upload.run.state if self.upload.run else "waits"

    @property
    def is_over(self) -> bool:
        return self.state in (RunState.DONE.value, RunState.FAILED.value)

    @property
    def refusal(self) -> str:
        """Why nothing was taken in; "" when nothing is wrong."""
        return self._say(self.upload.result.get("sentence"))

    @property
    def bad_lines(self) -> list[dict[str, Any]]:
        """The lines that are wrong: line, field, and what to do."""
        found = self.upload.result.get("bad_lines", [])
        return [{**bad, "text": self._say(bad["sentence"])} for bad in found]

    @property
    def more_bad_lines(self) -> int:
        """How many more there are than are shown."""
        return int(self.upload.result.get("total", 0)) - len(self.upload.result.get("bad_lines", []))

    @property
    def counts(self) -> list[dict[str, Any]]:
        """What was done, or in a trial would be, as terms and values."""
        counts = self.upload.result.get("counts", {})
        return [
            {"term": _(label), "value": counts[name]}
            for name, label in _COUNTS.items()
            if name in counts and (counts[name] or name in _ALWAYS)
        ]

    @property
    def notes(self) -> list[str]:
        """What else is to be known."""
        return [self._say(note) for note in self.upload.result.get("notes", [])]

    @property
    def unknown_names(self) -> str:
        """The first clients that have no account."""
        return ", ".join(self.upload.result.get("unknown_names", []))

    @property
    def taken_before(self) -> bool:
        """Did this same file come before?"""
        return bool(self.upload.result.get("taken_before"))

    @property
    def covered(self) -> list[date]:
        """The first and last day that the file newly covers; empty for none."""
        return [date.fromisoformat(day) for day in self.upload.result.get("covered", [])]

    @property
    def gap(self) -> list[date]:
        """The first and last day that stay unknown before it; empty for none."""
        return [date.fromisoformat(day) for day in self.upload.result.get("gap", [])]

    @cached_property
    def may_be_carried_out(self) -> bool:
        """Was it tried without a mistake, and are its bytes still here? One query."""
        tried = self.upload.dry_run and self.state == RunState.DONE.value
        return tried and (not self.upload.size or self.upload.parts.exists())

    def _say(self, plain: dict[str, Any] | None) -> str:
        return say(Sentence.of(plain)) if plain else ""


def uploads(asked: Mapping[str, str]) -> paging.Page[Upload]:
    """One page of the files that were handed in, the newest first. One query."""
    found = Upload.objects.select_related("run", "uploaded_by", "environment").defer("result")
    return paging.page(found, NEWEST_FIRST, asked)
