"""Running a command in this process, as an operator does: its output, or the sentence that stopped it."""

from __future__ import annotations

import io
from datetime import datetime
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.core.management.base import CommandError

from tests.rows import NOW


def run(*arguments: str, at: datetime = NOW, stdin: bytes | None = None) -> str:
    """The standard output of ``manage.py ARGUMENTS`` run at ``at``. Nothing may go to standard error."""
    output, errors = io.StringIO(), io.StringIO()
    with time_machine.travel(at, tick=False), pytest.MonkeyPatch.context() as patch:
        if stdin is not None:
            patch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        call_command(*arguments, stdout=output, stderr=errors)
    assert errors.getvalue() == ""
    return output.getvalue()


def refused(*arguments: str, **options: Any) -> str:
    """The sentence with which the command ended; nothing was printed to standard output."""
    with pytest.raises(CommandError) as stopped:
        run(*arguments, **options)
    assert stopped.value.returncode == 1
    return str(stopped.value)
