"""Several workers at once: each mail goes out once."""

from __future__ import annotations

import pytest

from accounts import delivery
from accounts.delivery import post_room
from accounts.models import Message, MessageState
from tests.delivery.post import waiting
from tests.delivery.smtp import MoodyServer
from tests.delivery.threads import at_once
from tests.story import Story

pytestmark = [pytest.mark.django_db(transaction=True)]


def test_four_deliverers_send_each_mail_once(
    story: Story, server: MoodyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(post_room, "BATCH", 7)
    messages = waiting(story, 60)
    counts = at_once(4, lambda: delivery.deliver_due(story.now))
    assert sum(count.get("delivered", 0) for count in counts) == 60
    assert sorted(server.addresses()) == [m.to_email for m in messages]
    assert set(Message.objects.values_list("state", "attempts")) == {(MessageState.DELIVERED.value, 1)}
