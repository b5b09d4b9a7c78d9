"""The line to the mail server: one connection for a batch, and what its answers mean."""

from __future__ import annotations

import contextlib
import re
import smtplib
from types import TracebackType

from django.core.mail import EmailMessage, get_connection

from accounts.models import Message

PERMANENT = 500
"""SMTP replies from here on mean: do not try again (RFC 5321, 4.2.1)."""

_STATUS = re.compile(r"\b5\.\d{1,3}\.\d{1,3}\b")

SILENCES = 2
"""After so many mails in a row that the server did not answer, it counts as away."""


class NotSentError(Exception):
    """A mail was not accepted; the text says why, in the server's words where it spoke."""


class RefusedError(NotSentError):
    """The server says that there is no such recipient: trying again is no use.

    ``status`` is its enhanced status code (RFC 3463), such as 5.1.1, "" where it named none.
    """

    @property
    def status(self) -> str:
        found = _STATUS.search(str(self))
        return found[0] if found else ""


class NotNowError(NotSentError):
    """This mail did not go through now; later it may."""


class AwayError(NotSentError):
    """The server cannot be reached, or does not answer: no mail goes through now."""


class Line:
    """One connection, opened for the first mail and opened again when it drops. Use it in a ``with``."""

    def __init__(self) -> None:
        self._connection = get_connection()
        self._is_open = False
        self._silences = 0

    def __enter__(self) -> Line:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _t: TracebackType | None) -> None:
        self._hang_up()

    def send(self, mail: EmailMessage) -> None:
        """Hand ``mail`` to the server; it returns when the server has accepted it.

        When the connection drops, it is opened once more and the mail is sent again. Raises RefusedError,
        NotNowError, or AwayError.
        """
        try:
            self._try(mail)
        except smtplib.SMTPServerDisconnected as error:
            if _timed_out(error):
                raise self._silent(error) from error
            self._try_again(mail)
        self._silences = 0

    def _try(self, mail: EmailMessage) -> None:
        self._open()
        try:
            self._connection.send_messages([mail])
        except smtplib.SMTPServerDisconnected:
            self._hang_up()
            raise
        except smtplib.SMTPRecipientsRefused as error:
            code, _text = next(iter(error.recipients.values()))
            raise (RefusedError if code >= PERMANENT else NotNowError)(words(error)) from error
        except OSError as error:  # every other SMTPException is one, and so is a full disk of a mail folder
            raise NotNowError(words(error)) from error

    def _try_again(self, mail: EmailMessage) -> None:
        try:
            self._try(mail)
        except smtplib.SMTPServerDisconnected as error:
            raise self._silent(error) from error

    def _open(self) -> None:
        if self._is_open:
            return
        try:
            self._connection.open()
        except OSError as error:
            raise AwayError(words(error)) from error
        self._is_open = True

    def _silent(self, error: OSError) -> NotSentError:
        self._silences += 1
        return (AwayError if self._silences >= SILENCES else NotNowError)(words(error))

    def _hang_up(self) -> None:
        self._is_open = False
        with contextlib.suppress(OSError):
            self._connection.close()


def words(error: Exception) -> str:
    """What went wrong, on one line that fits into ``Message.last_error``: the server's own words where it spoke."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, text = next(iter(error.recipients.values()))
        said = f"{code} {_decoded(text)}"
    elif isinstance(error, smtplib.SMTPResponseException):
        said = f"{error.smtp_code} {_decoded(error.smtp_error)}"
    else:
        said = f"{type(error).__name__}: {error}"
    return " ".join(said.split())[: Message._meta.get_field("last_error").max_length]


def _decoded(text: bytes | str) -> str:
    return text.decode("utf-8", "replace") if isinstance(text, bytes) else text


def _timed_out(error: BaseException) -> bool:
    return isinstance(error.__context__, TimeoutError)
