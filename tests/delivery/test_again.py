"""Support sends a message again."""

from __future__ import annotations

from datetime import timedelta

import pytest

from accounts import delivery
from accounts.lifecycle.actor import SYSTEM
from accounts.lifecycle.errors import LostRace, NotAllowed, NotReady
from accounts.models import Message, MessageState
from tests.delivery.post import waiting
from tests.delivery.smtp import MoodyServer
from tests.story import Story

pytestmark = [pytest.mark.django_db]


@pytest.fixture
def given_up(story: Story, server: MoodyServer) -> Message:
    """A message whose recipient was refused."""
    [only] = waiting(story, 1)
    server.answers[only.to_email] = "550 5.1.1 no such user"
    delivery.deliver_due(story.now)
    server.answers.clear()
    return Message.objects.get()


def test_given_up_starts_anew(story: Story, server: MoodyServer, given_up: Message) -> None:
    week = story.now + timedelta(days=7)
    delivery.send_again(given_up, by=story.actor("support"), now=week)
    row = Message.objects.get()
    assert (row.state, row.attempts, row.due_at, row.last_error) == (MessageState.QUEUED, 0, week, "")
    server.answers[row.to_email] = "451 4.7.1 later"
    assert delivery.deliver_due(week) == {"postponed": 1}
    server.answers.clear()
    assert delivery.deliver_due(week + timedelta(minutes=1)) == {"delivered": 1}


def test_delivered_goes_out_once_more_as_the_same_mail(story: Story, server: MoodyServer) -> None:
    waiting(story, 1)
    delivery.deliver_due(story.now)
    delivery.send_again(Message.objects.get(), by=story.actor("support"), now=story.now)
    assert Message.objects.get().delivered_at is None
    assert delivery.deliver_due(story.now) == {"delivered": 1}
    assert len(server.mails) == 2
    assert len({mail["Message-ID"] for mail in server.mails}) == 1


@pytest.mark.parametrize("who", ["ingrid", "responsible", "cegal", "administrator"])
def test_only_support_may(story: Story, given_up: Message, who: str) -> None:
    with pytest.raises(NotAllowed, match="Only Support"):
        delivery.send_again(given_up, by=story.actor(who), now=story.now)
    with pytest.raises(NotAllowed):
        delivery.send_again(given_up, by=SYSTEM, now=story.now)
    assert Message.objects.get().state == MessageState.GIVEN_UP


def test_waiting_goes_out_by_itself(story: Story, server: MoodyServer) -> None:
    [only] = waiting(story, 1)
    with pytest.raises(NotReady, match="by itself"):
        delivery.send_again(only, by=story.actor("support"), now=story.now)


def test_two_who_press_at_once(story: Story, given_up: Message) -> None:
    seen_by_the_other = Message.objects.get()
    delivery.send_again(given_up, by=story.actor("support"), now=story.now)
    with pytest.raises(LostRace, match="a moment ago"):
        delivery.send_again(seen_by_the_other, by=story.actor("colleague"), now=story.now)


def test_a_worker_is_woken(story: Story, given_up: Message, monkeypatch, django_capture_on_commit_callbacks) -> None:
    sent: list[str] = []
    monkeypatch.setattr("celery.app.base.Celery.send_task", lambda _app, name, **_: sent.append(name))
    with django_capture_on_commit_callbacks(execute=True):
        delivery.send_again(given_up, by=story.actor("support"), now=story.now)
    assert sent == ["accounts.tasks.deliver_messages"]
