"""Claim, render, send, stamp; retry, give up visibly: against a real mail server."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.conf import settings as portal

from accounts import delivery
from accounts.actions import inactivity
from accounts.delivery import claim as claims
from accounts.delivery import post_room, stamp
from accounts.delivery.letter import DEACTIVATED, NOTICE_OVER, ROLE_LOST
from accounts.lifecycle.states import Role
from accounts.models import Message, MessageState, Notice, RoleGrant
from tests.delivery.post import message, waiting
from tests.delivery.smtp import MoodyServer, listening
from tests.story import Story

pytestmark = [pytest.mark.django_db]

MINUTE = timedelta(minutes=1)


def states() -> dict[str, str]:
    return dict(Message.objects.values_list("to_email", "state"))


def test_everything_that_is_due_goes_out_over_one_connection(story: Story, server: MoodyServer) -> None:
    messages = waiting(story, 30)
    later = message("order_to_triage", story.order_in("support"), "later@nordsjo.example", now=story.now + MINUTE)
    Message.objects.exclude(pk__in=[m.pk for m in [*messages, later]]).delete()
    assert delivery.deliver_due(story.now) == {"delivered": 30}
    assert len(server.connections) == 1
    assert sorted(server.addresses()) == [m.to_email for m in messages]
    assert {mail["Message-ID"] for mail in server.mails} == {f"<{m.pk}@localhost>" for m in messages}
    for row in Message.objects.exclude(pk=later.pk):
        assert (row.state, row.delivered_at, row.attempts) == (MessageState.DELIVERED, story.now, 1)
        assert (row.claim, row.claimed_until, row.last_error) == (None, None, "")
    assert delivery.deliver_due(story.now) == {}
    assert delivery.deliver_due(story.now + MINUTE) == {"delivered": 1}


def test_a_mail_arrives_whole(story: Story, server: MoodyServer) -> None:
    order = story.order_in("support")
    Message.objects.all().delete()
    message("order_received", order, story.ingrid, now=story.now, comment="Blåbær & <grøt>\n.\nen prikk alene")
    delivery.deliver_due(story.now)
    [mail] = server.mails
    assert mail["To"] == "Ingrid Solheim <ingrid@nordsjo.example>"
    assert mail["Reply-To"] == portal.SUPPORT_EMAIL
    assert mail["Auto-Submitted"] == "auto-generated"
    text = mail.get_body(("plain",)).get_content()
    assert "Blåbær & <grøt>\n.\nen prikk alene" in text.replace("\r\n", "\n")
    assert "Blåbær &amp; &lt;grøt&gt;" in mail.get_body(("html",)).get_content()


def test_more_than_one_batch_and_a_limit(story: Story, server: MoodyServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(post_room, "BATCH", 10)
    waiting(story, 35)
    rests: list[int] = []
    assert delivery.deliver_due(story.now, 15, between=lambda: rests.append(1)) == {"delivered": 15}
    assert len(rests) == 2
    assert delivery.deliver_due(story.now) == {"delivered": 20}
    assert len(set(server.addresses())) == len(server.addresses()) == 35


def test_a_run_begins_no_new_batch_after_its_time(
    story: Story, server: MoodyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(post_room, "BATCH", 10)
    waiting(story, 25)
    assert delivery.deliver_due(lambda: story.now, run_for=timedelta()) == {"delivered": 10}


def test_one_bad_recipient_among_many_fails_alone(story: Story, server: MoodyServer) -> None:
    waiting(story, 10)
    server.answers["p003@nordsjo.example"] = "550 5.1.1 no such user"
    assert delivery.deliver_due(story.now) == {"delivered": 9, "given_up": 1}
    bad = Message.objects.get(to_email="p003@nordsjo.example")
    assert (bad.state, bad.attempts, bad.last_error) == (MessageState.GIVEN_UP, 1, "550 5.1.1 no such user")
    assert len(server.connections) == 1
    assert delivery.deliver_due(story.now + timedelta(days=2)) == {}


def test_greylisted_comes_back_with_growing_pauses(story: Story, server: MoodyServer) -> None:
    [first, _second] = waiting(story, 2)
    server.answers[first.to_email] = "451 4.7.1 greylisted"
    assert delivery.deliver_due(story.now) == {"delivered": 1, "postponed": 1}
    first.refresh_from_db()
    assert (first.state, first.attempts, first.last_error) == (MessageState.QUEUED, 1, "451 4.7.1 greylisted")
    assert (first.claim, first.due_at) == (None, story.now + MINUTE)
    assert delivery.deliver_due(story.now + timedelta(seconds=59)) == {}
    at = story.now + MINUTE
    assert delivery.deliver_due(at) == {"postponed": 1}
    first.refresh_from_db()
    assert first.due_at == at + 2 * MINUTE
    server.answers.clear()
    assert delivery.deliver_due(first.due_at) == {"delivered": 1}
    first.refresh_from_db()
    assert (first.state, first.attempts, first.last_error) == (MessageState.DELIVERED, 3, "")


@pytest.mark.parametrize("about", ["DATA", "MAIL"])
def test_refused_content_and_a_refused_sender_are_tried_again(story: Story, server: MoodyServer, about: str) -> None:
    """Neither says anything about the recipient: what is wrong may be put right within a day."""
    waiting(story, 3)
    server.answers[about] = "554 5.7.1 not like this"
    assert delivery.deliver_due(story.now) == {"postponed": 3}
    assert set(Message.objects.values_list("last_error", flat=True)) == {"554 5.7.1 not like this"}
    server.answers.clear()
    assert delivery.deliver_due(story.now + MINUTE) == {"delivered": 3}


def test_the_server_is_away_and_comes_back(story: Story, mail_address: int) -> None:
    waiting(story, 5)
    assert delivery.deliver_due(story.now) == {"postponed": 5}
    for row in Message.objects.all():
        assert (row.state, row.attempts, row.due_at) == (MessageState.QUEUED, 1, story.now + MINUTE)
        assert "refused" in row.last_error
    with listening(MoodyServer(port=mail_address)) as server:
        assert delivery.deliver_due(story.now + MINUTE) == {"delivered": 5}
        assert len(server.mails) == 5


def test_a_wrong_password_is_nobodys_fault(story: Story, server: MoodyServer, settings) -> None:
    """The mail server refuses the portal itself: everything waits, nobody is given up."""
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "portal", "wrong"
    waiting(story, 3)
    assert delivery.deliver_due(story.now) == {"postponed": 3}
    assert not Message.objects.exclude(state=MessageState.QUEUED).exists()


def test_given_up_a_day_after_it_was_created_and_not_a_minute_before(story: Story, mail_address: int) -> None:
    [only] = waiting(story, 1)
    pauses, at = [], story.now
    while only.state == MessageState.QUEUED:
        assert delivery.deliver_due(at).keys() <= {"postponed", "given_up"}
        only.refresh_from_db()
        pauses.append((only.due_at - at) / MINUTE)
        at = max(only.due_at, at)
    assert pauses[:9] == [1, 2, 4, 8, 16, 32, 64, 120, 120]
    assert max(pauses) == 120
    assert at == story.now + timedelta(days=1)
    assert only.state == MessageState.GIVEN_UP
    assert "refused" in only.last_error
    assert delivery.deliver_due(at + timedelta(days=3)) == {}


def test_what_was_never_tried_is_tried_once_however_old(story: Story, server: MoodyServer) -> None:
    waiting(story, 1)
    assert delivery.deliver_due(story.now + timedelta(days=5)) == {"delivered": 1}


def test_a_dropped_connection_is_opened_again_and_nobody_notices(story: Story, server: MoodyServer) -> None:
    messages = waiting(story, 8)
    server.hang_up_at = {3, 6}
    assert delivery.deliver_due(story.now) == {"delivered": 8}
    assert sorted(server.addresses()) == [m.to_email for m in messages]
    assert len(server.connections) == 3
    assert set(Message.objects.values_list("attempts", flat=True)) == {1}


def test_a_server_that_falls_silent_costs_two_mails_their_wait_and_the_rest_nothing(
    story: Story, server: MoodyServer, settings
) -> None:
    settings.EMAIL_TIMEOUT = 0.3
    waiting(story, 30)
    server.silent_from = 4
    assert delivery.deliver_due(story.now) == {"delivered": 4, "postponed": 26}
    assert server.silences == 2
    assert all("timed out" in error for error in Message.objects.exclude(attempts=1).values_list("last_error"))
    server.silent_from = None
    assert delivery.deliver_due(story.now + MINUTE) == {"delivered": 26}
    assert len(set(server.addresses())) == 30


def test_a_mail_that_cannot_be_written_does_not_keep_the_others(story: Story, server: MoodyServer, caplog) -> None:
    messages = waiting(story, 4)
    Message.objects.filter(pk=messages[1].pk).update(kind="no_such_kind")
    assert delivery.deliver_due(story.now) == {"delivered": 3, "postponed": 1}
    broken = Message.objects.get(pk=messages[1].pk)
    assert broken.last_error == "KeyError: 'no_such_kind'"
    assert broken.due_at == story.now + MINUTE
    assert "could not be rendered" in caplog.text
    assert delivery.deliver_due(story.now + timedelta(days=1)) == {"given_up": 1}


def test_a_dead_workers_claim_comes_back_after_its_lease(story: Story, server: MoodyServer) -> None:
    waiting(story, 3)
    dead = claims.take(story.now, 2)
    assert dead is not None
    assert delivery.deliver_due(story.now) == {"delivered": 1}
    assert delivery.deliver_due(dead.until - timedelta(seconds=1)) == {}
    assert delivery.deliver_due(dead.until) == {"delivered": 2}
    assert len(set(server.addresses())) == 3


def test_a_worker_whose_claim_ran_out_does_not_touch_the_row(story: Story, server: MoodyServer) -> None:
    [only] = waiting(story, 1)
    old = claims.take(story.now, 1)
    new = claims.take(old.until, 1)
    only.refresh_from_db()
    assert not stamp.delivered(only, old, now=old.until, policy=post_room.current_policy())
    stamp.not_now(only, old, now=old.until, error="too late")
    old.release()
    only.refresh_from_db()
    assert (only.state, only.claim, only.last_error) == (MessageState.QUEUED, new.token, "")


def test_nothing_is_begun_that_the_lease_may_not_cover(story: Story, server: MoodyServer) -> None:
    """A clock on which everything takes a minute: a claim of five minutes covers two mails."""
    waiting(story, 6)
    times = iter(story.now + MINUTE * n for n in range(100))
    counts = delivery.deliver_due(lambda: next(times), run_for=None)
    assert counts == {"delivered": 6}
    assert len(set(server.addresses())) == len(server.addresses()) == 6
    assert len(server.connections) == 3


@pytest.mark.parametrize("stop", [KeyboardInterrupt, MemoryError])
def test_whatever_stops_a_worker_gives_the_rest_back(
    story: Story, server: MoodyServer, monkeypatch: pytest.MonkeyPatch, stop: type[BaseException]
) -> None:
    waiting(story, 5)
    sent = post_room.Line.send

    def send(line, mail):
        if len(server.mails) == 2:
            raise stop
        sent(line, mail)

    monkeypatch.setattr(post_room.Line, "send", send)
    with pytest.raises(stop):
        delivery.deliver_due(story.now)
    assert list(states().values()).count("delivered") == 2
    assert not Message.objects.exclude(claim=None).exists()
    monkeypatch.undo()


def test_who_lost_the_role_or_was_deactivated_is_not_told(story: Story, server: MoodyServer) -> None:
    order = story.order_in("support")
    Message.objects.all().delete()
    gone = story.person("gone@support.example", "Gone", Role.SUPPORT)
    off = story.person("off@support.example", "Off", Role.SUPPORT)
    for person in (gone, off, story.support):
        message("order_to_triage", order, person, now=story.now)
    message("order_received", order, off, now=story.now)
    RoleGrant.objects.filter(person=gone).delete()
    type(off).objects.filter(pk=off.pk).update(is_active=False)
    assert delivery.deliver_due(story.now) == {"delivered": 1, "given_up": 3}
    found = Message.objects.filter(state=MessageState.GIVEN_UP).values_list("kind", "to_email", "last_error")
    assert set(found) == {
        ("order_to_triage", gone.email, ROLE_LOST),
        ("order_to_triage", off.email, ROLE_LOST),
        ("order_received", off.email, DEACTIVATED),
    }
    assert not Message.objects.exclude(claim=None).exists()
    assert server.addresses() == [story.support.email]


def test_an_owner_who_was_deactivated_was_not_asked(story: Story, server: MoodyServer) -> None:
    """Their notice counts as not delivered: the account is held, and Support looks for somebody else."""
    account = story.account_in("active", last_used_on=date(2025, 10, 20))
    today = story.now.date()
    story.covered(today - timedelta(days=500), today)
    list(inactivity.check(today=today, now=story.now))
    type(story.ingrid).objects.filter(pk=story.ingrid.pk).update(is_active=False)
    assert delivery.deliver_due(story.now) == {"given_up": 1}
    assert Message.objects.get().last_error == DEACTIVATED
    assert Notice.objects.get(account=account).delivered_on is None
    tomorrow = today + timedelta(days=1)
    (entry,) = inactivity.check(today=tomorrow, now=story.now + timedelta(days=1))
    assert (entry.kind, entry.reason) == ("held", "notice_not_delivered")


def test_a_stage_reminder_goes_to_whoever_holds_the_role_of_that_stage(story: Story, server: MoodyServer) -> None:
    order = story.order_in("approval")
    Message.objects.all().delete()
    message("stage_reminder", order, story.responsible, now=story.now)
    message("stage_reminder", order, story.support, now=story.now)
    assert delivery.deliver_due(story.now) == {"delivered": 1, "given_up": 1}
    assert server.addresses() == [story.responsible.email]


def test_a_question_whose_notice_is_over_is_not_asked(story: Story, server: MoodyServer) -> None:
    account = story.account_in("notified")
    story.do(account, "keep", "ingrid", comment="Used every year in January.")
    assert delivery.deliver_due(story.now) == {"delivered": 1, "given_up": 1}
    assert Message.objects.get(kind="inactivity_notice").last_error == NOTICE_OVER
    assert "is kept" in server.mails[0]["Subject"]


def test_a_batch_costs_one_statement_a_mail(story: Story, server: MoodyServer, django_assert_max_num_queries) -> None:
    waiting(story, 60)
    with django_assert_max_num_queries(60 + 20):
        assert delivery.deliver_due(story.now) == {"delivered": 60}
