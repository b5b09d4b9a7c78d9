"""Usage as files say it: gateway log lines (NDJSON) or CSV with ``client_id,day,calls``; counted by client and day.

Memory stays flat: counts are handed on whenever many have come together. Days are days in the portal's time
zone; only successful calls are use (DOMAIN.md, "Known use").
"""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from operator import length_hint
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from accounts.actions.lines import Problems, Source, unstorable
from accounts.lifecycle.calendar import EARLIEST
from accounts.lifecycle.sentence import Sentence
from accounts.lifecycle.sentence import Sentence as _

MOST_COUNTS = 50_000  # pairs of client and day kept in memory before they are handed on
ROWS_BETWEEN = 100  # rows between two looks at how many counts there are
MOST_KNOWN_HOURS = 20_000
SUCCEEDED = frozenset({*range(200, 300), 304})
"""The HTTP statuses of a call that was answered (RFC 9110); after 304 the caller has the answer already."""
HOUR = timedelta(hours=1)
CSV_COLUMNS = ("client_id", "day", "calls")

Clients = defaultdict[str, int]
"""The calls of one day by client."""
Counts = defaultdict[date, Clients]

_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_CALLS = re.compile(r"\d{1,12}")


class UsageFormat(StrEnum):
    CSV = "csv"
    NDJSON = "ndjson"


class _Mistake(Exception):
    def __init__(self, field_name: str, sentence: Sentence) -> None:
        self.field = field_name
        self.sentence = sentence
        super().__init__(str(sentence))


@dataclass
class Reading:
    """One file being read: ``today`` and ``zone`` say what a day is, ``hand_on`` takes the counts.

    Afterwards ``lines`` is the number of lines with a call, ``failed`` those whose call did not succeed, and
    ``days`` those of which there is any line, each once; ``problems`` has what was wrong.
    """

    today: date
    zone: ZoneInfo
    hand_on: Callable[[Counts], None]
    problems: Problems = field(default_factory=Problems)
    lines: int = 0
    failed: int = 0
    days: set[date] = field(default_factory=set)
    counts: Counts = field(default_factory=lambda: defaultdict(lambda: defaultdict(int)))
    _hours: dict[str, Clients] = field(default_factory=dict)
    _days: dict[str, date] = field(default_factory=dict)

    def read(self, source: Source, form: UsageFormat) -> None:
        """Count everything in ``source``. Raises BadFile only when it cannot be read as ``form`` at all."""
        if form is UsageFormat.CSV:
            self._read_csv(source)
        else:
            number = 1
            for block in source.blocks():
                self._count_calls(block, number)
                number += len(block)
                self._relieve()
        self._hand_on()

    def _relieve(self) -> None:
        if sum(map(len, self.counts.values())) >= MOST_COUNTS:
            self._hand_on()

    def _hand_on(self) -> None:
        self.hand_on(self.counts)
        self.counts.clear()
        self._hours.clear()  # what it knows of each hour are the counts of its day

    def _count_calls(self, block: list[bytes], first_number: int) -> None:
        """The loop over a gateway's log. What is unusual in a line is left to ``_one_call``."""
        hours, loads, moment, succeeded = self._hours, orjson.loads, datetime.fromisoformat, SUCCEEDED
        failed, waiting = 0, iter(block)
        for line in waiting:
            try:
                call = loads(line)
                stamp = call["timestamp"]
                if stamp[-1] == "Z":
                    clients = hours[stamp[:13]]
                    moment(stamp)
                else:
                    clients = hours[stamp[:13] + stamp[-6:]]
                    if moment(stamp).tzinfo is None:
                        raise ValueError
                status = call.get("status", 200)
                if status.__class__ is not int:
                    raise ValueError
                if status not in succeeded:
                    failed += 1
                    continue
                client = call.get("client_id") or call["azp"]
                if client.__class__ is not str or not client:
                    raise ValueError
                clients[client] += 1
            except (ValueError, KeyError, TypeError, IndexError):
                self._unusual(first_number + len(block) - length_hint(waiting) - 1, line)
        self.failed += failed
        self.lines += len(block)

    def _unusual(self, number: int, line: bytes) -> None:
        if not line.strip():
            self.lines -= 1
            return
        try:
            self._one_call(line)
        except _Mistake as mistake:
            self.problems.add(number, mistake.field, mistake.sentence)

    def _one_call(self, line: bytes) -> None:
        try:
            call = orjson.loads(line)
        except ValueError as error:
            raise _Mistake("", _("This is not JSON (%(why)s).", why=str(error).split(": line")[0])) from error
        if not isinstance(call, dict):
            raise _Mistake("", _("This is not a JSON object with timestamp and client_id."))
        day = self._day_of(call.get("timestamp"))
        if _has_failed(call.get("status")):
            self.failed += 1
            return
        self.counts[day][_client(call)] += 1

    def _day_of(self, stamp: Any) -> date:
        """The day of a timestamp; its counts are remembered for the other timestamps of that hour."""
        moment = _moment(stamp)
        try:
            day = moment.astimezone(self.zone).date()
        except OverflowError:
            raise _Mistake("timestamp", _not_a_time(stamp)) from None
        self._note_day(day, "timestamp")
        if (moment.utcoffset() or HOUR) % HOUR == timedelta(0):
            if len(self._hours) >= MOST_KNOWN_HOURS:
                self._hours.clear()
            self._hours[stamp[:13] if stamp[-1] == "Z" else stamp[:13] + stamp[-6:]] = self.counts[day]
        return day

    def _note_day(self, day: date, field_name: str) -> None:
        if day > self.today:
            raise _Mistake(field_name, _("%(day)s lies in the future.", day=day.isoformat()))
        if day < EARLIEST:
            raise _Mistake(field_name, _("%(day)s is too long ago. Check the year.", day=day.isoformat()))
        self.days.add(day)

    def _read_csv(self, source: Source) -> None:
        rows = csv.reader(source.text(), strict=True)
        number = 1
        try:
            order = _columns(next(rows, None))
            number = rows.line_num + 1
            for row in rows:
                if order and any(row):
                    self._count_row(number, row, order)
                number = rows.line_num + 1
        except csv.Error as error:
            self.problems.add(number, "", _("This is not CSV (%(why)s). Reading stopped here.", why=str(error)))
        except _Mistake as mistake:
            self.problems.add(number, mistake.field, mistake.sentence)

    def read_counted(self, lines: Iterable[object]) -> None:
        """Count objects that a program already counted: ``client_id``, ``day`` and ``calls`` (of successful calls)."""
        for number, line in enumerate(lines, 1):
            self.lines += 1
            try:
                client, day, calls = _counted_line(line)
                self._note_day(day, "day")
            except _Mistake as mistake:
                self.problems.add(number, mistake.field, mistake.sentence)
                continue
            if calls:
                self._count(client, day, calls)
        self._hand_on()

    def _count(self, client: str, day: date, calls: int) -> None:
        self.counts[day][client] += calls
        if self.lines % ROWS_BETWEEN == 0:
            self._relieve()

    def _count_row(self, number: int, row: list[str], order: list[int]) -> None:
        self.lines += 1
        try:
            if len(row) != len(CSV_COLUMNS):
                raise _Mistake("", _("There must be 3 columns, here are %(number)s.", number=len(row)))
            client, day_text, calls_text = (row[place].strip() for place in order)
            if not client:
                raise _Mistake("client_id", _("It is empty."))
            if (said := unstorable(client)) is not None:
                raise _Mistake("client_id", said)
            day, calls = self._csv_day(day_text), _calls(calls_text)
        except _Mistake as mistake:
            self.problems.add(number, mistake.field, mistake.sentence)
            return
        if calls:
            self._count(client, day, calls)

    def _csv_day(self, text: str) -> date:
        day = self._days.get(text)
        if day is None:
            day = _iso_day(text)
            self._note_day(day, "day")
            self._days[text] = day
        return day


