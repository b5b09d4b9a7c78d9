"""Usage files: what counts as use, how far a feed is complete, and that nothing is ever counted twice."""

from __future__ import annotations

import io
import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError

from accounts.actions import usage as usage_action
from accounts.actions.lines import BadFile
from accounts.actions.usage import ACCEPTED_GAP, Taken, accept_gap, take_in
from accounts.actions.usage_lines import UsageFormat
from accounts.lifecycle.actor import SYSTEM
from accounts.lifecycle.errors import NotAllowed, NotReady
from accounts.lifecycle.states import AccountState, Role
from accounts.models import Coverage, DailyUsage, UsageFile
from tests.rows import NOW, TODAY, account, actor, environment, person

pytestmark = pytest.mark.django_db

YESTERDAY = date(2026, 11, 22)
UUID = "5b6d7c1e-0f5f-4c5e-9a53-0f1d2c3b4a59"


def call(client: str | None = "alpha", at: str = "2026-11-20T10:00:00Z", **more: Any) -> str:
    return json.dumps({"timestamp": at, "client_id": client, "status": 200, **more})


def take(*lines: str, through: date = YESTERDAY, **options: Any) -> Taken:
    text = "".join(line + "\n" for line in lines)
    options = {"environment": environment(), "by": SYSTEM, "now": NOW, **options}
    return take_in(io.BytesIO(text.encode()), covers_through=through, **options)


def usage(client: str = "alpha") -> dict[str, int]:
    rows = DailyUsage.objects.filter(account__client_id=client)
    return {day.isoformat(): calls for day, calls in rows.values_list("day", "calls")}


def covered() -> list[tuple[str, str]]:
    rows = Coverage.objects.order_by("first_day").values_list("first_day", "last_day")
    return [(first.isoformat(), last.isoformat()) for first, last in rows]


def bad_lines(*lines: str, **options: Any) -> list[str]:
    with pytest.raises(BadFile) as refused:
        take(*lines, **options)
    assert not UsageFile.objects.exists()
    assert not Coverage.objects.exists()
    assert not DailyUsage.objects.exists()
    return [str(bad) for bad in refused.value.bad_lines]


class TestWhatIsUse:
    def test_calls_are_counted_by_day_in_oslo(self) -> None:
        made = account("alpha")
        taken = take(
            call(at="2026-11-19T22:59:59.999Z"),  # 23:59 in Oslo
            call(at="2026-11-19T23:00:00Z"),  # midnight in Oslo
            call(at="2026-11-20T00:30:00+01:00"),
            call(at="2026-11-20T05:00:00+05:30"),  # 00:30 in Oslo
            call(at="2026-11-20T04:29:59+05:30"),  # 23:59 of the day before
        )
        assert usage() == {"2026-11-19": 2, "2026-11-20": 3}
        made.refresh_from_db()
        assert made.last_used_on == date(2026, 11, 20)
        assert (taken.lines, taken.merged.calls, taken.merged.accounts) == (5, 5, 1)

    def test_summer_time_moves_midnight(self) -> None:
        account("alpha")
        take(call(at="2026-07-01T21:59:59Z"), call(at="2026-07-01T22:00:00Z"))
        assert usage() == {"2026-07-01": 1, "2026-07-02": 1}

    def test_a_failed_call_is_no_use(self) -> None:
        made = account("alpha")
        taken = take(
            call(status=401), call(status=500), call(status="403"), call(status=399, at="2026-11-18T10:00:00Z")
        )
        assert usage() == {"2026-11-18": 1}
        made.refresh_from_db()
        assert made.last_used_on == date(2026, 11, 18)
        assert taken.failed == 3

    def test_a_call_of_nobody_that_failed_is_no_mistake(self) -> None:
        taken = take(call(None, status=401), call("-", status=401))
        assert (taken.failed, taken.merged.unknown) == (2, 0)

    def test_a_log_without_status_holds_successful_calls(self) -> None:
        account("alpha")
        take('{"timestamp": "2026-11-20T10:00:00Z", "client_id": "alpha"}')
        assert usage() == {"2026-11-20": 1}

    def test_azp_names_the_client_too(self) -> None:
        account(UUID)
        take(json.dumps({"timestamp": "2026-11-20T10:00:00Z", "azp": UUID.upper()}))
        assert usage(UUID) == {"2026-11-20": 1}

    def test_the_other_environment_is_not_touched(self) -> None:
        account("alpha", "PRODUCTION")
        taken = take(call())
        assert usage() == {}
        assert taken.merged.unknown_names == ("alpha",)

    def test_unknown_clients_are_counted_and_named(self) -> None:
        account("alpha")
        taken = take(call(), *(call(f"stranger-{number:02}") for number in range(25)))
        assert taken.merged.unknown == 25
        assert taken.merged.unknown_names == tuple(f"stranger-{number:02}" for number in range(20))
        assert usage() == {"2026-11-20": 1}

    def test_last_use_only_moves_forward(self) -> None:
        made = account("alpha", last_used_on=date(2026, 11, 21))
        taken = take(call(at="2026-11-20T10:00:00Z"))
        made.refresh_from_db()
        assert made.last_used_on == date(2026, 11, 21)
        assert made.last_activity_on == date(2026, 11, 21)
        assert taken.merged.moved_on == 0
        assert usage() == {"2026-11-20": 1}

    def test_use_after_a_suspension_is_counted_and_told(self) -> None:
        late = {"state": AccountState.SUSPENDED.value, "state_since": datetime(2026, 11, 10, 23, 30, tzinfo=UTC)}
        gone = account("gone", **late)
        account("quiet", **late)
        taken = take(
            call("gone", "2026-11-11T10:00:00Z"),
            call("gone", "2026-11-12T10:00:00Z"),
            call("quiet", "2026-11-11T10:00:00Z"),  # the day of the suspension in Oslo: it may have been before it
        )
        assert taken.merged.after_the_end == (("gone", date(2026, 11, 12)),)
        gone.refresh_from_db()
        assert (gone.state, gone.last_used_on) == (AccountState.SUSPENDED.value, date(2026, 11, 12))


