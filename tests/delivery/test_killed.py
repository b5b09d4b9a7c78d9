"""A worker that is killed with SIGKILL loses nothing, and repeats only what it could not stamp any more."""

from __future__ import annotations

import os
import signal
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts import delivery
from accounts.delivery.claim import LEASE
from accounts.models import Message, MessageState
from tests.delivery.post import waiting
from tests.delivery.processes import start
from tests.delivery.smtp import MoodyServer
from tests.servers import wait_for
from tests.story import Story

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.processes,
    pytest.mark.timeout(120),
]


def delivered() -> int:
    return Message.objects.filter(state=MessageState.DELIVERED.value).count()


def test_killed_while_the_server_is_silent(story: Story, server: MoodyServer) -> None:
    messages = waiting(story, 12, now=timezone.now())
    server.silent_from = 5
    worker = start("deliver_messages", EMAIL_URL=server.url)
    try:
        wait_for(lambda: server.silences, seconds=60, what="the mail at which the server falls silent")
        assert delivered() == 5
    finally:
        worker.send_signal(signal.SIGKILL)
        worker.communicate()
    server.silent_from = None
    assert delivery.deliver_due(timezone.now()) == {}, "the dead worker's claim must hold until its lease is over"
    assert delivery.deliver_due(timezone.now() + LEASE) == {"delivered": 7}
    assert sorted(server.addresses()) == [m.to_email for m in messages]


def test_killed_between_ok_and_stamp(story: Story, server: MoodyServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server has the mail, and the worker dies before it hears so: that one mail goes out twice."""
    messages = waiting(story, 6, now=timezone.now())
    accept = MoodyServer.handle_DATA

    async def accept_and_kill(self: MoodyServer, smtp: Any, session: Any, envelope: Any) -> str:
        answer = await accept(self, smtp, session, envelope)
        if len(self.mails) == 3:
            os.kill(worker.pid, signal.SIGKILL)
        return answer

    monkeypatch.setattr(MoodyServer, "handle_DATA", accept_and_kill)
    worker = start("deliver_messages", EMAIL_URL=server.url)
    worker.communicate(timeout=60)
    assert worker.returncode == -signal.SIGKILL
    monkeypatch.undo()
    assert delivered() == 2
    assert delivery.deliver_due(timezone.now() + LEASE) == {"delivered": 4}
    got = Counter(server.addresses())
    assert sorted(got) == [m.to_email for m in messages]
    assert sorted(got.values()) == [1, 1, 1, 1, 1, 2]
    repeated = [mail["Message-ID"] for mail in server.to(max(got, key=lambda address: got[address]))]
    assert len(repeated) == 2
    assert len(set(repeated)) == 1


def test_the_command_says_what_it_did(story: Story, server: MoodyServer) -> None:
    messages = waiting(story, 4, now=timezone.now())
    server.answers[messages[0].to_email] = "550 5.1.1 no such user"
    server.answers[messages[1].to_email] = "451 4.7.1 later"
    said, errors = start("deliver_messages", EMAIL_URL=server.url).communicate(timeout=60)
    assert "Delivered 2, postponed 1, given up 1." in said, errors
    due = timezone.localtime(Message.objects.get(state=MessageState.QUEUED.value).due_at)
    assert f"Still waiting: 1, the next attempt at {due:%H:%M}" in said


def test_watching_delivers_what_comes_and_stops_when_asked(story: Story, server: MoodyServer) -> None:
    waiting(story, 2, now=timezone.now())
    worker = start("deliver_messages", "--watch", EMAIL_URL=server.url)
    try:
        wait_for(lambda: delivered() == 2, seconds=60, what="two mails")
        Message.objects.update(
            state=MessageState.QUEUED.value, delivered_at=None, due_at=timezone.now() + timedelta(seconds=1)
        )
        wait_for(lambda: delivered() == 2, seconds=60, what="two more")
        worker.send_signal(signal.SIGINT)
        said, errors = worker.communicate(timeout=20)
    finally:
        worker.kill()
    assert worker.returncode == 0, errors
    assert said.splitlines()[-1] == "Stopped."
    assert said.count("Delivered 2, postponed 0, given up 0.") == 2
