"""What must be true in the end, read from the database and from what the mail server got."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count

from accounts.lifecycle.inactivity import is_inactive
from accounts.lifecycle.policy import Policy
from accounts.lifecycle.states import TaskKind
from accounts.models import Account, Bounce, Event, JobRun, Message, Notice, Task
from accounts.readers import history
from tests.chaos.population import Life
from tests.delivery.smtp import MoodyServer


def unfinished(day: date, now_period: str) -> list[str]:
    """What is still to be done on ``day``, in words; nothing when the queue has run dry."""
    checked = JobRun.objects.filter(job="check_inactivity", period=day.isoformat(), state="done").exists()
    running = JobRun.objects.filter(state="running").exclude(period__gte=now_period)
    left = {
        "mails": Message.objects.filter(state="queued").count(),
        "bounces": Bounce.objects.filter(handled_at__isnull=True).count(),
        "runs": running.count(),
        "daily check": 0 if checked else 1,
    }
    return [f"{number} {what}" for what, number in left.items() if number]


class Verdict:
    """Holds the end of a run against what each account had in store; every sentence is an assertion.

    ``in_time`` names those that answered, were used, held or closed before any suspension. ``last`` is the last day:
    whoever was notified on ``first`` and said nothing is suspended by then, if 30 days have passed.
    """

    def __init__(self, lives: Iterable[Life], in_time: set[str], first: date, last: date) -> None:
        self.lives, self.in_time, self.first = list(lives), in_time, first
        self.is_over = last > first + timedelta(days=30)
        self.events: dict[UUID, Counter[str]] = {}
        for account, verb, number in (
            Event.objects.filter(subject_type="account").values_list("subject_id", "verb").annotate(Count("pk"))
        ):
            self.events.setdefault(account, Counter())[verb] = number
        self.accounts = Account.objects.in_bulk([life.account for life in self.lives])
        self.disabling = Counter(
            Task.objects.filter(kind=TaskKind.DISABLE_CLIENT.value).values_list("account_id", flat=True)
        )

    def say(self) -> None:
        """Assert all of it."""
        wrong = {life.client_id: said for life in self.lives if (said := self._wrong(life))}
        assert not wrong, f"{len(wrong)} accounts: {dict(list(wrong.items())[:10])}"
        self._nobody_early()
        self._notices_delivered()
        broken = [str(place) for place in history.verify(history.Verified())]
        assert not broken, broken[:10]
        stuck = Message.objects.exclude(state__in=("delivered", "given_up"), claim=None)
        assert not stuck.exclude(claim=None).exists()
        assert not JobRun.objects.filter(state="running").exists()

    def must_be_suspended(self, life: Life) -> bool:
        if life.kind.startswith("overdue"):
            return life.client_id not in self.in_time
        return self.is_over and life.kind in ("silent", "refused")

    def _wrong(self, life: Life) -> str:
        """What is not as it must be with one account; "" when all is well."""
        account, events = self.accounts[life.account], self.events[life.account]
        suspended, closed = int(self.must_be_suspended(life)), events["close"]
        must = {
            "suspensions": (events["suspend_for_inactivity"], suspended),
            "tasks to disable": (self.disabling[life.account], min(1, suspended + closed)),
            "state": (account.state, self._state(life, closed)),
            "notices": (events["notify"] in self._notices(life), True),
        }
        return "; ".join(f"{what}: {found}, not {wanted}" for what, (found, wanted) in must.items() if found != wanted)

    def _state(self, life: Life, closed: int) -> str:
        if closed:
            return "closed"
        if self.must_be_suspended(life):
            return "suspended"
        return "notified" if life.kind in ("silent", "refused", "nobody", "braked") else "active"

    def _notices(self, life: Life) -> tuple[int, ...]:
        """How many notices the account may have had: one that was used or held just then, one or none."""
        if life.kind in ("used", "held"):
            return (0, 1)
        return (0,) if life.kind in ("held before", "stale", "fresh") else (1,)

    def _nobody_early(self) -> None:
        """Every suspension followed a delivered notice, a full answer period, and a year without a known use."""
        policy = Policy()
        suspensions = Event.objects.filter(subject_type="account", verb="suspend_for_inactivity")
        known = {event.subject_id: date.fromisoformat(event.data["last_activity_on"]) for event in suspensions}
        ended = {notice.account_id: notice for notice in Notice.objects.filter(outcome="suspended")}
        assert set(ended) == set(known)
        for account, notice in ended.items():
            assert notice.delivered_on is not None
            assert notice.closed_at is not None
            assert notice.answer_by >= notice.delivered_on + timedelta(days=policy.answer_days)
            assert notice.closed_at.date() > notice.answer_by
            assert is_inactive(known[account], policy, notice.closed_at.date())

    def _notices_delivered(self) -> None:
        """Each due account was asked once, on the day of the check, and whoever cannot be reached is a task."""
        kinds = {life.account: life.kind for life in self.lives}
        for notice in Notice.objects.filter(opened_on=self.first):
            if kinds[notice.account_id] == "nobody":
                assert notice.delivered_on is None
                assert notice.undeliverable_at is not None
                assert Task.objects.filter(account=notice.account_id, kind=TaskKind.FIND_CONTACT.value).count() == 1
            elif notice.outcome in ("open", "suspended"):
                assert notice.delivered_on == self.first, notice


def mails(server: MoodyServer, since: Any) -> dict[str, int]:
    """How many mails there were, and how many came again. What is stamped came, and nothing else did."""
    got = Counter(str(mail["Message-ID"]).strip("<>").split("@")[0] for mail in server.mails)
    sent = Message.objects.filter(created_at__gte=since)
    delivered = {str(pk) for pk in sent.filter(state="delivered").values_list("pk", flat=True)}
    lost, unknown = delivered - set(got), set(got) - {str(pk) for pk in sent.values_list("pk", flat=True)}
    assert not lost, f"{len(lost)} mails are stamped and never came"
    assert not unknown, f"{len(unknown)} mails belong to no message"
    given_up = sent.filter(state="given_up").exclude(to_email__in=list(server.answers))
    assert not given_up.exclude(notice__closed_at__isnull=False).exists(), "given up though its notice is open"
    return {"mails": len(got), "came again": sum(got.values()) - len(got), "most often": max(got.values(), default=0)}
