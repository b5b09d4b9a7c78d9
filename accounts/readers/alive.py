"""The one place that knows whether what must go on by itself does: ticks, the daily check, the mails, the feeds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Count, Max, Min
from django.utils import timezone

from accounts.lifecycle.alive import MAIL_LIMIT, ONE_MAIL_LIMIT, FeedSeen, Late, Pulse, SourceSeen, late
from accounts.lifecycle.states import AccountState
from accounts.models import (
    Account,
    ApiToken,
    Coverage,
    Environment,
    Feed,
    FeedKind,
    JobRun,
    Message,
    MessageState,
    RunState,
    Scope,
    Task,
    WebhookMessage,
    current_policy,
)

TICK = "deliver_messages"
"""The first job of every tick: while there are ticks, a run of it begins every minute."""
CHECK = "check_inactivity"
OWN_MAIL = "jobs_not_running"
"""What the watchdog writes, and sends past the worker: that one went out says nothing about the others."""
TRIED_FOR = timedelta(days=1)
"""A message is given up a day after it was written, so none that is older was delivered just now."""
WATCHED = (AccountState.ACTIVE.value, AccountState.NOTIFIED.value)


def standing_still(now: datetime) -> list[Late]:
    """What stands still at ``now``, the most urgent first. A dozen queries, over indexes. Raises DatabaseError."""
    today = timezone.localdate(now)
    return late(pulse(now, today), current_policy(), now=now, today=today)


def pulse(now: datetime, today: date) -> Pulse:
    """The facts that ``late`` decides by."""
    waits_since, stuck_since, waiting = _mail(now)
    feeds = tuple(_feeds(today))
    return Pulse(
        since=_installed_at(now),
        ticked_at=_ticked_at(),
        checked_at=_checked_at(),
        mail_waits_since=waits_since,
        mail_stuck_since=stuck_since,
        mail_waiting=waiting,
        feeds=feeds,
        sources=tuple(_sources({feed.environment for feed in feeds})),
    )


@dataclass(frozen=True)
class Numbers:
    """What a machine that watches wants to know; times are aware, ``feeds`` says through which day each is known."""

    last_done: dict[str, datetime]
    mails: dict[str, int]
    oldest_mail_at: datetime | None
    webhooks_queued: int
    tasks_open: dict[str, int]
    feeds: tuple[FeedSeen, ...]


def numbers(jobs: Iterable[str], today: date) -> Numbers:
    """The numbers behind ``/metrics``: when each of ``jobs`` was last done, queues, feeds."""
    done = JobRun.objects.filter(job__in=list(jobs), state=RunState.DONE.value).order_by().values_list("job")
    queued = Message.objects.filter(state=MessageState.QUEUED.value)
    mail = queued.aggregate(number=Count("pk"), oldest=Min("created_at"))
    given_up = Message.objects.filter(state=MessageState.GIVEN_UP.value).count()
    tasks = Task.objects.filter(done_at__isnull=True).order_by().values_list("kind").annotate(Count("pk"))
    return Numbers(
        last_done=dict(done.annotate(Max("ended_at"))),
        mails={MessageState.QUEUED.value: mail["number"], MessageState.GIVEN_UP.value: given_up},
        oldest_mail_at=mail["oldest"],
        webhooks_queued=WebhookMessage.objects.filter(state=MessageState.QUEUED.value).count(),
        tasks_open=dict(tasks),
        feeds=tuple(_feeds(today)),
    )


def _installed_at(now: datetime) -> datetime:
    """When the portal began: its first migration; ``now`` where nobody wrote that down."""
    found: datetime | None = MigrationRecorder.Migration.objects.aggregate(first=Min("applied"))["first"]
    return found or now


def _mail(now: datetime) -> tuple[datetime | None, datetime | None, int]:
    """Since when emails wait, since when none went out meanwhile, and how many they are. When it is due says nothing:
    each attempt that fails moves that on. One query, and two more when some wait longer than they should.
    """
    waiting = Message.objects.filter(state=MessageState.QUEUED.value, created_at__lt=now - MAIL_LIMIT)
    found = waiting.aggregate(first=Min("created_at"), number=Count("pk"))
    if not found["number"]:
        return None, None, 0
    recent = now - ONE_MAIL_LIMIT - TRIED_FOR
    sent = Message.objects.filter(state=MessageState.DELIVERED.value, created_at__gte=recent).exclude(kind=OWN_MAIL)
    last = sent.aggregate(last=Max("delivered_at"))["last"]
    stuck = waiting if last is None else waiting.filter(created_at__gt=last)
    return found["first"], stuck.aggregate(first=Min("created_at"))["first"], found["number"]


def _ticked_at() -> datetime | None:
    runs = JobRun.objects.filter(job=TICK).order_by("-started_at")
    return runs.values_list("started_at", flat=True).first()


def _checked_at() -> datetime | None:
    done = JobRun.objects.filter(job=CHECK, state=RunState.DONE.value)
    found: datetime | None = done.aggregate(last=Max("ended_at"))["last"]
    return found


def _feeds(today: date) -> Iterator[FeedSeen]:
    """The environments with accounts that are watched. Two queries and one for each environment."""
    fed = Coverage.objects.filter(accepted_by="").order_by().values_list("environment")
    through = dict(fed.annotate(Max("last_day")))
    for environment in Environment.objects.all():
        watched = Account.objects.filter(environment=environment, state__in=WATCHED)
        if environment.pk in through:
            if watched.exists():
                yield FeedSeen(environment.name, through[environment.pk], today)
        elif (first := watched.aggregate(first=Min("created_at"))["first"]) is not None:
            yield FeedSeen(environment.name, None, timezone.localdate(first))


def _sources(environments: set[str]) -> Iterator[SourceSeen]:
    """The feeds of ``environments`` that are meant to go on by themselves. Two queries.

    Nobody knows when the next file or entry of Support is due; that its environment falls behind is told of that one.
    """
    kinds = [FeedKind.GRAPH.value, *([FeedKind.API.value] if _programs_may_send() else [])]
    going = Feed.objects.filter(environment__name__in=environments, stopped_at__isnull=True, kind__in=kinds)
    for feed in going.select_related("environment"):
        heard_at = feed.last_received_at or feed.created_at
        yield SourceSeen(feed.environment.name, feed.name, timezone.localdate(heard_at))


def _programs_may_send() -> bool:
    """Is a token for usage not revoked? One that only expired counts: somebody may have forgotten to renew it."""
    given = ApiToken.objects.filter(revoked_at__isnull=True).values_list("scopes", flat=True)
    return any(Scope.USAGE_WRITE.value in scopes for scopes in given)
