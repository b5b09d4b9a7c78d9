"""Delivery reports out of a mailbox, over a connection to a small IMAP server on this machine."""

from __future__ import annotations

import re
import socketserver
import threading
from collections.abc import Iterator
from typing import ClassVar

import pytest

from accounts.actions import bounce_mailbox
from accounts.lifecycle.errors import NotReady
from accounts.models import Message, UnreachableAddress
from tests.gateways.test_reports import dsn
from tests.story import Story

PORTAL = "http://localhost:8000"


class Imap(socketserver.StreamRequestHandler):
    """As much of RFC 9051 as the portal speaks."""

    mails: ClassVar[dict[str, bytes]] = {}
    seen: ClassVar[set[str]] = set()

    def handle(self) -> None:
        self.wfile.write(b"* OK ready\r\n")
        while line := self.rfile.readline().decode():
            tag, _space, command = line.strip().partition(" ")
            self.wfile.write(self.answer(command) + f"{tag} {self.word(command)} done\r\n".encode())

    def word(self, command: str) -> str:
        return "NO" if "wrong" in command else "OK"

    def answer(self, command: str) -> bytes:
        if command.startswith("CAPABILITY"):
            return b"* CAPABILITY IMAP4rev1\r\n"
        if command.startswith("SELECT"):
            return b"* 2 EXISTS\r\n"
        if command.startswith("UID SEARCH"):
            return f"* SEARCH {' '.join(uid for uid in self.mails if uid not in self.seen)}\r\n".encode()
        if found := re.match(r"UID FETCH (\d+)", command):
            mail = self.mails[found[1]]
            return b"* 1 FETCH (UID %b BODY[]<0> {%d}\r\n%b)\r\n" % (found[1].encode(), len(mail), mail)
        if found := re.match(r"UID STORE (\d+)", command):
            self.seen.add(found[1])
        return b""


@pytest.fixture
def server() -> Iterator[str]:
    """The address of a mailbox without its folder."""
    Imap.mails, Imap.seen = {}, set()
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Imap) as tcp:
        tcp.daemon_threads = True
        threading.Thread(target=tcp.serve_forever, daemon=True).start()
        yield f"imap://bounces:{{password}}@127.0.0.1:{tcp.server_address[1]}/INBOX"
        tcp.shutdown()


def poll(story: Story, url: str) -> dict[str, int]:
    return dict(bounce_mailbox.poll(url, PORTAL, clock=lambda: story.now, between=lambda: None))


def test_each_mail_is_dealt_with_once(story: Story, server: str) -> None:
    story.account_in("notified")
    message = Message.objects.get(kind="inactivity_notice")
    Message.objects.filter(pk=message.pk).update(state="delivered", delivered_at=story.now)
    Imap.mails = {"7": dsn(name=f"<{message.pk}@localhost>"), "8": b"Subject: Out of office\r\n\r\nOn Monday.\r\n"}
    url = server.format(password="p%40ss")
    assert poll(story, url) == {"bounced": 1, "other_mails": 1}
    assert UnreachableAddress.objects.get().email == "ingrid@nordsjo.example"
    assert Imap.seen == {"7", "8"}
    assert poll(story, url) == {}
    Imap.seen.clear()
    assert poll(story, url) == {"known_already": 1, "other_mails": 1}


def test_a_mailbox_that_cannot_be_read_is_a_sentence_without_the_password(story: Story, server: str) -> None:
    for url in (server.format(password="wrong"), "imap://bounces:wrong@127.0.0.1:9/INBOX"):
        with pytest.raises(NotReady) as refused:
            poll(story, url)
        assert "cannot be read" in str(refused.value)
        assert "wrong" not in str(refused.value)


def test_without_a_mailbox_nothing_is_read(story: Story) -> None:
    assert poll(story, "") == {}
