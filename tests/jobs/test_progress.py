"""How far a run has come: on its row while it works, beside the work's own transaction."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import connection, transaction

from accounts import schedule
from accounts.actions import inactivity, runs
from accounts.actions.runs import Reporter
from accounts.models import JobRun
from tests.story import NOW, Story

SECOND = timedelta(seconds=1)


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


def running(clock: Clock) -> tuple[JobRun, Reporter]:
    run = runs.claim("check_inactivity", "2026-11-23", now=clock.now)
    assert run is not None
    return run, Reporter(run, clock)


def row(run: JobRun) -> tuple[str, int, int | None]:
    """What stands in the database."""
    found = JobRun.objects.get(pk=run.pk)
    return found.phase, found.done, found.total


@pytest.mark.django_db(transaction=True)
class TestReporter:
    def test_it_says_the_phase_at_once_and_the_number_once_a_second(self) -> None:
        clock = Clock()
        run, report = running(clock)
        report("read", 100, 1000)
        assert row(run) == ("read", 100, 1000)
        report("read", 50)
        assert row(run) == ("read", 100, 1000)
        clock.now += SECOND
        report("read", 50)
        assert row(run) == ("read", 200, 1000)
        report("write", 1, 7)
        assert row(run) == ("write", 1, 7)

    def test_saying_something_is_a_sign_of_life(self) -> None:
        clock = Clock()
        run, report = running(clock)
        clock.now += timedelta(minutes=4)
        report("check", 1)
        assert JobRun.objects.get(pk=run.pk).lease_until == clock.now + runs.LEASE

    def test_a_run_that_was_taken_over_says_nothing_any_more(self) -> None:
        clock = Clock()
        run, report = running(clock)
        clock.now += runs.LEASE
        assert runs.claim("check_inactivity", "2026-11-23", now=clock.now) is not None
        report("check", 500, 1000)
        assert row(run) == ("", 0, None)

    def test_a_run_that_is_tried_again_begins_at_nothing(self) -> None:
        clock = Clock()
        run, report = running(clock)
        report("check", 500, 1000)
        clock.now += runs.LEASE
        runs.claim("check_inactivity", "2026-11-23", now=clock.now)
        assert row(run) == ("", 0, None)

    def test_what_is_said_inside_a_transaction_outlives_it_or_is_not_said(self) -> None:
        """On PostgreSQL others see it while the transaction runs; SQLite has one writer, so it waits. Neither hangs."""
        clock = Clock()
        run, report = running(clock)
        report("write", 1, 10)
        clock.now += SECOND
        with transaction.atomic():
            report("write", 4)
            transaction.set_rollback(True)
        assert row(run) == (("write", 5, 10) if connection.vendor == "postgresql" else ("write", 1, 10))

    def test_the_daily_check_counts_every_account_that_it_looks_at(self, monkeypatch: pytest.MonkeyPatch) -> None:
        story = Story()
        today = NOW.date()
        story.covered(today - timedelta(days=500), today)
        for _number in range(5):
            story.account(last_used_on=today - timedelta(days=400))
        story.account(last_used_on=today)
        monkeypatch.setattr(inactivity, "CHUNK", 2)
        clock = Clock()
        seen: list[tuple[str, int, int | None]] = []
        monkeypatch.setattr(Reporter, "_say", lambda self, now: seen.append((self._phase, self._done, self._total)))
        monkeypatch.setattr(runs, "SAY_EVERY", timedelta(0))
        job = next(job for job in schedule.JOBS if job.name == "check_inactivity")
        (run,) = schedule.run_due(clock, [job])
        assert run.counts == {"notified": 5}
        assert seen == [("check", 0, 5), ("check", 2, 5), ("check", 4, 5), ("check", 5, 5)]
