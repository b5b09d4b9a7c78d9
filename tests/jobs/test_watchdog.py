"""The dead-man switch: what it sees in the database, whom it tells how often, and where it shows."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from email.utils import parseaddr
from threading import Event as Flag
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.db import DatabaseError
from django.test import Client
from django.utils import translation

from accounts import watchdog
from accounts.lifecycle.alive import Part
from accounts.models import (
    ApiToken,
    Environment,
    Event,
    Feed,
    FeedKind,
    JobRun,
    Message,
    MessageState,
    RunState,
    Scope,
    Watchdog,
)
from accounts.readers import alive, history
from accounts.schedule import run_due
from tests.actions.tools import at_once
from tests.story import NOW, Story
from tests.web.staff_pages import browser

pytestmark = [pytest.mark.django_db]

TODAY = date(2026, 11, 23)


@pytest.fixture(autouse=True)
def nothing_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """No look of another test is left in this process, and the portal began long ago."""
    monkeypatch.setattr(watchdog, "seen", watchdog.Seen())
    monkeypatch.setattr(alive, "_installed_at", lambda _now: NOW - timedelta(days=400))


def run(job: str, ended_at: datetime, state: RunState = RunState.DONE) -> None:
    """A run of ``job`` that began and ended at this time."""
    JobRun.objects.create(
        job=job, period=ended_at.isoformat(), state=state.value, started_at=ended_at, ended_at=ended_at,
        lease_until=ended_at,
    )  # fmt: skip


def all_is_well(story: Story) -> None:
    run(alive.TICK, story.now)
    run(alive.CHECK, story.now - timedelta(hours=6))
    story.covered(TODAY - timedelta(days=900), TODAY)


def parts(now: datetime = NOW) -> list[Part]:
    return [one.part for one in alive.standing_still(now)]


def look(now: datetime = NOW) -> list[Part]:
    return [one.part for one in watchdog.look(lambda: now)]


def test_a_real_tick_makes_everything_well(story: Story) -> None:
    assert parts() == [Part.TICKS, Part.DAILY_CHECK]
    run_due(lambda: story.now)
    assert parts() == []
    assert parts(story.now + timedelta(minutes=16)) == [Part.TICKS]
    assert parts(story.now + timedelta(hours=27)) == [Part.TICKS, Part.DAILY_CHECK]


def test_a_check_that_only_fails_is_not_done(story: Story) -> None:
    all_is_well(story)
    JobRun.objects.filter(job=alive.CHECK).update(
        started_at=NOW - timedelta(hours=27), ended_at=NOW - timedelta(hours=27)
    )
    run(alive.CHECK, NOW, RunState.FAILED)
    assert parts() == [Part.DAILY_CHECK]


def test_mails_that_nobody_takes(story: Story) -> None:
    all_is_well(story)
    story.order_in("support")
    assert Message.objects.filter(state=MessageState.QUEUED.value).exists()
    assert parts(NOW + timedelta(minutes=14)) == []
    assert parts(NOW + timedelta(minutes=16))[-1] is Part.MAIL


def test_feeds_of_environments_with_accounts_alone(story: Story) -> None:
    all_is_well(story)
    assert Environment.objects.count() == 2
    story.account(environment=story.test)
    assert parts() == []
    story.account(environment=story.production)
    assert parts() == []  # its feed may take a week to begin
    week = NOW + timedelta(days=8)
    run(alive.TICK, week)
    run(alive.CHECK, week)
    late = alive.standing_still(week)
    assert [one.part for one in late] == [Part.FEEDS, Part.FEEDS]
    assert {one.sentence.params["environment"] for one in late} == {"TEST", "PRODUCTION"}


def feed(story: Story, kind: FeedKind, days_ago: int | None = 0, **columns: Any) -> Feed:
    """A feed that has been there for long, and delivered last so many days ago."""
    graph: dict[str, Any] = {}
    if kind is FeedKind.GRAPH:
        graph = {"token_url": "https://a.example", "report_url": "https://b.example", "client_id": "c",
                 "sealed_secret": "v1.a.b"}  # fmt: skip
    return Feed.objects.create(
        environment=story.test, kind=kind.value, name=f"{kind.value} feed", created_at=NOW - timedelta(days=100),
        last_received_at=None if days_ago is None else NOW - timedelta(days=days_ago), **graph, **columns,
    )  # fmt: skip


def token(story: Story, **columns: Any) -> ApiToken:
    return ApiToken.objects.create(
        name="gateway", hint="x", digest="d", scopes=[Scope.USAGE_WRITE.value], created_at=NOW, created_by="Arne",
        **columns,
    )  # fmt: skip


@pytest.mark.parametrize("kind", [FeedKind.API, FeedKind.GRAPH])
@pytest.mark.parametrize(("days_ago", "is_late"), [(7, False), (8, True), (None, True)])
def test_a_dead_feed_is_seen_beside_a_living_one(
    story: Story, kind: FeedKind, days_ago: int | None, is_late: bool
) -> None:
    all_is_well(story)
    token(story)
    feed(story, kind, days_ago)
    assert parts() == [], "nobody waits for usage of an environment without accounts"
    story.account(environment=story.test)
    assert parts() == ([Part.FEEDS] if is_late else [])
    Feed.objects.update(stopped_at=NOW)
    assert parts() == []


def test_one_refused_delivery_does_not_make_the_portal_unready(story: Story) -> None:
    all_is_well(story)
    token(story)
    story.account(environment=story.test)
    for kind in (FeedKind.API, FeedKind.GRAPH, FeedKind.FILE):
        feed(story, kind, problem="The secret has expired.", problem_at=NOW)
    assert parts() == []


@pytest.mark.parametrize("kind", [FeedKind.FILE, FeedKind.MANUAL])
def test_what_has_no_rhythm_may_be_silent(story: Story, kind: FeedKind) -> None:
    all_is_well(story)
    story.account(environment=story.test)
    feed(story, kind, 90)
    assert parts() == []


@pytest.mark.parametrize(("revoked", "is_late"), [(True, False), (False, True)])
def test_programs_whose_tokens_were_all_revoked_are_not_waited_for(story: Story, revoked: bool, is_late: bool) -> None:
    all_is_well(story)
    story.account(environment=story.test)
    feed(story, FeedKind.API, 90)
    token(story, expires_at=NOW, **({"revoked_at": NOW, "revoked_by": "Arne"} if revoked else {}))
    assert parts() == ([Part.FEEDS] if is_late else [])


def test_support_is_told_once_a_day_until_it_goes_on(story: Story) -> None:
    for minute in range(3):
        assert look(NOW + timedelta(minutes=minute)) == [Part.TICKS, Part.DAILY_CHECK]
    support = [story.support.email, story.colleague.email]
    assert sorted(parseaddr(m.to[0])[1] for m in mail.outbox) == sorted(support)
    look(NOW + timedelta(days=1))
    assert len(mail.outbox) == 4
    run_due(lambda: NOW + timedelta(days=2))
    assert look(NOW + timedelta(days=2)) == []
    assert len([m for m in mail.outbox if "stands still" in m.subject]) == 4
    assert not list(history.verify(history.Verified(), Watchdog.objects.get()))
    assert Event.objects.filter(verb="jobs_not_running").count() == 2


def test_the_mail_says_what_stands_still_in_its_readers_language(story: Story) -> None:
    story.covered(TODAY - timedelta(days=900), TODAY - timedelta(days=30))
    story.account()
    look()
    said = mail.outbox[0].body
    assert "No job has begun for 400 days" in said
    assert "daily check" in said
    assert "24 October 2026" in said
    assert "/staff/jobs/" in said


def test_the_watchdog_sends_its_own_mail_alone(story: Story) -> None:
    story.order_in("support")
    waiting = Message.objects.filter(state=MessageState.QUEUED.value).count()
    look(NOW + timedelta(minutes=30))
    assert {m.subject for m in mail.outbox} == {"The access portal stands still in part"}
    assert Message.objects.filter(state=MessageState.QUEUED.value).count() == waiting


def test_a_mail_server_that_was_away_is_tried_again(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    from accounts.delivery import post_room
    from accounts.delivery.line import AwayError

    def away(*_args: Any) -> None:
        raise AwayError("The mail server does not answer.")

    with monkeypatch.context() as patched:
        patched.setattr(post_room.Line, "send", away)
        look()
    assert mail.outbox == []
    look(NOW + timedelta(minutes=30))
    assert len(mail.outbox) == 2


@pytest.mark.django_db(transaction=True)
def test_of_many_web_processes_one_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    Story()
    at_once(4, lambda _place: look())
    assert Event.objects.filter(verb="jobs_not_running").count() == 1
    assert Message.objects.filter(kind=watchdog.KIND).count() == len(mail.outbox) == 2


def test_the_banner_stands_on_staff_pages_and_costs_no_query(story: Story, django_assert_max_num_queries: Any) -> None:
    with time_machine.travel(NOW, tick=False):
        client = browser(story, "support")
        client.get("/staff/accounts/")
        assert "stands still in part" not in client.get("/staff/accounts/").content.decode()
        look()
        page = client.get("/staff/accounts/").content.decode()
        assert "No job has begun for 400 days" in page
    with time_machine.travel(NOW + timedelta(minutes=6), tick=False):
        assert "stands still in part" not in client.get("/staff/accounts/").content.decode()


def test_health_tells_and_keeps_the_process_in_the_traffic(client: Client, story: Story) -> None:
    with time_machine.travel(NOW, tick=False):
        answer = client.get("/health/ready")
        assert (answer.status_code, answer.json()["status"]) == (200, "late")
        assert answer.json()["parts"]["ticks"].startswith("No job has begun for 400 days")
        assert answer.json()["parts"]["mail"] == "ok"
        all_is_well(story)
        assert client.get("/health/ready").json()["status"] == "ok"


def test_the_thread_looks_again_after_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[int] = []

    def failing(_clock: watchdog.Clock) -> None:
        looks.append(1)
        raise DatabaseError("away")

    monkeypatch.setattr(watchdog, "look", failing)
    stop = Flag()
    thread = watchdog.start(lambda: datetime.now(UTC), every=timedelta(milliseconds=5), stop=stop)
    end = time.monotonic() + 10
    while len(looks) < 2 and time.monotonic() < end:
        time.sleep(0.005)
    stop.set()
    thread.join(5)
    assert len(looks) >= 2
    assert not thread.is_alive()


def test_the_audit_trail_names_it(story: Story) -> None:
    look()
    with translation.override("en"):
        text = browser(story, "administrator").get("/staff/audit/").content.decode()
    assert "Told Support that something stands still" in text.split("<tbody>")[1]
