"""The watchdog sees that mails wait, however often each was tried: with the real post room and a mail server."""

from __future__ import annotations

from datetime import timedelta

import pytest

from accounts import delivery
from accounts.lifecycle.alive import Late, Part
from accounts.models import Message
from accounts.readers import alive
from tests.delivery.post import message, waiting
from tests.delivery.smtp import MoodyServer, listening
from tests.story import Story

pytestmark = [pytest.mark.django_db]

MINUTE = timedelta(minutes=1)


def mail_stands_still(story: Story, minute: int) -> list[Late]:
    return [one for one in alive.standing_still(story.now + minute * MINUTE) if one.part is Part.MAIL]


def deliver(story: Story, *minutes: int) -> None:
    """The post room as it runs with the ticks of these minutes."""
    for minute in minutes:
        delivery.deliver_due(story.now + minute * MINUTE)


def test_a_mail_server_that_is_away_is_seen_although_every_mail_is_tried_again(story: Story, mail_address: int) -> None:
    waiting(story, 2)
    deliver(story, *range(16))
    assert min(row.due_at for row in Message.objects.all()) > story.now + 15 * MINUTE, "none is overdue"
    assert mail_stands_still(story, 15) == []
    (late,) = mail_stands_still(story, 16)
    assert "Emails wait to be sent: 2, the oldest for 16 minutes" in str(late.sentence)
    with listening(MoodyServer(port=mail_address)):
        deliver(story, 32)
    assert mail_stands_still(story, 33) == []


def test_one_recipient_that_is_put_off_for_some_minutes_is_no_standstill(story: Story, server: MoodyServer) -> None:
    waiting(story, 3)
    server.answers["p001@nordsjo.example"] = "451 4.7.1 greylisted, try again"
    deliver(story, 0, 1, 3, 7, 15, 31)
    assert Message.objects.filter(state="queued").count() == 1
    assert mail_stands_still(story, 60) == []
    (late,) = mail_stands_still(story, 61)
    assert "Emails wait to be sent: 1, the oldest for 61 minutes" in str(late.sentence)


def test_those_written_since_the_last_delivery_count_beside_one_that_is_put_off(
    story: Story, server: MoodyServer
) -> None:
    waiting(story, 2)
    server.answers["p001@nordsjo.example"] = "451 4.7.1 greylisted, try again"
    deliver(story, 0)
    message("order_to_triage", story.order_in("support"), "new@nordsjo.example", now=story.now + 5 * MINUTE)
    Message.objects.filter(created_at=story.now).exclude(to_email__startswith="p00").delete()
    assert mail_stands_still(story, 20) == []
    assert len(mail_stands_still(story, 21)) == 1


def test_the_watchdogs_own_mail_proves_nothing(story: Story, server: MoodyServer) -> None:
    """It goes out from the web process: the worker that should send the others may be dead."""
    (own, other) = waiting(story, 2)
    Message.objects.filter(pk=own.pk).update(state="delivered", delivered_at=story.now + 10 * MINUTE)
    assert mail_stands_still(story, 16) == []
    Message.objects.filter(pk=own.pk).update(kind=alive.OWN_MAIL)
    assert len(mail_stands_still(story, 16)) == 1
    deliver(story, 16)
    other.refresh_from_db()
    assert other.state == "delivered"
    assert mail_stands_still(story, 17) == []
