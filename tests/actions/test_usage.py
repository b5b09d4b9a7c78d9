"""Usage files: what counts as use, and what is refused, line by line."""

from __future__ import annotations

import io
import json
from datetime import UTC, date, datetime

import pytest

from accounts.actions.lines import BadFile
from accounts.actions.usage import take_in
from accounts.actions.usage_lines import UsageFormat
from accounts.lifecycle.actor import SYSTEM
from accounts.lifecycle.states import AccountState
from tests.actions.feeding import UUID, bad_lines, call, take, usage
from tests.rows import NOW, TODAY, account, environment

pytestmark = pytest.mark.django_db


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
            call(status=401), call(status=500), call(status="403"), call(status=302), call(status=0), call(status=-1),
            call(status=100), call(status=304, at="2026-11-18T10:00:00Z"),
        )  # fmt: skip
        assert usage() == {"2026-11-18": 1}
        made.refresh_from_db()
        assert made.last_used_on == date(2026, 11, 18)
        assert taken.failed == 7

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


def test_the_format_can_be_named() -> None:
    account("alpha")
    text = io.BytesIO(b"client_id,day,calls\nalpha,2026-11-20,2\n")
    take_in(
        text, environment=environment(), covers_through=TODAY, by=SYSTEM, now=NOW, form=UsageFormat.CSV
    )  # fmt: skip
    assert usage() == {"2026-11-20": 2}
