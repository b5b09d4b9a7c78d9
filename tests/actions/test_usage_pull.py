"""The portal fetches sign-ins: what counts as known, what a failure leaves, and the job that does it."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Any

import pytest

from accounts import schedule
from accounts.actions import usage_pull
from accounts.actions.feeds import secret_of, set_graph_feed, stop_graph_feed
from accounts.gateways import graph
from accounts.lifecycle.actor import SYSTEM
from accounts.lifecycle.errors import NotAllowed, NotReady
from accounts.lifecycle.states import Role
from accounts.models import Coverage, DailyUsage, Feed, JobRun, LastUse, UsageBatch
from tests.actions.feeding import UUID, take
from tests.rows import NOW, account, actor, environment

pytestmark = pytest.mark.django_db


def feed(name: str = "Microsoft Graph", **changed: Any) -> Feed:
    said = {"tenant": "contoso.onmicrosoft.com", "client_id": "app", "secret": "s3cret", "states_coverage": True}
    return set_graph_feed(environment(), by=SYSTEM, now=NOW, name=name, **{**said, **changed})


def report(problem: str = "", **moments: str) -> graph.Report:
    found = {client.replace("_", "-"): datetime.fromisoformat(stamp) for client, stamp in moments.items()}
    return graph.Report(found, pages=1, problem=problem)


def pull(*reports: graph.Report, now: datetime = NOW) -> dict[str, int]:
    told = iter(reports)
    counts = usage_pull.pull(clock=lambda: now, by=SYSTEM, between=lambda: None, fetch=lambda _access: next(told))
    return dict(counts)


class TestWhatIsKnown:
    def test_a_sign_in_is_a_last_use_but_no_count_of_calls(self) -> None:
        made = account("alpha")
        feed()
        counts = pull(report(alpha="2026-11-18T23:30:00+00:00", stranger="2026-11-21T10:00:00+00:00"))
        made.refresh_from_db()
        assert made.last_used_on == date(2026, 11, 19)  # half past midnight in Oslo
        assert not DailyUsage.objects.exists()
        last = LastUse.objects.get()
        assert (last.account, last.day, last.figure, last.received_at) == (made, made.last_used_on, "sign_in", NOW)
        assert (counts["clients"], counts["moved_on"]) == (2, 1)
        assert UsageBatch.objects.get().unknown_names == ["stranger"]

    def test_client_ids_are_written_as_accounts_have_them(self) -> None:
        made = account(UUID)
        feed()
        found = report()
        found.moments[UUID.upper()] = NOW
        pull(found)
        made.refresh_from_db()
        assert made.last_used_on == date(2026, 11, 23)

    def test_it_never_moves_backwards(self) -> None:
        made = account("alpha", last_used_on=date(2026, 11, 21))
        feed()
        pull(report(alpha="2026-11-20T10:00:00+00:00"))
        made.refresh_from_db()
        assert made.last_used_on == date(2026, 11, 21)

    def test_a_clock_that_runs_ahead_makes_no_future(self) -> None:
        made = account("alpha")
        feed()
        pull(report(alpha="2031-01-01T00:00:00+00:00"))
        made.refresh_from_db()
        assert made.last_used_on == date(2026, 11, 23)

    def test_a_complete_report_covers_to_its_latest_sign_in_and_not_the_last_two_days(self) -> None:
        take(through=date(2026, 11, 10))
        feed()
        pull(report(app="2026-11-23T05:00:00+00:00"))
        assert _covered() == [("2026-11-10", "2026-11-10"), ("2026-11-11", "2026-11-21")]

    def test_a_report_that_stands_still_covers_no_more(self) -> None:
        take(through=date(2026, 11, 10))
        feed()
        pull(report(app="2026-11-12T05:00:00+00:00"), now=NOW)
        assert _covered()[-1] == ("2026-11-11", "2026-11-12")

    def test_a_first_report_says_nothing_of_the_days_before_it(self) -> None:
        feed()
        pull(report(app="2026-11-23T05:00:00+00:00", old="2021-01-01T00:00:00+00:00"))
        assert _covered() == [("2026-11-21", "2026-11-21")]

    def test_an_empty_report_covers_nothing(self) -> None:
        feed()
        pull(report())
        assert _covered() == []
        assert Feed.objects.get().last_received_at == NOW

    def test_without_the_administrators_word_nobody_is_called_silent(self) -> None:
        feed(states_coverage=False)
        pull(report(app="2026-11-23T05:00:00+00:00"))
        assert _covered() == []


class TestFailures:
    def test_what_was_read_before_counts_and_nobody_is_called_silent(self) -> None:
        made = account("alpha")
        feed()
        with pytest.raises(NotReady, match="The report broke off"):
            pull(report("The report broke off.", alpha="2026-11-20T10:00:00+00:00"))
        made.refresh_from_db()
        assert made.last_used_on == date(2026, 11, 20)
        assert _covered() == []
        row = Feed.objects.get()
        assert (row.problem, row.problem_at) == ("The report broke off.", NOW)
        pull(report(alpha="2026-11-20T10:00:00+00:00"))
        assert Feed.objects.get().problem == ""

    def test_one_feed_that_fails_does_not_keep_the_others_from_being_asked(self) -> None:
        made = account("alpha")
        feed("a")
        feed("b")
        with pytest.raises(NotReady, match="It is busy"):
            pull(report("It is busy."), report(alpha="2026-11-20T10:00:00+00:00"))
        made.refresh_from_db()
        assert made.last_used_on == date(2026, 11, 20)

    def test_a_key_that_is_gone_is_told_on_the_row(self, settings: Any) -> None:
        feed()
        settings.CREDENTIAL_KEYS = {"other": b"x" * 32}
        with pytest.raises(NotReady, match="missing"):
            pull(report())
        assert "missing" in Feed.objects.get().problem

    def test_a_stopped_feed_is_left_alone(self) -> None:
        stop_graph_feed(feed(), by=SYSTEM, now=NOW)
        assert pull() == {}

    def test_the_job_is_on_record_and_tried_again(self, monkeypatch: pytest.MonkeyPatch) -> None:
        feed()
        job = next(job for job in schedule.JOBS if job.name == "pull_usage")
        assert job.daily_at == time(5, 0)
        told = iter([report("It is busy."), report(app="2026-11-23T05:00:00+00:00")])
        monkeypatch.setattr(graph, "last_sign_ins", lambda _access, between: next(told))
        moment = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)
        schedule.run_due(lambda: moment, [job])
        assert "It is busy." in JobRun.objects.get().error
        schedule.run_due(lambda: moment.replace(minute=2), [job])
        run = JobRun.objects.get()
        assert (run.state, run.attempts, run.counts) == ("done", 2, {"pulled": 1, "clients": 1})


class TestSettingItUp:
    def test_the_secret_is_sealed_for_its_row(self) -> None:
        made = feed()
        assert "s3cret" not in made.sealed_secret
        assert secret_of(Feed.objects.get()) == "s3cret"
        assert "contoso.onmicrosoft.com" in made.token_url
        assert made.report_url == graph.REPORT_URL

    def test_again_changes_it_and_starts_it(self) -> None:
        stop_graph_feed(feed(), by=SYSTEM, now=NOW)
        again = feed(client_id="other", states_coverage=False)
        assert Feed.objects.count() == 1
        assert (again.client_id, again.states_coverage, again.stopped_at) == ("other", False, None)

    @pytest.mark.parametrize(
        "changed", [{"secret": " "}, {"client_id": ""}, {"tenant": "a/b"}, {"token_url": "nowhere"}, {"name": "file"}]
    )
    def test_what_cannot_be(self, changed: dict[str, Any]) -> None:
        take()  # makes a feed called "file"
        with pytest.raises(NotReady):
            feed(**changed)
        assert not Feed.objects.filter(kind="graph").exists()

    def test_only_an_administrator(self) -> None:
        support = actor("sunniva@loop.example", Role.SUPPORT)
        with pytest.raises(NotAllowed):
            set_graph_feed(
                environment(), tenant="a", client_id="b", secret="c", states_coverage=True, by=support, now=NOW
            )
        with pytest.raises(NotAllowed):
            stop_graph_feed(feed(), by=support, now=NOW)


def _covered() -> list[tuple[str, str]]:
    rows = Coverage.objects.order_by("first_day").values_list("first_day", "last_day")
    return [(first.isoformat(), last.isoformat()) for first, last in rows]