class TestCsv:
    def test_calls_add_up_and_zero_is_no_use(self) -> None:
        made = account("alpha")
        take("calls,client_id,day", "3,alpha,2026-11-20", "0,alpha,2026-11-21", "4, alpha ,2026-11-20", "")
        assert usage() == {"2026-11-20": 7}
        made.refresh_from_db()
        assert made.last_used_on == date(2026, 11, 20)

    def test_byte_order_mark_and_windows_line_ends(self) -> None:
        account("ærlig")
        text = "\ufeffclient_id,day,calls\r\nærlig,2026-11-20,2\r\n"
        take_in(io.BytesIO(text.encode()), environment=environment(), covers_through=TODAY, by=SYSTEM, now=NOW)
        assert usage("ærlig") == {"2026-11-20": 2}

    def test_every_bad_line_is_named(self) -> None:
        account("alpha")
        assert bad_lines(
            "client_id,day,calls",
            "alpha,2026-11-20,1",
            "alpha,20.11.2026,1",
            "alpha,2026-11-31,1",
            "alpha,2026-11-20,many",
            "alpha,2026-11-20,-1",
            ",2026-11-20,1",
            "alpha,2026-11-24,1",
            "alpha,2026-11-20",
        ) == [
            "line 3, day: “20.11.2026” is no day such as 2026-11-23.",
            "line 4, day: “2026-11-31” is no day such as 2026-11-23.",
            "line 5, calls: “many” is no number of calls, 0 or more.",
            "line 6, calls: “-1” is no number of calls, 0 or more.",
            "line 7, client_id: It is empty.",
            "line 8, day: 2026-11-24 lies in the future.",
            "line 9: There must be 3 columns, here are 2.",
        ]

    def test_the_header_is_needed(self) -> None:
        assert bad_lines("alpha,2026-11-20,1") == ["line 1: The first line must be: client_id,day,calls"]

    def test_broken_quotes_and_foreign_bytes(self) -> None:
        assert "line 3: This is not CSV" in bad_lines("client_id,day,calls", "a,2026-11-20,1", '"a"b,2026-11-20,1')[0]
        with pytest.raises(BadFile) as refused:
            take_in(
                io.BytesIO(b"client_id,day,calls\n\xe6rlig,2026-11-20,1\n"),
                environment=environment(), covers_through=TODAY, by=SYSTEM, now=NOW,
            )  # fmt: skip
        assert [str(bad) for bad in refused.value.bad_lines] == [
            "line 2, client_id: This is not UTF-8 text. Save the file as UTF-8 and try again."
        ]


