"""The kept mails: readable where mails are kept, not there where they are sent, and harmless whatever they hold."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.core import mail
from django.core.mail import EmailMultiAlternatives, get_connection
from django.test import Client

BACKEND = "django.core.mail.backends.filebased.EmailBackend"
RULE = b"-" * 79 + b"\n"
HTML = '<style>@media print { p { color: red } }</style><p style="color: #123456">Hei, <b>Ingrid</b></p>'


@pytest.fixture
def folder(db: None, tmp_path: Path, settings: object) -> Path:
    settings.MAIL_IS_KEPT, settings.MAIL_FOLDER = True, tmp_path  # type: ignore[attr-defined]
    settings.ROOT_URLCONF = "tests.web.mailbox_urls"  # type: ignore[attr-defined]
    return tmp_path


def send(folder: Path, *subjects: str, body: str = "Code: ABC-123\n\nhttp://localhost:8000/orders/") -> None:
    """Several mails over one connection, as the post room sends them."""
    with get_connection(BACKEND, file_path=str(folder)) as connection:
        for subject in subjects:
            message = EmailMultiAlternatives(subject, body, "a@x.example", ["b@x.example"], connection=connection)
            message.attach_alternative(HTML, "text/html")
            message.send()


def test_there_is_no_mailbox_where_mails_are_sent(client: Client, db: None, settings: object) -> None:
    assert settings.MAIL_IS_KEPT is False  # type: ignore[attr-defined]
    for url in ("/mailbox/", "/mailbox/x.log/0/", "/mailbox/x.log/0/html"):
        assert client.get(url).status_code == 404


def test_its_views_refuse_too_where_mails_are_sent(client: Client, folder: Path, settings: object) -> None:
    settings.MAIL_IS_KEPT = False  # type: ignore[attr-defined]
    send(folder, "Kept from before")
    assert client.get("/mailbox/").status_code == 404


def test_it_is_open_without_signing_in_and_says_what_it_is(client: Client, folder: Path) -> None:
    text = client.get("/mailbox/").content.decode()
    assert "keeps its mails in a folder" in text
    assert "No mails" in text


def test_a_folder_that_is_not_there_yet(client: Client, folder: Path, settings: object) -> None:
    settings.MAIL_FOLDER = folder / "later"  # type: ignore[attr-defined]
    assert client.get("/mailbox/").status_code == 200


def test_the_newest_mail_comes_first(client: Client, folder: Path) -> None:
    send(folder, "First", "Second på norsk 🛢️", "Third")
    mails = client.get("/mailbox/").context["mails"]
    assert [one.subject for one in mails] == ["Third", "Second på norsk 🛢️", "First"]
    assert {one.to for one in mails} == {"b@x.example"}
    assert all(one.at is not None for one in mails)


def test_a_mail_shows_its_text_with_links(client: Client, folder: Path) -> None:
    send(folder, "Your code")
    one = client.get("/mailbox/").context["mails"][0]
    text = client.get(f"/mailbox/{one.file}/{one.place}/").content.decode()
    assert "Code: ABC-123" in text
    assert 'href="http://localhost:8000/orders/"' in text


def test_the_html_is_shut_in_and_its_own_styles_are_allowed_by_hash(client: Client, folder: Path) -> None:
    send(folder, "Styled")
    one = client.get("/mailbox/").context["mails"][0]
    answer = client.get(f"/mailbox/{one.file}/{one.place}/html")
    policy = answer["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe-inline" not in policy
    assert "script" not in policy
    assert "sandbox" in policy
    assert len(re.findall(r"'sha256-[A-Za-z0-9+/]{43}='", policy)) == 2
    assert "Hei, <b>Ingrid</b>" in answer.content.decode()


def test_the_text_of_a_mail_is_text(client: Client, folder: Path) -> None:
    send(folder, "<script>alert(1)</script>", body="<script>alert(2)</script> javascript:alert(3)")
    one = client.get("/mailbox/").context["mails"][0]
    for url in ("/mailbox/", f"/mailbox/{one.file}/{one.place}/"):
        text = client.get(url).content.decode()
        assert "<script>alert" not in text
        assert 'href="javascript' not in text


def test_many_mails_page(client: Client, folder: Path) -> None:
    send(folder, *(f"Mail {number}" for number in range(30)))
    first = client.get("/mailbox/")
    second = client.get(first.context["next_url"])
    subjects = [one.subject for one in [*first.context["mails"], *second.context["mails"]]]
    assert subjects == [f"Mail {number}" for number in range(29, -1, -1)]
    assert not second.context["next_url"]


@pytest.mark.parametrize("after", ["", "x", "x~1", "gone.log~3", "%00~1", "~~", "a.log~" + "9" * 99])
def test_a_place_that_nobody_gave(client: Client, folder: Path, after: str) -> None:
    send(folder, "One")
    assert client.get(f"/mailbox/?after={after}").status_code == 200


def test_odd_files_are_read_as_far_as_they_can_be(client: Client, folder: Path) -> None:
    odd = {
        "20260101-000000-1.log": b"",
        "20260101-000000-2.log": b"\x00\xff\xfe binary \x00" * 1000,
        "20260101-000000-3.log": b"no header at all\n" + RULE,
        "20260101-000000-4.log": b"Subject: =?utf-8?b?!!!?=\nDate: yesterday\nTo: \x80\x81 <\n\nbody\n" + RULE,
        "20260101-000000-5.log": b"Subject: x\nContent-Type: text/plain; charset=klingon\n\nbody\n" + RULE,
        "20260101-000000-6.log": b"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/html\n\n<p",
        "20260101-000000-7.log": b"Subject: " + b"long " * 50_000 + b"\n\n" + b"x" * 200_000 + b"\n" + RULE,
        "20260101-000000-8.log": RULE * 50,
        "notes.txt": b"not a mail",
    }
    for name, data in odd.items():
        (folder / name).write_bytes(data)
    (folder / "folder.log").mkdir()
    mails = client.get("/mailbox/").context["mails"]
    assert len(mails) == 6
    for one in mails:
        assert client.get(f"/mailbox/{one.file}/{one.place}/").status_code == 200
        assert client.get(f"/mailbox/{one.file}/{one.place}/html").status_code in (200, 404)


@pytest.mark.parametrize(
    "path",
    ["..%2F..%2Fetc%2Fpasswd/0/", "%2Fetc%2Fpasswd/0/", "portal.sqlite3/0/", "a.log/99/", "..log/0/", "%00.log/0/"],
)
def test_only_mails_are_served(client: Client, folder: Path, path: str) -> None:
    (folder / "portal.sqlite3").write_bytes(b"Subject: secret\n\nsecret\n")
    (folder / "a.log").write_bytes(b"Subject: one\n\nbody\n" + RULE)
    assert client.get(f"/mailbox/{path}").status_code == 404


def test_the_sign_in_code_can_be_read_there(client: Client, folder: Path, settings: object) -> None:
    settings.EMAIL_BACKEND, settings.EMAIL_FILE_PATH = BACKEND, str(folder)  # type: ignore[attr-defined]
    client.post("/account/login/", {"login": "ny@x.example"})
    one = client.get("/mailbox/").context["mails"][0]
    assert one.to == "ny@x.example"
    assert not mail.outbox
