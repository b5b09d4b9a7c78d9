"""The mailbox to which delivery reports come, read over IMAP (RFC 9051): what nobody read yet, one mail at a time."""

from __future__ import annotations

import contextlib
import imaplib
import ssl
from types import TracebackType
from urllib.parse import unquote, urlsplit

TIMEOUT = 30  # seconds
LARGEST = 256 * 1024  # bytes of a mail that are read: a report says all in its first parts
_PORTS = {"imaps": 993, "imap": 143}


class MailboxError(Exception):
    """The mailbox could not be read; the text says why, and never holds the password."""


class Mailbox:
    """One session. ``url`` is ``imaps://USER:PASSWORD@HOST/FOLDER`` (``imap://`` only on this machine).

    Use it in a ``with``. Raises MailboxError.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in _PORTS or not parts.hostname or not parts.username:
            raise MailboxError("BOUNCE_MAILBOX_URL must look like imaps://USER:PASSWORD@HOST/INBOX.")
        self._parts = parts
        self._folder = unquote(parts.path.strip("/")) or "INBOX"
        self._imap: imaplib.IMAP4 | None = None

    def __enter__(self) -> Mailbox:
        host, port = str(self._parts.hostname), self._parts.port or _PORTS[self._parts.scheme]
        try:
            if self._parts.scheme == "imaps":
                self._imap = imaplib.IMAP4_SSL(host, port, ssl_context=ssl.create_default_context(), timeout=TIMEOUT)
            else:
                self._imap = imaplib.IMAP4(host, port, timeout=TIMEOUT)
            self._imap.login(unquote(self._parts.username or ""), unquote(self._parts.password or ""))
            if self._imap.select(f'"{self._folder}"')[0] != "OK":
                raise imaplib.IMAP4.error("no such folder")
        except (OSError, imaplib.IMAP4.error) as error:
            self._hang_up()
            raise MailboxError(f"The mailbox at {host} cannot be read ({type(error).__name__}).") from error
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _t: TracebackType | None) -> None:
        self._hang_up()

    def unread(self, most: int) -> list[str]:
        """The ids of up to ``most`` mails that nobody read yet, the oldest first."""
        found = self._uid("SEARCH", "UNSEEN")
        ids = found[0].split() if found and isinstance(found[0], bytes) else []
        return [one.decode("ascii") for one in ids[:most]]

    def read(self, uid: str) -> bytes:
        """The beginning of one mail; it stays unread."""
        parts = self._uid("FETCH", uid, f"(BODY.PEEK[]<0.{LARGEST}>)")
        return next((part[1] for part in parts if isinstance(part, tuple)), b"")

    def mark_read(self, uid: str) -> None:
        """Say that this mail is dealt with."""
        self._uid("STORE", uid, "+FLAGS", r"(\Seen)")

    def _uid(self, *command: str) -> list[bytes | tuple[bytes, bytes]]:
        assert self._imap is not None  # noqa: S101 - used outside its with
        try:
            return self._expect(self._imap.uid(*command))
        except (OSError, imaplib.IMAP4.error) as error:
            raise MailboxError(f"The mailbox stopped answering ({type(error).__name__}).") from error

    def _expect(self, answer: tuple[str, list[bytes | tuple[bytes, bytes]]]) -> list[bytes | tuple[bytes, bytes]]:
        word, said = answer
        if word != "OK":
            raise imaplib.IMAP4.error(word)
        return said

    def _hang_up(self) -> None:
        if self._imap is not None:
            with contextlib.suppress(OSError, imaplib.IMAP4.error):
                self._imap.logout()
            self._imap = None
