"""When jobs are due, and that each is done once a period: missed, repeated, failed, killed, taken over."""

from __future__ import annotations

import logging
from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from accounts import schedule
from accounts.actions import runs
from accounts.lifecycle.errors import NotReady
from accounts.models import JobRun, RunState
from accounts.schedule import JOBS, Job, Work, run_due
from tests.delivery.threads import at_once

OSLO = ZoneInfo("Europe/Oslo")
MINUTE = timedelta(minutes=1)


def oslo(*parts: int, fold: int = 0) -> datetime:
    return datetime(*parts, tzinfo=OSLO, fold=fold).astimezone(UTC)


class Doing:
    """A job whose work is counted; it fails while ``error`` is set."""

    def __init__(self, name: str = "job", daily_at: time | None = time(6, 0)) -> None:
        self.days: list[date] = []
        self.error: Exception | None = None
        self.job = Job(name, self.work, daily_at)

    def work(self, work: Work) -> dict[str, int]:
        self.days.append(work.today)
        if self.error:
            raise self.error
        return {"did": 1, "nothing": 0}

    def tick(self, now: datetime) -> None:
        run_due(lambda: now, [self.job])


@pytest.mark.django_db
class TestDue:
    def test_not_before_its_hour_and_from_then_on_once(self) -> None:
        daily = Doing()
        daily.tick(oslo(2026, 11, 23, 5, 59))
        assert daily.days == []
        for minute in range(5):
            daily.tick(oslo(2026, 11, 23, 6, minute))
        assert daily.days == [date(2026, 11, 23)]
        assert JobRun.objects.get().period == "2026-11-23"

    def test_a_missed_tick_is_caught_up_by_the_next_one_of_the_day(self) -> None:
        daily = Doing()
        daily.tick(oslo(2026, 11, 23, 23, 59))
        daily.tick(oslo(2026, 11, 24, 5, 59))
        assert daily.days == [date(2026, 11, 23)]
        daily.tick(oslo(2026, 11, 24, 6, 0))
        assert daily.days == [date(2026, 11, 23), date(2026, 11, 24)]

    def test_a_day_that_was_missed_altogether_is_done_with_the_next(self) -> None:
        daily = Doing()
        daily.tick(oslo(2026, 11, 23, 6, 0))
        daily.tick(oslo(2026, 11, 25, 5, 59))
        daily.tick(oslo(2026, 11, 25, 9, 30))
        assert daily.days == [date(2026, 11, 23), date(2026, 11, 25)]

    @pytest.mark.parametrize("day", [date(2026, 3, 29), date(2026, 10, 25)])
    def test_the_days_on_which_clocks_change_have_one_run(self, day: date) -> None:
        daily = Doing()
        start = oslo(day.year, day.month, day.day, 0, 0)
        for quarter in range(26 * 4):
            daily.tick(start + quarter * 15 * MINUTE)
        runs_of_day = JobRun.objects.filter(period=day.isoformat())
        assert [run.started_at for run in runs_of_day] == [oslo(day.year, day.month, day.day, 6, 0)]
        assert daily.days == [day]

    def test_the_hour_that_comes_twice_has_120_minutes(self) -> None:
        every = Doing(daily_at=None)
        for minute in range(120):
            every.tick(oslo(2026, 10, 25, 2, 0) + minute * MINUTE)
        assert len(every.days) == 120
        every.tick(oslo(2026, 10, 25, 2, 30, fold=0))
        every.tick(oslo(2026, 10, 25, 2, 30, fold=1))
        assert len(every.days) == 120

    def test_the_hour_that_is_missing(self) -> None:
        every = Doing(daily_at=None)
        every.tick(oslo(2026, 3, 29, 1, 59))
        every.tick(oslo(2026, 3, 29, 1, 59) + MINUTE)
        assert list(JobRun.objects.order_by("period").values_list("period", flat=True)) == [
            "2026-03-29T00:59Z",
            "2026-03-29T01:00Z",
        ]

    def test_twice_in_a_minute_is_once(self) -> None:
        every = Doing(daily_at=None)
        every.tick(oslo(2026, 11, 23, 6, 0))
        every.tick(oslo(2026, 11, 23, 6, 0) + timedelta(seconds=59))
        assert len(every.days) == 1


