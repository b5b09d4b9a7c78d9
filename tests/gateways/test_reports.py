"""Delivery reports as mail servers write them, and the mails that only look like one."""

from __future__ import annotations

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
