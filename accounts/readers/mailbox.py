"""The mails that an installation keeps in a folder instead of sending them (Django's file-based backend).

One file holds the mails of one connection, each followed by a line of dashes. Files that hold something else
are shown as far as they can be read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from itertools import islice
from pathlib import Path

PAGE = 25  # mails
LARGEST = 20_000_000  # bytes of a file; more is not a mailbox of this portal

_NAME = re.compile(r"[\w.-]{1,100}\.log")
_RULE = re.compile(rb"^-{79}\n", re.MULTILINE)


@dataclass(frozen=True)
class Mail:
    """One kept mail: the file and its place in it, and what it says. ``at`` is None where the date is odd."""

    file: str
    place: int
    subject: str
    sender: str
    to: str
    at: datetime | None
    text: str
    html: str

    @property
    def key(self) -> str:
        """Where the mail stands, for an address."""
        return f"{self.file}~{self.place}"


def mails(folder: Path, after: str = "") -> tuple[list[Mail], str]:
    """The newest mails in ``folder``, or those older than the one called ``after``; and the key to the next page."""
    found = list(islice(_older_than(folder, after), PAGE + 1))
    return found[:PAGE], found[PAGE - 1].key if len(found) > PAGE else ""


def mail(folder: Path, file: str, place: int) -> Mail | None:
    """One mail, or None where there is none."""
    if not _NAME.fullmatch(file) or not (folder / file).is_file():
        return None
    parts = _parts(folder / file)
    return _read(file, place, parts[place]) if 0 <= place < len(parts) else None


def _older_than(folder: Path, after: str) -> Iterator[Mail]:
    file, _tilde, place = after.partition("~")
    limit = int(place) if place.isdecimal() and len(place) < 10 else None
    started = limit is None
    for path in _newest_first(folder):
        if not started and path.name == file:
            started = True
            yield from _mails_of(path, limit)
        elif started:
            yield from _mails_of(path)


def _newest_first(folder: Path) -> list[Path]:
    """The files' names begin with the time at which they were opened."""
    if not folder.is_dir():
        return []
    return sorted((path for path in folder.iterdir() if _NAME.fullmatch(path.name) and path.is_file()), reverse=True)


def _mails_of(path: Path, limit: int | None = None) -> Iterator[Mail]:
    """The mails of one file, the newest (the last) first."""
    parts = list(enumerate(_parts(path)))[:limit]
    for place, part in reversed(parts):
        yield _read(path.name, place, part)


def _parts(path: Path) -> list[bytes]:
    try:
        if path.stat().st_size > LARGEST:
            return []
        return [part for part in _RULE.split(path.read_bytes()) if part.strip()]
    except OSError:  # deleted or locked while we looked
        return []


def _read(file: str, place: int, data: bytes) -> Mail:
    message = message_from_bytes(data, policy=policy.default)
    return Mail(
        file=file,
        place=place,
        subject=_header(message, "subject"),
        sender=_header(message, "from"),
        to=_header(message, "to"),
        at=_date(message),
        text=_body(message, "plain"),
        html=_body(message, "html"),
    )


def _header(message: EmailMessage, name: str) -> str:
    try:
        return str(message[name] or "")
    except Exception:  # the parser of odd headers raises what it likes
        return ""


def _date(message: EmailMessage) -> datetime | None:
    try:
        said = parsedate_to_datetime(_header(message, "date"))
        return said if said.tzinfo else said.replace(tzinfo=UTC)  # "-0000" is UTC without saying so (RFC 5322)
    except (ValueError, TypeError):
        return None


def _body(message: EmailMessage, kind: str) -> str:
    try:
        part = message.get_body(preferencelist=(kind,))
        return str(part.get_content()) if part is not None else ""
    except (LookupError, ValueError, AttributeError):  # an unknown encoding, or a part that is not what it says
        return ""
