"""How far a feed is complete, that nothing is ever counted twice, and the gaps that Support accepts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import OperationalError

from accounts.actions import usage as usage_action
from accounts.actions.lines import BadFile
from accounts.actions.usage import Taken
from accounts.actions.usage_gaps import ACCEPTED_GAP, accept_gap
from accounts.lifecycle.actor import SYSTEM
from accounts.lifecycle.errors import NotAllowed, NotReady
from accounts.lifecycle.states import Role
from accounts.models import Coverage, DailyUsage, UsageFile
from tests.actions.feeding import YESTERDAY, call, covered, take, usage
from tests.rows import NOW, TODAY, account, actor, environment, person

pytestmark = pytest.mark.django_db
Read = Callable[..., Taken]


def log(*days: str, **options: Any) -> Taken:
    return take(*(call(at=f"{day}T10:00:00Z") for day in days), **options)


def table(*days: str) -> Taken:
    return take("client_id,day,calls", *(f"alpha,{day},1" for day in days))


def counted(*days: str) -> Taken:
    lines = [{"client_id": "alpha", "day": day, "calls": 1} for day in days]
    return usage_action.take_in_counted(
        lines, "digest", environment=environment(), covers_through=YESTERDAY, by=SYSTEM, now=NOW
    )


class TestCoverage:
    def test_a_first_file_covers_from_its_earliest_day(self) -> None:
        account("alpha")
        assert take(call(), call("x", "2026-11-03T10:00:00Z", status=401)).covered == (date(2026, 11, 3), YESTERDAY)
        assert covered() == [("2026-11-03", "2026-11-22")]

    def test_the_next_one_from_its_earliest_new_day(self) -> None:
        take(call(), through=date(2026, 11, 20))
        late = call(at="2026-11-19T10:00:00Z")
        taken = take(late, call(at="2026-11-21T10:00:00Z"), through=YESTERDAY)
        assert (taken.covered, taken.gap) == ((date(2026, 11, 21), YESTERDAY), None)
        assert covered() == [("2026-11-20", "2026-11-20"), ("2026-11-21", "2026-11-22")]

    @pytest.mark.parametrize("read", [log, table, counted])
    def test_a_lost_day_stays_unknown(self, read: Read) -> None:
        """One batch of today must not make the months known that never came."""
        take(through=date(2026, 5, 31), covers_from=date(2026, 5, 1))
        taken = read("2026-11-22")
        assert taken.covered == (YESTERDAY, YESTERDAY)
        assert taken.gap == (date(2026, 6, 1), date(2026, 11, 21))
        quiet = take(through=TODAY, now=NOW + timedelta(days=1))
        assert (quiet.covered, quiet.gap) == ((TODAY, TODAY), None)

    @pytest.mark.parametrize("read", [log, table, counted])
    def test_a_stray_old_line_makes_no_silence_known(self, read: Read) -> None:
        """A clock that was wrong in 2020 says nothing about the years since; the line itself is a use."""
        account("alpha")
        taken = read("2020-01-01", "2026-11-03", "2026-11-20")
        assert taken.covered == (date(2026, 11, 3), YESTERDAY)
        assert covered() == [("2026-11-03", "2026-11-22")]
        (note,) = map(str, taken.notes)
        assert "from 2020-01-02 through 2026-11-02, so it counts as complete only from 2026-11-03 on" in note
        assert taken.batch.notes == [note.plain() for note in taken.notes]
        assert usage() == {"2020-01-01": 1, "2026-11-03": 1, "2026-11-20": 1}

    @pytest.mark.parametrize(
        ("days", "first"),
        [
            (("2026-10-19", "2026-11-20"), "2026-10-19"),  # 31 days of nobody between them
            (("2026-10-18", "2026-11-20"), "2026-11-20"),  # 32
            (("2024-01-01", "2025-01-01", "2026-11-01", "2026-11-21"), "2026-11-01"),  # the last of several
            (("2026-10-22",), "2026-10-22"),  # 31 days of nobody at the end
            (("2026-10-21",), "2026-11-22"),  # 32
            (("2020-01-01",), "2026-11-22"),
            (("2020-01-01", "2026-11-23"), "2026-11-22"),  # a day that is not covered ends no hole
        ],
    )
    def test_after_the_last_hole_of_more_than_31_days(self, days: tuple[str, ...], first: str) -> None:
        taken = log(*days)
        assert taken.covered == (date.fromisoformat(first), YESTERDAY)
        assert bool(taken.notes) == (first != days[0])

    def test_who_names_the_first_day_means_it(self) -> None:
        """Nobody may have called for months: only a person can know that."""
        taken = log("2026-01-05", "2026-11-20", covers_from=date(2026, 1, 1))
        assert (taken.covered, taken.notes) == ((date(2026, 1, 1), YESTERDAY), ())

    def test_a_later_file_with_old_lines_alone_covers_one_day(self) -> None:
        take(call(), through=date(2026, 11, 20))
        taken = log("2020-01-01")
        assert (taken.covered, taken.gap) == ((YESTERDAY, YESTERDAY), (date(2026, 11, 21), date(2026, 11, 21)))
        assert "only 2026-11-22 counts as covered" in str(taken.notes[0])

    def test_days_before_any_api_are_refused(self) -> None:
        with pytest.raises(NotReady, match="No day before 2000-01-01"):
            take(through=YESTERDAY, covers_from=date(1, 1, 1))
        account("alpha")
        with pytest.raises(BadFile) as refused:
            take(call(at="0001-01-02T10:00:00Z"))
        assert "too long ago" in str(refused.value.__dict__)

    def test_a_quiet_feed_is_also_news(self) -> None:
        taken = take()
        assert taken.covered == (YESTERDAY, YESTERDAY)
        assert "only 2026-11-22 counts as covered" in str(taken.notes[0])
        assert not UsageFile.objects.exists()
        tomorrow = NOW + timedelta(days=1)
        assert take(through=TODAY, now=tomorrow).covered == (TODAY, TODAY)

    def test_a_day_that_is_not_over_is_not_covered(self) -> None:
        """A call in its evening would be reported tomorrow, and be too late for a suspension at six."""
        account("alpha")
        taken = take(call(), call(at="2026-11-23T07:00:00Z"), through=TODAY, covers_from=date(2026, 11, 20))
        assert taken.covered == (date(2026, 11, 20), YESTERDAY)
        assert "2026-11-23 is not over" in str(taken.notes[-1])
        assert usage() == {"2026-11-20": 1, "2026-11-23": 1}
        assert take(through=TODAY).covered is None
        assert take(through=TODAY, now=NOW + timedelta(days=1)).covered == (TODAY, TODAY)

    def test_late_data_counts_and_covers_nothing_more(self) -> None:
        account("alpha")
        take(call(), through=date(2026, 11, 20), covers_from=date(2026, 11, 1))
        taken = take(call(at="2026-11-02T10:00:00Z"), through=date(2026, 11, 10))
        assert taken.covered is None
        assert usage() == {"2026-11-02": 1, "2026-11-20": 1}
        assert len(covered()) == 1

    def test_a_gap_is_named(self) -> None:
        take(through=date(2026, 11, 10), covers_from=date(2026, 11, 1))
        taken = take(through=YESTERDAY, covers_from=date(2026, 11, 15))
        assert taken.gap == (date(2026, 11, 11), date(2026, 11, 14))
        assert take(through=date(2026, 11, 14), covers_from=date(2026, 11, 11)).gap is None

    @pytest.mark.parametrize(
        ("options", "sentence"),
        [
            ({"through": TODAY + timedelta(days=1)}, "2026-11-24 lies in the future"),
            ({"covers_from": TODAY}, "The first day 2026-11-23 is later than the last day 2026-11-22."),
        ],
    )
    def test_days_that_make_no_sense(self, options: dict[str, Any], sentence: str) -> None:
        with pytest.raises(NotReady, match=sentence):
            take(call(), **options)
        assert not Coverage.objects.exists()

    def test_only_support_and_the_jobs(self) -> None:
        with pytest.raises(NotAllowed):
            take(call(), by=actor("kari@equinor.example"))
        assert take(call(), by=actor("sunniva@loop.example", Role.SUPPORT)).lines == 1


class TestTwice:
    def test_the_same_file_changes_no_count(self) -> None:
        account("alpha")
        take(call(), call())
        taken = take(call(), call(), through=TODAY, now=NOW + timedelta(days=1))
        assert usage() == {"2026-11-20": 2}
        assert taken.taken_before == NOW
        assert taken.merged.calls == 0
        assert taken.covered == (TODAY, TODAY)

    def test_in_the_other_environment_it_is_another_file(self) -> None:
        account("alpha")
        account("alpha", "PRODUCTION")
        take(call())
        take(call(), environment=environment("PRODUCTION"))
        assert sorted(DailyUsage.objects.values_list("account__environment__name", "calls")) == [
            ("PRODUCTION", 1), ("TEST", 1),
        ]  # fmt: skip

    def test_it_counts_for_accounts_that_were_made_since(self) -> None:
        account("alpha")
        take(call(), call("beta"))
        account("beta", created_at=NOW + timedelta(minutes=5))
        later = NOW + timedelta(minutes=10)
        assert take(call(), call("beta"), now=later).merged.calls == 1
        assert take(call(), call("beta"), now=later + timedelta(hours=1)).merged.calls == 0
        assert (usage("alpha"), usage("beta")) == ({"2026-11-20": 1}, {"2026-11-20": 1})

    def test_another_file_adds(self) -> None:
        account("alpha")
        take(call())
        take(call(), call(at="2026-11-20T11:00:00Z"))
        assert usage() == {"2026-11-20": 3}

    def test_a_failure_in_the_merge_leaves_nothing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        account("alpha")

        def fail(*_arguments: object, **_options: object) -> None:
            raise RuntimeError("the disk is full")

        monkeypatch.setattr(Coverage.objects, "get_or_create", fail)
        with pytest.raises(RuntimeError):
            take(call())
        assert usage() == {}
        assert not UsageFile.objects.exists()


class TestDeadlock:
    """PostgreSQL ends one of two transactions that wait for each other; the merge tries again."""

    @staticmethod
    def failing(monkeypatch: pytest.MonkeyPatch, times: int, sqlstate: str) -> list[int]:
        tries: list[int] = []
        merge = usage_action._merge_once

        def unlucky(*arguments: Any) -> Taken:
            tries.append(1)
            if len(tries) <= times:
                cause = Exception("deadlock detected")
                cause.sqlstate = sqlstate  # type: ignore[attr-defined]
                raise OperationalError("deadlock detected") from cause
            return merge(*arguments)

        monkeypatch.setattr(usage_action, "_merge_once", unlucky)
        return tries

    def test_the_loser_tries_again(self, monkeypatch: pytest.MonkeyPatch) -> None:
        account("alpha")
        tries = self.failing(monkeypatch, 2, "40P01")
        take(call())
        assert (len(tries), usage()) == (3, {"2026-11-20": 1})

    @pytest.mark.parametrize(("times", "sqlstate", "tried"), [(3, "40P01", 3), (1, "57P01", 1)])
    def test_not_for_ever_and_not_for_anything_else(
        self, monkeypatch: pytest.MonkeyPatch, times: int, sqlstate: str, tried: int
    ) -> None:
        tries = self.failing(monkeypatch, times, sqlstate)
        with pytest.raises(OperationalError):
            take(call())
        assert len(tries) == tried


class TestAcceptedGaps:
    def accept(self, first: date, last: date, reason: str = "The log was lost.", **options: Any) -> Coverage:
        by = options.pop("by", None) or actor("sunniva@loop.example", Role.SUPPORT)
        return accept_gap(environment(), first, last, by=by, reason=reason, now=NOW)

    def test_support_accepts_with_a_reason(self) -> None:
        take(through=date(2026, 11, 10), covers_from=date(2026, 11, 1))
        row = self.accept(date(2026, 11, 11), date(2026, 11, 12))
        assert (row.accepted_by, row.reason, row.source) == ("Sunniva", "The log was lost.", ACCEPTED_GAP)
        assert take(through=date(2026, 11, 13)).covered == (date(2026, 11, 13), date(2026, 11, 13))

    def test_asked_again_the_first_acceptance_stands(self) -> None:
        first = self.accept(date(2026, 11, 11), date(2026, 11, 12))
        again = accept_gap(
            environment(), first.first_day, first.last_day, by=support_two(), reason="Me too.", now=NOW
        )  # fmt: skip
        assert again == first

    @pytest.mark.parametrize("role", [None, Role.ADMINISTRATOR, Role.CEGAL])
    def test_nobody_else(self, role: Role | None) -> None:
        with pytest.raises(NotAllowed):
            self.accept(YESTERDAY, YESTERDAY, by=actor("ola@loop.example", *[role] if role else []))

    def test_refusals(self) -> None:
        take(through=date(2026, 11, 10), covers_from=date(2026, 11, 1))
        person("sunniva@loop.example", Role.SUPPORT)
        by = actor("sunniva@loop.example")
        with pytest.raises(NotReady, match="Write why"):
            self.accept(YESTERDAY, YESTERDAY, reason=" ", by=by)
        with pytest.raises(NotReady, match="future"):
            self.accept(TODAY, TODAY + timedelta(days=1), by=by)
        with pytest.raises(NotReady, match="days that are over"):
            self.accept(YESTERDAY, TODAY, by=by)
        with pytest.raises(NotReady, match="later than"):
            self.accept(TODAY, YESTERDAY, by=by)
        with pytest.raises(NotReady, match="No day before"):
            self.accept(date(1, 1, 1), date(2026, 10, 31), by=by)
        with pytest.raises(NotReady, match="There is no gap"):
            self.accept(date(2026, 11, 2), date(2026, 11, 3), by=by)


def support_two():  # type: ignore[no-untyped-def]
    return actor("sindre@loop.example", Role.SUPPORT)