class TestBadLogLines:
    def test_every_bad_line_is_named(self) -> None:
        account("alpha")
        told = bad_lines(
            call(),
            "not json",
            "[1, 2]",
            '{"client_id": "alpha"}',
            call(at="yesterday"),
            call(at="2026-11-20T10:00:00"),
            call(at="2026-11-23T23:30:00Z"),
            call(None),
            call(status="often"),
            call(7),  # type: ignore[arg-type]
            call(at=20261120),  # type: ignore[arg-type]
            "",
            call(at="0001-01-01T00:00:00+14:00"),
        )
        assert told[0].startswith("line 2: This is not JSON (")
        assert told[1:] == [
            "line 3: This is not a JSON object with timestamp and client_id.",
            "line 4, timestamp: It is missing. Write a time such as 2026-11-23T08:15:30Z.",
            "line 5, timestamp: “yesterday” is no time such as 2026-11-23T08:15:30Z.",
            "line 6, timestamp: 2026-11-20T10:00:00 names no time zone. End it with Z or +01:00.",
            "line 7, timestamp: 2026-11-24 lies in the future.",
            "line 8, client_id: It is missing: neither client_id nor azp says who called.",
            "line 9, status: “often” is no HTTP status such as 200.",
            "line 10, client_id: “7” is no text.",
            "line 11, timestamp: It is missing. Write a time such as 2026-11-23T08:15:30Z.",
            "line 13, timestamp: “0001-01-01T00:00:00+14:00” is no time such as 2026-11-23T08:15:30Z.",
        ]

    def test_a_naive_time_is_told_also_when_its_hour_is_known(self) -> None:
        known = "2026-11-20+02:00+02:00"
        assert bad_lines(call(at=known), call(at="2026-11-20+02:00")) == [
            "line 2, timestamp: 2026-11-20+02:00 names no time zone. End it with Z or +01:00."
        ]

    def test_fifty_are_shown_and_all_counted(self) -> None:
        with pytest.raises(BadFile) as refused:
            take(*["{"] * 70)
        assert (len(refused.value.bad_lines), refused.value.total) == (50, 70)
        assert str(refused.value) == "70 mistakes in the file: nothing was taken in."

    @pytest.mark.parametrize(
        ("content", "sentence"),
        [
            ('{"timestamp"'.encode("utf-16"), "The file is in UTF-16."),
            (b"{" + b" " * (1 << 21), "Line 1 is longer than a megabyte"),
            (b'[{"timestamp": 1}]', "This is a JSON list."),
        ],
    )
    def test_files_that_are_no_such_thing(self, content: bytes, sentence: str) -> None:
        with pytest.raises(BadFile, match=sentence):
            take_in(io.BytesIO(content), environment=environment(), covers_through=TODAY, by=SYSTEM, now=NOW)


class TestCoverage:
    def test_a_first_file_covers_from_its_earliest_day(self) -> None:
        account("alpha")
        assert take(call(), call("x", "2026-11-03T10:00:00Z", status=401)).covered == (date(2026, 11, 3), YESTERDAY)
        assert covered() == [("2026-11-03", "2026-11-22")]

    def test_the_next_one_from_the_day_after(self) -> None:
        take(call(), through=date(2026, 11, 20))
        assert take(through=YESTERDAY).covered == (date(2026, 11, 21), YESTERDAY)
        assert covered() == [("2026-11-20", "2026-11-20"), ("2026-11-21", "2026-11-22")]

    def test_a_quiet_feed_is_also_news(self) -> None:
        taken = take()
        assert taken.covered == (YESTERDAY, YESTERDAY)
        assert "only 2026-11-22 counts as covered" in str(taken.notes[0])
        assert not UsageFile.objects.exists()
        assert take(through=TODAY).covered == (TODAY, TODAY)

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
        taken = take(call(), call(), through=TODAY, now=NOW + timedelta(hours=1))
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
        assert take(through=YESTERDAY).covered == (date(2026, 11, 13), YESTERDAY)

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
        with pytest.raises(NotReady, match="later than"):
            self.accept(TODAY, YESTERDAY, by=by)
        with pytest.raises(NotReady, match="There is no gap"):
            self.accept(date(2026, 11, 2), date(2026, 11, 3), by=by)


def support_two():  # type: ignore[no-untyped-def]
    return actor("sindre@loop.example", Role.SUPPORT)


def test_the_format_can_be_named() -> None:
    account("alpha")
    text = io.BytesIO(b"client_id,day,calls\nalpha,2026-11-20,2\n")
    take_in(
        text, environment=environment(), covers_through=TODAY, by=SYSTEM, now=NOW, form=UsageFormat.CSV
    )  # fmt: skip
    assert usage() == {"2026-11-20": 2}