@pytest.mark.django_db
class TestRun:
    NOW = oslo(2026, 11, 23, 6, 0)

    def test_it_is_recorded(self) -> None:
        Doing().tick(self.NOW)
        run = JobRun.objects.get()
        assert (run.job, run.state, run.attempts, run.counts, run.error) == ("job", RunState.DONE, 1, {"did": 1}, "")
        assert (run.started_at, run.ended_at) == (self.NOW, self.NOW)

    def test_a_failure_is_kept_in_words_logged_and_does_not_stop_the_others(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        bad, good = Doing("bad"), Doing("good")
        bad.error = ValueError("the feed has\nsecond lines of detail")
        with caplog.at_level(logging.ERROR):
            ended = run_due(lambda: self.NOW, [bad.job, good.job])
        assert [(run.job, run.state) for run in ended] == [("bad", RunState.FAILED), ("good", RunState.DONE)]
        assert ended[0].error == "ValueError: the feed has"
        assert "Traceback" in caplog.text

    def test_a_refusal_is_kept_as_its_sentence(self) -> None:
        refused = Doing()
        refused.error = NotReady("There is no environment.")
        refused.tick(self.NOW)
        assert JobRun.objects.get().error == "There is no environment."

    def test_a_failed_run_is_tried_again_after_pauses_that_grow(self) -> None:
        failing = Doing()
        failing.error = ValueError("away")
        for minute in range(16 * 60):
            failing.tick(self.NOW + minute * MINUTE)
        # after 0, 1, 3, 7, 15, 31, 63 minutes, and then every hour
        assert len(failing.days) == 7 + 14
        failing.error = None
        failing.tick(self.NOW + 17 * 60 * MINUTE)
        run = JobRun.objects.get()
        assert (run.state, run.attempts, run.error, run.counts) == (RunState.DONE, 22, "", {"did": 1})
        failing.tick(self.NOW + 17 * 60 * MINUTE + 30 * MINUTE)
        assert len(failing.days) == 22

    def test_a_killed_run_is_taken_over_when_its_lease_is_over(self) -> None:
        daily = Doing()
        killed = runs.claim("job", "2026-11-23", now=self.NOW)
        assert killed is not None
        daily.tick(self.NOW + runs.LEASE - timedelta(seconds=1))
        assert daily.days == []
        daily.tick(self.NOW + runs.LEASE)
        run = JobRun.objects.get()
        assert (run.state, run.attempts) == (RunState.DONE, 2)

    def test_who_was_taken_over_can_neither_renew_nor_end_it(self) -> None:
        first = runs.claim("job", "2026-11-23", now=self.NOW)
        second = runs.claim("job", "2026-11-23", now=self.NOW + runs.LEASE)
        assert first is not None
        assert second is not None
        assert not runs.renew(first, now=self.NOW + runs.LEASE)
        assert not runs.finish(first, now=self.NOW + runs.LEASE, counts={"did": 1})
        assert not runs.fail(first, now=self.NOW + runs.LEASE, error="too late")
        assert runs.finish(second, now=self.NOW + runs.LEASE, counts={})
        assert JobRun.objects.get().counts == {}

    def test_a_long_run_renews_its_lease_while_it_works(self) -> None:
        clock = [self.NOW]

        def long(work: Work) -> dict[str, int]:
            for _ in range(60):
                clock[0] += timedelta(seconds=20)
                work.alive()
                others.tick(clock[0])
            return {"did": 60}

        others = Doing()
        run_due(lambda: clock[0], [Job("job", long, time(6, 0))])
        assert others.days == []
        run = JobRun.objects.get()
        assert (run.state, run.attempts, run.counts) == (RunState.DONE, 1, {"did": 60})
        assert run.ended_at - run.started_at == timedelta(minutes=20)

    def test_a_run_that_was_killed_yesterday_is_closed_today(self) -> None:
        runs.claim("job", "2026-11-22", now=self.NOW - timedelta(hours=8))
        Doing().tick(self.NOW)
        yesterday = JobRun.objects.get(period="2026-11-22")
        assert (yesterday.state, yesterday.error) == (RunState.FAILED, runs.CUT_OFF)
        assert JobRun.objects.get(period="2026-11-23").state == RunState.DONE

    def test_a_run_of_a_past_minute_that_is_still_alive_is_left_alone(self) -> None:
        alive = runs.claim("job", "2026-11-23T04:59Z", now=self.NOW - MINUTE)
        assert alive is not None
        Doing(daily_at=None).tick(self.NOW)
        alive.refresh_from_db()
        assert alive.state == RunState.RUNNING
        assert JobRun.objects.count() == 2

    def test_quiet_minutes_are_deleted_after_a_day_the_others_after_a_month(self) -> None:
        def ran(job: str, ago: timedelta, **counts: int) -> None:
            run = runs.claim(job, str(ago), now=self.NOW - ago)
            assert run is not None
            runs.finish(run, now=self.NOW - ago, counts=counts)

        day, month = timedelta(days=1), timedelta(days=30)
        ran("deliver_messages", day, delivered=0)
        ran("deliver_messages", day + MINUTE, delivered=0)
        ran("deliver_messages", day + 2 * MINUTE, delivered=1)
        ran("deliver_messages", month + MINUTE, delivered=1)
        ran("check_inactivity", month + MINUTE)
        failed = runs.claim("deliver_messages", "failed", now=self.NOW - 2 * day)
        assert failed is not None
        runs.fail(failed, now=self.NOW - 2 * day, error="away")
        assert runs.tidy(["deliver_messages"], now=self.NOW) == {"deleted": 2}
        left = Counter(JobRun.objects.values_list("job", flat=True))
        assert left == {"deliver_messages": 3, "check_inactivity": 1}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("killed_before", [False, True])
def test_ticks_that_come_at_once_do_the_work_once(killed_before: bool) -> None:
    now = oslo(2026, 11, 23, 6, 0)
    if killed_before:
        runs.claim("job", "2026-11-23", now=now - runs.LEASE)
    done: list[int] = []

    def work(work: Work) -> dict[str, int]:
        done.append(1)
        return {"did": 1}

    at_once(6, lambda: run_due(lambda: now, [Job("job", work, time(6, 0))]))
    assert done == [1]
    assert JobRun.objects.get().state == RunState.DONE


def test_every_job_has_its_own_name() -> None:
    assert len({job.name for job in JOBS}) == len(JOBS)
    assert all(len(job.name) <= JobRun._meta.get_field("job").max_length for job in schedule.JOBS)
