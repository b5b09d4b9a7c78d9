"""Accounts as a file says them: one line of CSV each, with every mistake named by line and column."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Collection, Iterator
from datetime import date

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from stdnum.exceptions import ValidationError as BadNumber
from stdnum.no import orgnr

from accounts.actions.lines import BadFile, Problems, Source, unstorable
from accounts.lifecycle.calendar import EARLIEST
from accounts.lifecycle.sentence import Sentence
from accounts.lifecycle.sentence import Sentence as _
from accounts.models.account import normal_client_id

COLUMNS = (
    "client_id",
    "environment",
    "organisation",
    "organisation_number",
    "owner_name",
    "owner_email",
    "technical_email",
    "role",
    "system",
    "purpose",
    "activated_on",
    "last_used_on",
)
"""The columns of the file, in any order; all of them are there."""

MAY_BE_EMPTY = frozenset({"owner_name", "technical_email", "system", "last_used_on"})
ROLES = {"seller": "seller", "broker": "broker", "seller+broker": "seller+broker", "broker+seller": "seller+broker"}
LONGEST = {"purpose": 2000, "owner_email": 254, "technical_email": 254, "environment": 20}
LONGEST_OTHER = 200

_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_DELIMITERS = (",", ";", "\t")

Values = dict[str, str]
Said = Sentence | None


class AccountLines:
    """Reads the lines of one file: ``for number, values in AccountLines(...).read(source)`` gives the good ones.

    ``values`` are clean texts by column: days as ISO text or empty, email addresses in lower case. What is wrong
    goes to ``problems``. Raises BadFile when the columns are not there.
    """

    def __init__(self, environments: Collection[str], today: date, problems: Problems) -> None:
        self._environments = {name.upper(): name for name in environments}
        self._today = today
        self._problems = problems
        self._cleaners: dict[str, Callable[[str], str]] = {
            "client_id": normal_client_id,
            "environment": self._environment,
            "organisation_number": _organisation_number,
            "owner_email": _email,
            "technical_email": _email,
            "role": _role,
            "activated_on": self._day,
            "last_used_on": self._day,
        }

    def read(self, source: Source) -> Iterator[tuple[int, Values]]:
        text = source.text()
        first = next(text, "")
        delimiter = max(_DELIMITERS, key=first.count)
        places = _places(next(csv.reader([first], delimiter=delimiter), []))
        rows = csv.reader(text, delimiter=delimiter, strict=True)
        number = 2
        try:
            for row in rows:
                if any(cell.strip() for cell in row) and (values := self._values(number, row, places)) is not None:
                    yield number, values
                number = rows.line_num + 2
        except csv.Error as error:
            self._problems.add(number, "", _("This is not CSV (%(why)s). Reading stopped here.", why=str(error)))

    def _values(self, number: int, row: list[str], places: dict[str, int]) -> Values | None:
        if len(row) != len(COLUMNS):
            said = _("There must be %(wanted)s columns, here are %(found)s.", wanted=len(COLUMNS), found=len(row))
            self._problems.add(number, "", said)
            return None
        values: Values = {}
        for column in COLUMNS:
            try:
                values[column] = self._clean(column, row[places[column]].strip())
            except _WrongError as wrong:
                self._problems.add(number, column, wrong.sentence)
        if len(values) != len(COLUMNS):
            return None
        if values["last_used_on"] and values["last_used_on"] < values["activated_on"]:
            said = _("It is earlier than activated_on (%(day)s).", day=values["activated_on"])
            self._problems.add(number, "last_used_on", said)
            return None
        return values

    def _clean(self, column: str, text: str) -> str:
        if not text:
            if column in MAY_BE_EMPTY:
                return ""
            raise _WrongError(_("It is empty."))
        longest = LONGEST.get(column, LONGEST_OTHER)
        if len(text) > longest:
            raise _WrongError(_("It has %(length)s characters; %(most)s fit.", length=len(text), most=longest))
        if (said := unstorable(text)) is not None:
            raise _WrongError(said)
        clean = self._cleaners.get(column)
        return clean(text) if clean else text

    def _environment(self, text: str) -> str:
        known = self._environments.get(text.upper())
        if known is None:
            names = ", ".join(self._environments.values())
            raise _WrongError(_("There is no environment “%(name)s”. Known: %(known)s.", name=text, known=names))
        return known

    def _day(self, text: str) -> str:
        try:
            if not _DAY.fullmatch(text):
                raise ValueError
            day = date.fromisoformat(text)
        except ValueError:
            raise _WrongError(_("“%(value)s” is no day such as 2026-11-23.", value=text[:60])) from None
        if day > self._today:
            raise _WrongError(_("%(day)s lies in the future.", day=text))
        if day < EARLIEST:
            raise _WrongError(_("%(day)s is too long ago. Check the year.", day=text))
        return text


class _WrongError(Exception):
    def __init__(self, sentence: Sentence) -> None:
        self.sentence = sentence
        super().__init__(str(sentence))


def _places(header: list[str]) -> dict[str, int]:
    """Where each column stands. Raises BadFile with the names that are missing, unknown or there twice."""
    names = [name.strip().lower().encode("utf-8", "replace").decode() for name in header]
    if not any(names):
        raise BadFile(_("The first line must name the columns: %(columns)s", columns=",".join(COLUMNS)))
    wrong = {
        "missing": [name for name in COLUMNS if name not in names],
        "unknown": [name or "(no name)" for name in names if name not in COLUMNS],
        "twice": [name for name in COLUMNS if names.count(name) > 1],
    }
    told = "; ".join(f"{what}: {', '.join(columns)[:400]}" for what, columns in wrong.items() if columns)
    if told:
        columns = ",".join(COLUMNS)
        raise BadFile(_("The columns are not right (%(wrong)s). The first line must be: %(columns)s",
                        wrong=told, columns=columns))  # fmt: skip
    return {name: names.index(name) for name in COLUMNS}


def _organisation_number(text: str) -> str:
    try:
        return str(orgnr.validate(text))
    except BadNumber:
        raise _WrongError(
            _(
                "“%(value)s” is no organisation number: 9 digits of which the last one checks the others.",
                value=text[:60],
            )
        ) from None


def _email(text: str) -> str:
    try:
        validate_email(text)
    except ValidationError:
        raise _WrongError(_("“%(value)s” is no email address.", value=text[:60])) from None
    return text.lower()


def _role(text: str) -> str:
    role = ROLES.get("".join(text.lower().split()))
    if role is None:
        raise _WrongError(_("“%(value)s” is none of seller, broker, seller+broker.", value=text[:60]))
    return role