def _columns(header: list[str] | None) -> list[int]:
    """The places of CSV_COLUMNS in ``header``; an empty file has none and is well."""
    if header is None:
        return []
    names = [name.strip().lower() for name in header]
    if sorted(names) != sorted(CSV_COLUMNS):
        raise _Mistake("", _("The first line must be: %(columns)s", columns=",".join(CSV_COLUMNS)))
    return [names.index(name) for name in CSV_COLUMNS]


def _moment(stamp: Any) -> datetime:
    if not isinstance(stamp, str):
        raise _Mistake("timestamp", _("It is missing. Write a time such as 2026-11-23T08:15:30Z."))
    try:
        moment = datetime.fromisoformat(stamp)
    except ValueError:
        raise _Mistake("timestamp", _not_a_time(stamp)) from None
    if moment.tzinfo is None:
        raise _Mistake("timestamp", _("%(value)s names no time zone. End it with Z or +01:00.", value=_short(stamp)))
    return moment


def _has_failed(status: Any) -> bool:
    """Did the gateway refuse or fail this call? A log without ``status`` holds successful calls only."""
    if status is None:
        return False
    if isinstance(status, str) and status.strip().isdecimal():
        status = int(status)
    if not isinstance(status, int) or isinstance(status, bool):
        raise _Mistake("status", _("“%(value)s” is no HTTP status such as 200.", value=_short(status)))
    return status not in SUCCEEDED


def _client(call: dict[str, Any]) -> str:
    """Who called: ``client_id``, or the token's ``azp``."""
    client = call.get("client_id") or call.get("azp")
    if client is None or client == "":
        raise _Mistake("client_id", _("It is missing: neither client_id nor azp says who called."))
    if not isinstance(client, str):
        raise _Mistake("client_id", _("“%(value)s” is no text.", value=_short(client)))
    return client


def _counted_line(line: object) -> tuple[str, date, int]:
    if not isinstance(line, dict):
        raise _Mistake("", _("This is not a JSON object with client_id, day and calls."))
    client, day, calls = (line.get(name) for name in CSV_COLUMNS)
    if not isinstance(client, str) or not client.strip():
        raise _Mistake("client_id", _("It is missing. Write the client id as text."))
    if (said := unstorable(client)) is not None:
        raise _Mistake("client_id", said)
    if not isinstance(calls, int) or isinstance(calls, bool):
        raise _Mistake("calls", _("“%(value)s” is no number of calls, 0 or more.", value=_short(calls)))
    return client, _iso_day(day if isinstance(day, str) else str(day)), _calls(str(calls))


def _iso_day(text: str) -> date:
    try:
        if not _DAY.fullmatch(text):
            raise ValueError
        return date.fromisoformat(text)
    except ValueError:
        raise _Mistake("day", _("“%(value)s” is no day such as 2026-11-23.", value=_short(text))) from None


def _calls(text: str) -> int:
    if not _CALLS.fullmatch(text):
        raise _Mistake("calls", _("“%(value)s” is no number of calls, 0 or more.", value=_short(text)))
    return int(text)


def _not_a_time(stamp: str) -> Sentence:
    return _("“%(value)s” is no time such as 2026-11-23T08:15:30Z.", value=_short(stamp))


def _short(value: Any) -> str:
    return str(value)[:60]
