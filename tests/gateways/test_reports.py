"""Delivery reports as mail servers write them, and the mails that only look like one."""

from __future__ import annotations

import base64
from uuid import UUID

import pytest

from accounts.gateways.reports import NoReport, read_report

ID = UUID("0197d3a4-0000-7000-8000-000000000001")
HOST = "portal.example"


def dsn(
    *,
    action: str = "failed",
    status: str = "5.1.1",
    original: str = "",
    final: str = "ingrid@nordsjo.example",
    inside: str = "rfc822",
    name: str = f"<{ID}@{HOST}>",
    kind: str = "report; report-type=delivery-status",
) -> bytes:
    """A report as Postfix writes it."""
    sent = (
        f"Message-ID: {name}\r\nTo: Ingrid Solheim <ingrid@nordsjo.example>\r\nSubject: Do you still need it?\r\n\r\n"
    )
    part = {"rfc822": f"Content-Type: message/rfc822\r\n\r\n{sent}Text.\r\n",
            "none": "Content-Type: text/plain\r\n\r\n-\r\n",
            "headers": f"Content-Type: text/rfc822-headers\r\n\r\n{sent}"}[inside]  # fmt: skip
    said = f"Original-Recipient: rfc822;{original}\r\n" if original else ""
    return (
        "From: MAILER-DAEMON@mx.example\r\nSubject: Undelivered\r\n"
        f'Content-Type: multipart/{kind}; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nIt could not be delivered.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n"
        f"{said}Final-Recipient: rfc822; {final}\r\nAction: {action}\r\nStatus: {status}\r\n"
        f"Diagnostic-Code: smtp; 550 5.1.1 no such user\r\n\r\n--b\r\n{part}--b--\r\n"
    ).encode()


@pytest.mark.parametrize("inside", ["rfc822", "headers"])
def test_a_report_names_the_mail_the_address_and_why(inside: str) -> None:
    report = read_report(dsn(inside=inside), HOST)
    assert (report.message_id, report.status, report.is_permanent) == (ID, "5.1.1", True)
    assert report.recipients == {"ingrid@nordsjo.example"}
    assert report.diagnostic == "550 5.1.1 no such user"


def test_a_forwarded_mail_counts_for_the_address_it_was_sent_to() -> None:
    assert "ingrid@nordsjo.example" in read_report(dsn(final="ingrid@elsewhere.example"), HOST).recipients
    told = read_report(dsn(final="x@elsewhere.example", original="Ingrid@Nordsjo.example"), HOST)
    assert told.recipients == {"ingrid@nordsjo.example"}


def test_a_passing_trouble_that_lasted_too_long_is_a_failure_but_not_for_good() -> None:
    assert not read_report(dsn(status="4.4.7"), HOST).is_permanent


OURS_FINE = b"Final-Recipient: rfc822; Ingrid@nordsjo.example\r\nAction: delivered\r\nStatus: 2.0.0\r\n\r\n"


def with_group(mail: bytes, group: bytes) -> bytes:
    """The report with one more group, before the one that failed."""
    return mail.replace(b"dns; mx.example\r\n\r\n", b"dns; mx.example\r\n\r\n" + group)


def test_a_recipient_that_the_mail_reached_did_not_fail_with_the_other() -> None:
    report = read_report(with_group(dsn(final="other@nordsjo.example"), OURS_FINE), HOST)
    assert report.recipients == {"other@nordsjo.example"}
    assert report.status == "5.1.1"


@pytest.mark.parametrize("action", ["failed (perm)", "Failed(mailbox is full)", "(what came of it) failed"])
def test_a_comment_beside_the_action_is_no_part_of_it(action: str) -> None:
    assert read_report(dsn(action=action), HOST).message_id == ID


@pytest.mark.parametrize("inside", [b"message/rfc822", b"message/global", b"message/global-headers"])
@pytest.mark.parametrize("encoding", ["8bit", "base64"])
def test_a_report_for_addresses_beyond_ascii(encoding: str, inside: bytes) -> None:
    """RFC 6533, whose part may be encoded."""
    start = b"Content-Type: message/delivery-status\r\n\r\n"
    mail = dsn(original="x").replace(b"rfc822;x", "utf-8; Ørjan@nordsjø.example".encode())
    before, _start, rest = mail.replace(b"message/rfc822", inside).partition(start)
    fields, end, after = rest.partition(b"--b\r\n")
    head = f"Content-Type: message/global-delivery-status\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n".encode()
    fields = base64.encodebytes(fields) if encoding == "base64" else fields
    report = read_report(before + head + fields + end + after, HOST)
    assert report.recipients == {"ørjan@nordsjø.example"}
    assert (report.message_id, report.status) == (ID, "5.1.1")


@pytest.mark.parametrize(
    "mail",
    [
        dsn(action="delayed", status="4.4.1"),
        dsn(action="delivered", status="2.0.0"),
        dsn(kind="mixed"),
        dsn(name=f"<{ID}@elsewhere.example>"),
        dsn(name="<not-one-of-ours@portal.example>"),
        dsn(inside="none"),
        b"From: a@b.example\r\nAuto-Submitted: auto-replied\r\nSubject: Out of office\r\n\r\nBack on Monday.\r\n",
        b'Content-Type: multipart/report; report-type=disposition-notification; boundary="b"\r\n\r\n--b\r\n'
        b"Content-Type: message/disposition-notification\r\n\r\nDisposition: displayed\r\n--b--\r\n",
        b"",
        b"\x00\xff\xfe" * 100,
        dsn()[:300],
        b"Content-Type: multipart/report\r\n\r\n",
    ],
)
def test_what_is_no_report_of_a_failure_says_so(mail: bytes) -> None:
    with pytest.raises(NoReport) as said:
        read_report(mail, HOST)
    assert str(said.value).endswith((".", ")."))
