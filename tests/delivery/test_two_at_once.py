"""Several workers at once: each mail goes out once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connections

from accounts import delivery
from accounts.delivery import post_room
from accounts.models import Message, MessageState
from tests.delivery.post import waiting
from tests.delivery.smtp import MoodyServer
from tests.story import Story

pytestmark = [pytest.mark.django_db(transaction=True)]


def at_once(number: int, work: Callable[[], Any]) -> list[Any]:
    """What ``work`` gave in each of so many threads that began together; an error in one is raised here."""
    together, given = threading.Barrier(number), []

    def run() -> None:
        try:
            together.wait(10)
            given.append(work())
        except BaseException as error:
            given.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    for answer in given:
        if isinstance(answer, BaseException):
            raise answer
    return given


def test_four_deliverers_send_each_mail_once(
    story: Story, server: MoodyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(post_room, "BATCH", 7)
    messages = waiting(story, 60)
    counts = at_once(4, lambda: delivery.deliver_due(story.now))
    assert sum(count.get("delivered", 0) for count in counts) == 60
    assert sorted(server.addresses()) == [m.to_email for m in messages]
    assert set(Message.objects.values_list("state", "attempts")) == {(MessageState.DELIVERED.value, 1)}
