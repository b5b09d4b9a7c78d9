"""The answer period of a notice starts with the first delivery that succeeded (DOMAIN.md, "The inactivity rules")."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.utils import timezone

from accounts import delivery
from accounts.actions import inactivity
from accounts.delivery import post_room, stamp
from accounts.models import Account, Message, MessageState, Notice, PolicyNumber
from tests.delivery.smtp import MoodyServer
from tests.story import Story

pytestmark = [pytest.mark.django_db]

TODAY = date(2026, 11, 23)


def notified(story: Story, **columns) -> Notice:
    """The open notice of an account that the real check found; its mails are queued."""
    story.covered(TODAY - timedelta(days=500), TODAY)
    account = story.account(last_used_on=TODAY - timedelta(days=400), **columns)
    assert [entry.kind for entry in inactivity.check(today=TODAY, now=story.now)] == ["notified"]
    return Notice.objects.get(account=account)


def test_delivery_starts_the_answer_period_that_the_mail_names(story: Story, server: MoodyServer) -> None:
    notice = notified(story)
    assert (notice.delivered_on, notice.answer_by) == (None, None)
    assert delivery.deliver_due(story.now + timedelta(days=2)) == {"delivered": 1}
    notice.refresh_from_db()
    assert (notice.delivered_on, notice.answer_by) == (date(2026, 11, 25), date(2026, 12, 25))
    assert "Answer by 25 December 2026" in server.mails[0]["Subject"]


def test_the_policy_says_how_long(story: Story, server: MoodyServer) -> None:
    PolicyNumber.objects.create(name="answer_days", value=10)
    notice = notified(story)
    delivery.deliver_due(story.now)
    notice.refresh_from_db()
    assert notice.answer_by == date(2026, 12, 3)
    assert "Answer by 3 December 2026" in server.mails[0]["Subject"]


def test_the_first_delivery_counts_and_the_second_mail_names_its_day(story: Story, server: MoodyServer) -> None:
    """The owner's mail is greylisted; the technical contact's is delivered the evening before."""
    notice = notified(story, technical_email="tor@nordsjo.example")
    server.answers["ingrid@nordsjo.example"] = "451 4.7.1 later"
    assert delivery.deliver_due(story.now) == {"delivered": 1, "postponed": 1}
    server.answers.clear()
    assert delivery.deliver_due(story.now + timedelta(days=3)) == {"delivered": 1}
    notice.refresh_from_db()
    assert (notice.delivered_on, notice.answer_by) == (date(2026, 11, 23), date(2026, 12, 23))
    assert ["Answer by 23 December 2026" in mail["Subject"] for mail in server.mails] == [True, True]


def test_midnight_in_oslo_between_two_mails_of_one_notice(story: Story, server: MoodyServer) -> None:
    """23:59:59 for the first, 00:00:01 for the second: both name the day of the first."""
    notified(story, technical_email="tor@nordsjo.example")
    before = story.now.replace(hour=22, minute=59, second=59)  # UTC: 23:59:59 in Oslo
    times = [before, before, before, before + timedelta(seconds=2)]
    assert delivery.deliver_due(lambda: times.pop(0) if len(times) > 1 else times[0], run_for=None) == {"delivered": 2}
    assert timezone.localdate(times[0]) == TODAY + timedelta(days=1)
    assert ["Answer by 23 December 2026" in mail["Subject"] for mail in server.mails] == [True, True]
    assert Notice.objects.get().answer_by == date(2026, 12, 23)


def test_a_refused_notice_starts_nothing(story: Story, server: MoodyServer) -> None:
    notice = notified(story)
    server.answers["ingrid@nordsjo.example"] = "550 5.1.1 no such user"
    assert delivery.deliver_due(story.now) == {"given_up": 1}
    notice.refresh_from_db()
    assert (notice.delivered_on, notice.answer_by) == (None, None)


def test_a_reminder_starts_nothing(story: Story, server: MoodyServer) -> None:
    notice = notified(story)
    Message.objects.update(kind="inactivity_reminder")
    assert delivery.deliver_due(story.now) == {"delivered": 1}
    notice.refresh_from_db()
    assert notice.delivered_on is None


def test_stamp_and_answer_period_are_one_transaction(
    story: Story, server: MoodyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    notice = notified(story)

    def fail(*_args):
        raise RuntimeError("between the two")

    monkeypatch.setattr(stamp, "_start_answer_period", fail)
    with pytest.raises(RuntimeError):
        delivery.deliver_due(story.now)
    notice.refresh_from_db()
    assert (Message.objects.get().state, notice.delivered_on) == (MessageState.QUEUED, None)
    assert len(server.mails) == 1


def test_a_notice_that_was_answered_while_its_mail_was_under_way(story: Story, server: MoodyServer) -> None:
    notice = notified(story)
    sent = post_room.Line.send

    def send(line, mail):
        sent(line, mail)
        story.do(Account.objects.get(pk=notice.account_id), "keep", "ingrid", comment="Answered by phone.")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(post_room.Line, "send", send)
        assert delivery.deliver_due(story.now, 1) == {"delivered": 1}
    notice.refresh_from_db()
    assert (notice.outcome, notice.delivered_on) == ("kept", None)
    assert Message.objects.get(kind="inactivity_notice").state == MessageState.DELIVERED
