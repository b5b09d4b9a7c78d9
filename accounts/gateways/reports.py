"""Delivery reports (RFC 3464): which mail came back, from whom, and why. Bytes in, plain values out.

Only a report that says that a mail failed for good is one: a delay, a delivery, an automatic answer and a read
receipt are none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, message_from_string, policy
from email.message import Message
from email.utils import getaddresses
from uuid import UUID

LONGEST = 500  # characters of a diagnostic that are kept
MOST_RECIPIENTS = 50
_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
_COMMENT = re.compile(r"\([^()]*\)")
_MAILS = ("message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers")
_NAMES_A_MAIL = ("Message-ID", "X-Original-Message-ID", "Original-Message-ID", "In-Reply-To", "References")


class NoReport(Exception):
    """This is no report that a mail failed; the text says what it is, in English."""


@dataclass(frozen=True)
class Report:
    """A mail of ours that came back. ``recipients``: every address, in lower case, under which it may have been sent.

    ``is_permanent``: trying again is no use, rather than a passing trouble that lasted too long.
    """

    message_id: UUID
    recipients: frozenset[str]
    status: str
    diagnostic: str

    @property
    def is_permanent(self) -> bool:
        return not self.status.startswith("4.")


def read_report(mail: bytes, host: str) -> Report:
    """The failure that ``mail`` reports about a mail that ``host`` (the domain of our Message-IDs) sent.

    Raises NoReport, with a sentence that says why, for every other mail, however broken it is.
    """
    try:
        return _read(message_from_bytes(mail, policy=policy.compat32), host.lower())
    except NoReport:
        raise
    except Exception as error:  # a mail from outside: whatever is wrong with it, it is no report
        raise NoReport("This mail cannot be read: it is no delivery report.") from error


def _read(mail: Message, host: str) -> Report:
    if mail.get_content_type() != "multipart/report" or not mail.is_multipart():
        raise NoReport("This is no delivery report (RFC 3464) but another mail: an automatic answer, say.")
    status = next(_statuses(mail), None)
    if status is None:
        raise NoReport("This report says nothing about a delivery.")
    groups = list(_groups(status))
    failed = [fields for fields in groups if _has_failed(fields)]
    if not failed:
        raise NoReport("This report tells of no failure: the mail was delivered or delayed.")
    ours = next((found for text in _names(mail, status) for found in _ids(text, host)), None)
    if ours is None:
        raise NoReport("This report names no mail of the portal (no Message-ID of ours).")
    return Report(ours, frozenset(_recipients(mail, groups)), _status(failed[0]), _diagnostic(failed[0]))


def _statuses(mail: Message) -> Iterator[Message]:
    """The part with the fields; the kind for addresses beyond ASCII (RFC 6533) has to be taken apart here."""
    for part in mail.walk():
        if part.get_content_type() == "message/delivery-status":
            yield part
        elif part.get_content_type() == "message/global-delivery-status":
            yield message_from_string("Content-Type: message/delivery-status\n\n" + _text(part))


def _text(part: Message) -> str:
    """The content of a part that was taken for a mail within the mail, as it was written."""
    plain = Message()
    plain["Content-Transfer-Encoding"] = str(part.get("Content-Transfer-Encoding", "8bit"))
    plain.set_payload(_inside(part).as_bytes().lstrip())
    return _bytes(plain).decode("utf-8", "replace")


def _has_failed(fields: Message) -> bool:
    """Some servers explain the word in a comment (RFC 822): ``failed (perm)``."""
    return _COMMENT.sub("", _word(fields, "Action")).strip().lower() == "failed"


def _groups(part: Message) -> Iterator[Message]:
    """The groups of fields about each recipient; the first group, about the whole mail, is left out."""
    groups = part.get_payload()
    if isinstance(groups, list):
        yield from (
            group for group in groups[: MOST_RECIPIENTS + 1] if isinstance(group, Message) and "Action" in group
        )


def _names(mail: Message, status: Message) -> Iterator[str]:
    """Where a report may name the mail that came back: in the mail itself, in the status, or as what it answers."""
    for part in mail.walk():
        if part.get_content_type() in _MAILS:
            yield str(_original(part).get("Message-ID", ""))
    for group in status.get_payload() if isinstance(status.get_payload(), list) else []:
        yield from (str(group.get(name, "")) for name in _NAMES_A_MAIL[1:])  # type: ignore[union-attr]
    yield from (str(mail.get(name, "")) for name in _NAMES_A_MAIL[1:])


def _ids(text: str, host: str) -> Iterator[UUID]:
    for local, domain in re.findall(r"<([^<>@\s]{1,64})@([^<>@\s]{1,255})>", text):
        if domain.lower() == host:
            try:
                yield UUID(local)
            except ValueError:
                continue


def _recipients(mail: Message, groups: list[Message]) -> Iterator[str]:
    """The addresses that failed; where the report only names whom the mail was passed on to, whom it was sent to.

    Of those it was sent to, an address of which the report says something else (delivered, delayed) did not fail.
    """
    failed = [fields for fields in groups if _has_failed(fields)]
    originals = [_address(fields, "Original-Recipient") for fields in failed]
    if any(originals):
        yield from filter(None, originals)
        return
    yield from filter(None, (_address(fields, "Final-Recipient") for fields in failed))
    others = [fields for fields in groups if not _has_failed(fields)]
    reached = {_address(fields, name) for fields in others for name in ("Original-Recipient", "Final-Recipient")}
    yield from (address for address in _sent_to(mail) if address not in reached)


def _sent_to(mail: Message) -> Iterator[str]:
    for part in mail.walk():
        if part.get_content_type() in _MAILS:
            to = str(_original(part).get("To", ""))
            yield from (address.lower() for _name, address in getaddresses([to]))


def _original(part: Message) -> Message:
    """The mail that came back, or its headers."""
    is_text = part.get_content_type() == "text/rfc822-headers"
    return message_from_bytes(_bytes(part)) if is_text else _inside(part)


def _address(fields: Message, name: str) -> str:
    """``rfc822; ingrid@nordsjo.example`` gives the address in lower case."""
    kind, _semicolon, address = _word(fields, name).partition(";")
    return address.strip().strip("<>").lower() if kind.strip().lower() in ("rfc822", "utf-8") else ""


def _status(fields: Message) -> str:
    found = _STATUS.search(_word(fields, "Status"))
    return found[0] if found else "5.0.0"


def _diagnostic(fields: Message) -> str:
    kind, semicolon, text = _word(fields, "Diagnostic-Code").partition(";")
    return (text.strip() if semicolon else kind)[:LONGEST].replace("\0", "")


def _word(fields: Message, name: str) -> str:
    return " ".join(str(fields.get(name, "")).split())


def _inside(part: Message) -> Message:
    inner = part.get_payload()
    return inner[0] if isinstance(inner, list) and inner and isinstance(inner[0], Message) else Message()


def _bytes(part: Message) -> bytes:
    found = part.get_payload(decode=True)
    return found if isinstance(found, bytes) else b""
