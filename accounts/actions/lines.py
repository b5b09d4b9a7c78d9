"""Reading a file that somebody hands in: line by line, with memory that does not grow, and every bad line named."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from accounts.lifecycle.errors import Refused
from accounts.lifecycle.sentence import Sentence
from accounts.lifecycle.sentence import Sentence as _

BLOCK = 1 << 18  # bytes read at once
LONGEST_LINE = 1 << 20  # bytes
SHOWN = 50  # bad lines that are told; the rest is counted

_BOM = b"\xef\xbb\xbf"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


class Progress(Protocol):
    """Is told how far a long piece of work has come: ``done`` more of ``phase``, of ``total`` where that is known."""

    def __call__(self, phase: str, done: int, total: int | None = None) -> None: ...


def silent(phase: str, done: int, total: int | None = None) -> None:
    """A progress that nobody watches."""


@dataclass(frozen=True)
class BadLine:
    """One thing that is wrong: the line's number (the first is 1), the column or field, and what to do."""

    line: int
    field: str
    sentence: Sentence

    @property
    def place(self) -> str:
        """Where it is: ``line 12, owner_email``."""
        return f"line {self.line}, {self.field}" if self.field else f"line {self.line}"

    def __str__(self) -> str:
        return f"{self.place}: {self.sentence}"


class BadFile(Refused):
    """A file was refused as a whole and nothing of it was taken in.

    ``bad_lines`` are the first [50] of ``total`` things that are wrong with it; both are empty when the file
    cannot be read at all.
    """

    def __init__(self, sentence: Sentence, bad_lines: tuple[BadLine, ...] = (), total: int = 0) -> None:
        super().__init__(sentence)
        self.bad_lines = bad_lines
        self.total = total


class Problems:
    """Collects what is wrong with a file: the first [50] in words, all of them by number."""

    def __init__(self) -> None:
        self.total = 0
        self._shown: list[BadLine] = []

    def add(self, line: int, field: str, sentence: Sentence) -> None:
        self.total += 1
        if len(self._shown) < SHOWN:
            self._shown.append(BadLine(line, field, sentence))

    def raise_if_any(self) -> None:
        """Raise BadFile when anything was added."""
        if self.total:
            said = _("%(total)s mistakes in the file: nothing was taken in.", total=self.total)
            if self.total == 1:
                said = _("One mistake in the file: nothing was taken in.")
            raise BadFile(said, tuple(sorted(self._shown, key=lambda bad: bad.line)), self.total)


class Source:
    """The bytes of ``stream``, read once from where it stands, in whole lines; ``digest`` is their SHA-256.

    Raises BadFile for UTF-16 and for a line longer than LONGEST_LINE.
    """

    def __init__(self, stream: BinaryIO, progress: Progress = silent) -> None:
        self._stream = stream
        self._progress = progress
        self._hash = hashlib.sha256()
        self._ahead = stream.read(BLOCK)
        if self._ahead.startswith(_UTF_16):
            raise BadFile(_("The file is in UTF-16. Save it as UTF-8 and try again."))

    @property
    def digest(self) -> str:
        """The SHA-256 of everything read so far, in hex."""
        return self._hash.hexdigest()

    def first_character(self) -> str:
        """The first character that is not a space or a line end, or nothing in an empty file; reads nothing on."""
        return self._ahead.removeprefix(_BOM).lstrip()[:1].decode("ascii", "replace")

    def blocks(self) -> Iterator[list[bytes]]:
        """Lists of whole lines without their line feed, about a quarter of a megabyte each."""
        rest, number = self._next().removeprefix(_BOM), 0
        while rest:
            lines = rest.split(b"\n")
            rest = lines.pop()
            number += len(lines)
            if len(rest) > LONGEST_LINE:
                raise BadFile(_("Line %(line)s is longer than a megabyte: this is no such file.", line=number + 1))
            if lines:
                yield lines
            block = self._next()
            if not block:
                break
            rest += block
        if rest:
            yield [rest]

    def text(self) -> Iterator[str]:
        """The lines as text, each with a line feed; bytes that are no UTF-8 come as lone surrogates."""
        for lines in self.blocks():
            for line in lines:
                yield line.decode("utf-8", "surrogateescape") + "\n"

    def _next(self) -> bytes:
        block, self._ahead = self._ahead, b""
        block = block or self._stream.read(BLOCK)
        self._hash.update(block)
        self._progress("read", len(block))
        return block


def unstorable(text: str) -> Sentence | None:
    """Why ``text`` cannot be kept, or nothing: it is not UTF-8, or holds a control character."""
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            return _("This is not UTF-8 text. Save the file as UTF-8 and try again.")
    if not text.isprintable() and any(ord(letter) < 32 and letter not in "\t\r\n" for letter in text):
        return _("This holds a control character. Remove it.")
    return None
