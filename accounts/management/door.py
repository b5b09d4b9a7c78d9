"""What the operators' commands share: help with an example, one look at the clock, refusals as sentences."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from shutil import get_terminal_size
from typing import Any, BinaryIO

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from tqdm import tqdm

from accounts import people
from accounts.actions.lines import BadFile
from accounts.lifecycle.actor import Actor
from accounts.lifecycle.errors import Refused
from accounts.models import Environment, Person
from accounts.words import say

STOPPED = 130  # the exit code of a program that Ctrl-C ended


class OperatorCommand(BaseCommand):
    """A command for operators. ``example`` is shown under ``--help``; a refusal ends with its sentence and 1."""

    example = ""
    # What is wrong with the code, `make check` says; asked here, it would load every page, half the time of a command.
    requires_system_checks: list[str] = []

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        parser.formatter_class = _Help
        if self.example:
            indented = "\n".join(f"  {line}" for line in self.example.strip().splitlines())
            parser.epilog = f"for example:\n{indented}"
        return parser

    def execute(self, *args: Any, **options: Any) -> str | None:
        """Run; what stops it is told in a sentence, and nothing half done is left behind."""
        try:
            with _without_chatter(options.get("verbosity", 1)):
                result: str | None = super().execute(*args, **options)
                sys.stdout.flush()  # a reader who has gone is noticed here, not when the interpreter ends
                return result
        except BadFile as refused:
            raise CommandError(_told(refused)) from refused
        except Refused as refused:
            raise CommandError(say(refused.sentence)) from refused
        except KeyboardInterrupt:
            raise CommandError("Stopped. What was not finished is not kept.", returncode=STOPPED) from None
        except BrokenPipeError:  # whoever read the output has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return None

    def count(self, number: int, one: str, many: str) -> str:
        """``1 account``, ``1,000 accounts``."""
        return f"{number:,} {one if number == 1 else many}"


@contextmanager
def _without_chatter(verbosity: int) -> Iterator[None]:
    """Keep the line about each wake-up of a worker out of sight; ``-v 2`` shows them."""
    chatter = logging.getLogger("django_structlog")
    before = chatter.level
    if verbosity < 2:
        chatter.setLevel(logging.WARNING)
    try:
        yield
    finally:
        chatter.setLevel(before)


class _Help(argparse.RawDescriptionHelpFormatter):
    """Keeps the lines of help texts; Django's own options stand last."""

    def add_usage(self, usage: Any, actions: Any, *args: Any, **kwargs: Any) -> None:
        super().add_usage(usage, _last(actions), *args, **kwargs)

    def add_arguments(self, actions: Any) -> None:
        super().add_arguments(_last(actions))


_DJANGOS = {"--version", "--verbosity", "--settings", "--pythonpath", "--traceback", "--no-color", "--force-color",
            "--skip-checks"}  # fmt: skip


def _last(actions: Any) -> list[Any]:
    return sorted(actions, key=lambda action: bool(_DJANGOS & set(action.option_strings)))


def _told(refused: BadFile) -> str:
    lines = [say(refused.sentence)]
    lines += [f"  {bad.place}: {say(bad.sentence)}" for bad in refused.bad_lines]
    if (more := refused.total - len(refused.bad_lines)) > 0:
        lines.append(f"  and {more:,} more")
    return "\n".join(lines)


def clock() -> tuple[datetime, date]:
    """Now, and the day it is in Europe/Oslo: read once, here at the door, and handed down from here."""
    now = timezone.now()
    return now, timezone.localdate(now)


def day(text: str) -> date:
    """An argument that is a day."""
    try:
        if len(text) != len("2026-11-23"):
            raise ValueError
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"“{text}” is no day such as 2026-11-23.") from None


@contextmanager
def opened(name: str) -> Iterator[BinaryIO]:
    """The file called ``name`` to read from, or standard input for ``-``."""
    if name == "-":
        yield sys.stdin.buffer
        return
    try:
        file = Path(name).open("rb")  # noqa: SIM115 - closed below; only opening is guarded
    except OSError as error:
        raise CommandError(f"{name} cannot be read: {error.strerror}.") from None
    with file:
        yield file


def environment_named(name: str) -> Environment:
    """The environment called ``name``, whatever its case."""
    found = Environment.objects.filter(name__iexact=name.strip()).first()
    if found is None:
        known = ", ".join(Environment.objects.values_list("name", flat=True))
        raise CommandError(f"There is no environment “{name}”. Known: {known}.")
    return found


def actor_named(email: str) -> Actor:
    """The person with that email address, as somebody who acts. They must be known and still be allowed in."""
    person = Person.objects.filter(email__iexact=email.strip()).first()
    if person is None:
        raise CommandError(f"Nobody is known as {email}. Make them known with: create_person {email} --role ROLE")
    if not person.is_active:
        raise CommandError(f"{person.email} may not do anything any more.")
    return people.actor_of(person, today=timezone.localdate())


class Bars:
    """A progress bar for each phase of a piece of work, on standard error, where that is a terminal."""

    UNITS = {"read": ("Reading", "B", True), "write": ("Writing", " rows", False)}

    def __init__(self, size: int | None) -> None:
        self._size = size
        self._bars: dict[str, tqdm[Any]] = {}

    def __call__(self, phase: str, done: int, total: int | None = None) -> None:
        if phase not in self._bars:
            words, unit, scaled = self.UNITS[phase]
            screen = get_terminal_size()  # tqdm draws nothing on a terminal that does not tell its size
            self._bars[phase] = tqdm(
                desc=words, unit=unit, unit_scale=scaled, total=total or self._size, disable=None, leave=False,
                ncols=min(screen.columns, 100), nrows=screen.lines,
            )  # fmt: skip
        self._bars[phase].update(done)

    def close(self) -> None:
        """Take the bars off the screen."""
        for bar in self._bars.values():
            bar.close()


@contextmanager
def bars(name: str) -> Iterator[Bars]:
    """Progress over the file called ``name``; of standard input nobody knows the size."""
    shown = Bars(Path(name).stat().st_size if name != "-" and Path(name).is_file() else None)
    try:
        yield shown
    finally:
        shown.close()
