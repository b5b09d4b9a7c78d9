"""POST /api/v1/usage: what is counted, that sending again is harmless, and what is refused."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts.lifecycle.actor import SYSTEM
from accounts.lifecycle.states import Role
from accounts.models import ApiToken, BatchOutcome, Coverage, DailyUsage, Feed, UsageBatch, UsageFile
from tests.actions.feeding import call, covered, take, usage
from tests.api.calling import NDJSON, USAGE, Program, new_token, problem, program
from tests.rows import NOW, account

__all__ = ["program"]
pytestmark = pytest.mark.django_db
THROUGH = {"environment": "TEST", "covers_through": "2026-11-22"}


@pytest.fixture(autouse=True)
def today() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


def line(client: object = "alpha", day: object = "2026-11-20", calls: object = 3) -> dict[str, object]:
    return {"client_id": client, "day": day, "calls": calls}


class TestWhatIsCounted:
    def test_log_lines(self, program: Program) -> None:
        made = account("alpha")
        answer = program.log(call(), call(status=500), call("stranger"), **THROUGH).json()
        assert usage() == {"2026-11-20": 1}
        made.refresh_from_db()
        assert made.last_used_on == date(2026, 11, 20)
        assert covered() == [("2026-11-20", "2026-11-22")]
        assert {name: answer[name] for name in ("environment", "outcome", "lines", "failed_calls", "calls", "accounts",
                "last_uses_moved", "unknown_clients", "unknown_client_ids", "covered", "gap", "taken_before",
                "notes")} == {
            "environment": "TEST", "outcome": "taken", "lines": 3, "failed_calls": 1, "calls": 1, "accounts": 1,
            "last_uses_moved": 1, "unknown_clients": 1, "unknown_client_ids": ["stranger"],
            "covered": {"first_day": "2026-11-20", "last_day": "2026-11-22"}, "gap": None, "taken_before": None,
            "notes": [],
        }  # fmt: skip

    def test_counted_lines_add_up_and_zero_is_no_use(self, program: Program) -> None:
        made = account("alpha")
        lines = [line(), line(" alpha ", calls=4), line(day="2026-11-21", calls=0)]
        assert program.counted(*lines, **THROUGH).status_code == 200
        assert usage() == {"2026-11-20": 7}
        made.refresh_from_db()
        assert made.last_used_on == date(2026, 11, 20)

    def test_an_empty_batch_says_that_nobody_called(self, program: Program) -> None:
        assert program.counted(**THROUGH, covers_from="2026-11-01").json()["lines"] == 0
        assert covered() == [("2026-11-01", "2026-11-22")]

    def test_a_gap_is_told(self, program: Program) -> None:
        take(through=date(2026, 11, 10), covers_from=date(2026, 11, 1))
        answer = program.counted(line(), **THROUGH, covers_from="2026-11-15").json()
        assert answer["gap"] == {"first_day": "2026-11-11", "last_day": "2026-11-14"}

    def test_a_first_batch_that_covers_less_than_it_names_says_why_also_when_it_is_sent_again(
        self, program: Program
    ) -> None:
        sent = [program.counted(line(day="2020-01-01"), line(), **THROUGH, key="first") for _twice in range(2)]
        assert sent[0].json() == sent[1].json()
        assert "complete only from 20 November 2026 on" in sent[0].json()["notes"][0]

    def test_the_feed_is_the_programs_own(self, program: Program) -> None:
        program.counted(line(), **THROUGH)
        take(call())
        assert sorted(Feed.objects.values_list("kind", "name")) == [("api", "api"), ("file", "file")]
        row = UsageBatch.objects.get(feed__kind="api")
        assert (row.said_by, row.token) == ("Log shipper (API token)", ApiToken.objects.get())


class TestSendingAgain:
    def test_the_same_key_and_batch_give_the_same_answer(self, program: Program) -> None:
        account("alpha")
        first = program.counted(line(), **THROUGH, key="2026-11-22")
        again = program.counted(line(), **THROUGH, key="2026-11-22")
        assert again.json() == first.json()
        assert "Idempotency-Replayed" not in first
        assert again["Idempotency-Replayed"] == "true"
        assert (usage(), UsageBatch.objects.count()) == ({"2026-11-20": 3}, 1)

    def test_the_same_key_with_another_batch_is_a_conflict(self, program: Program) -> None:
        account("alpha")
        program.counted(line(), **THROUGH, key="k")
        assert "Idempotency-Key" in problem(program.counted(line(calls=9), **THROUGH, key="k"), 409)["detail"]
        assert "Idempotency-Key" in problem(program.log(call(), **THROUGH, key="k"), 409)["detail"]
        assert usage() == {"2026-11-20": 3}

    def test_the_days_in_the_query_belong_to_the_batch(self, program: Program) -> None:
        program.log(call(), **THROUGH, key="k")
        problem(program.log(call(), environment="TEST", covers_through="2026-11-21", key="k"), 409)

    def test_another_token_has_keys_of_its_own(self, program: Program) -> None:
        account("alpha")
        program.counted(line(), **THROUGH, key="k")
        other = Program(new_token().text).counted(line(day="2026-11-19"), **THROUGH, key="k")
        assert "Idempotency-Replayed" not in other
        assert usage() == {"2026-11-19": 3, "2026-11-20": 3}

    def test_a_refused_batch_leaves_its_key_free(self, program: Program) -> None:
        account("alpha")
        problem(program.counted(line(calls=-1), **THROUGH, key="k"), 422)
        assert program.counted(line(), **THROUGH, key="k").status_code == 200
        assert usage() == {"2026-11-20": 3}

    def test_without_a_key_the_same_lines_still_count_once(self, program: Program) -> None:
        account("alpha")
        program.counted(line(), **THROUGH)
        answer = program.counted(
            line(), environment="TEST", covers_through="2026-11-22", covers_from="2026-11-01"
        ).json()
        assert (answer["outcome"], answer["calls"]) == (BatchOutcome.REPEATED.value, 0)
        assert answer["taken_before"] is not None
        assert usage() == {"2026-11-20": 3}
        assert covered()[0] == ("2026-11-01", "2026-11-22")

    def test_the_file_and_the_program_do_not_count_the_same_log_twice(self, program: Program) -> None:
        account("alpha")
        take(call())
        assert program.log(call(), **THROUGH).json()["outcome"] == "repeated"
        assert usage() == {"2026-11-20": 1}

    def test_two_at_once_with_one_key_are_one(self, program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
        """The other one was committed between the look and the work: its row refuses ours, and its answer counts."""
        from accounts.actions import usage_batches

        account("alpha")
        first = program.counted(line(), **THROUGH, key="k").json()
        looks = iter([None])
        real = usage_batches.sent_before
        monkeypatch.setattr(usage_batches, "sent_before", lambda *args: next(looks, None) or real(*args))
        looked = program.counted(line(), **THROUGH, key="k")
        assert looked.json() == first
        assert usage() == {"2026-11-20": 3}


class TestRefused:
    def test_every_bad_line_is_named_and_nothing_is_done(self, program: Program) -> None:
        account("alpha")
        lines = [line(), "x", line(None), line(7), line(" "), line(day=20261120), line(day="2026-11-24"),
                 line(calls="3"), line(calls=True), line(calls=-1), line(calls=1.5), line("a\x01")]  # fmt: skip
        found = problem(program.counted(*lines, **THROUGH), 422)
        assert found["bad_lines_total"] == 11
        assert [(bad["line"], bad["field"]) for bad in found["bad_lines"]] == [
            (2, ""), (3, "client_id"), (4, "client_id"), (5, "client_id"), (6, "day"), (7, "day"), (8, "calls"),
            (9, "calls"), (10, "calls"), (11, "calls"), (12, "client_id"),
        ]  # fmt: skip
        assert not DailyUsage.objects.exists()
        assert not Coverage.objects.exists()
        assert not UsageFile.objects.exists()

    def test_bad_log_lines_too_and_the_history_keeps_them(self, program: Program) -> None:
        found = problem(program.log(call(), "not json", call(at="yesterday"), **THROUGH), 422)
        assert [(bad["line"], bad["field"]) for bad in found["bad_lines"]] == [(2, ""), (3, "timestamp")]
        row = UsageBatch.objects.get()
        assert (row.outcome, row.bad, len(row.bad_lines)) == ("refused", 2, 2)
        assert Feed.objects.get().problem == "2 mistakes in the file: nothing was taken in."
        program.log(call(), **THROUGH)
        assert Feed.objects.get().problem == ""

    @pytest.mark.parametrize(
        ("more", "words"),
        [
            ({"environment": "MOON", "covers_through": "2026-11-22"}, "There is no environment “MOON”. Known: TEST"),
            ({"environment": "TEST", "covers_through": "2026-11-24"}, "lies in the future"),
            ({"environment": "TEST", "covers_through": "2026-11-22", "covers_from": "2026-11-23"}, "is later than"),
        ],
    )
    def test_days_and_environments_that_make_no_sense(self, program: Program, more: dict[str, str], words: str) -> None:
        assert words in problem(program.counted(line(), **more), 422)["detail"]
        assert words in problem(program.log(call(), **more), 422)["detail"]

    def test_fields_that_are_missing_or_wrong_are_named(self, program: Program) -> None:
        found = problem(program.counted(environment=7, covers_through="soon"), 422)
        assert sorted(error["field"] for error in found["errors"]) == ["covers_through", "environment"]
        assert problem(program.log(call(), covers_through="soon", environment="TEST"), 422)["errors"][0]["field"] == (
            "covers_through"
        )
        problem(program.log(call(), environment="TEST"), 422)

    @pytest.mark.parametrize("body", [b"{", b"[]", b"\xff\xfe", b'{"lines": ' + b"[" * 100_000])
    def test_what_is_no_json(self, body: bytes) -> None:
        client = Client(headers={"Authorization": f"Bearer {new_token().text}"})
        problem(client.post(USAGE, body, content_type="application/json"), 422)

    def test_another_kind_of_content(self) -> None:
        client = Client(headers={"Authorization": f"Bearer {new_token().text}"})
        problem(client.post(USAGE, "a,b", content_type="text/csv"), 415)

    def test_too_large(self, program: Program, settings: Any) -> None:
        settings.USAGE_BATCH_MEGABYTES = 1
        found = problem(program.log(*[call()] * 20_000, **THROUGH), 413)
        assert found["limit_bytes"] == 1_000_000
        assert not UsageBatch.objects.exists()

    def test_of_unknown_length(self) -> None:
        client = Client(headers={"Authorization": f"Bearer {new_token().text}"})
        problem(client.generic("POST", USAGE, b"", content_type=NDJSON, CONTENT_LENGTH=""), 411)

    def test_keys_that_cannot_be(self, program: Program) -> None:
        problem(program.counted(line(), **THROUGH, key="k" * 256), 422)


class TestWhoMay:
    def test_nobody_without_a_token(self) -> None:
        response = Client().post(USAGE, "", content_type=NDJSON)
        problem(response, 401)
        assert response["WWW-Authenticate"].startswith("Bearer ")

    def test_nobody_with_a_token_that_is_wrong_expired_or_revoked(self) -> None:
        from accounts.actions import tokens

        gone, revoked = new_token(days=1), new_token()
        tokens.revoke(revoked.token, by=SYSTEM, now=NOW)
        with time_machine.travel(NOW + timedelta(days=1), tick=False):
            for text in ("lap_wrong", "", "\u00e6", gone.text, revoked.text):
                problem(Program(text).counted(line(), **THROUGH), 401)
        assert not UsageBatch.objects.exists()

    def test_a_person_who_signed_in_is_no_program(self) -> None:
        from tests.rows import person
        from tests.web.visitors import browser_of

        browser = browser_of(person("sunniva@loop.example", Role.SUPPORT))
        problem(browser.post(USAGE, "", content_type=NDJSON), 401)

    def test_a_token_without_the_scope(self, program: Program) -> None:
        ApiToken.objects.update(scopes=[])
        assert problem(program.counted(line(), **THROUGH), 403)["needed_scope"] == "usage:write"
        assert not UsageBatch.objects.exists()

    def test_its_last_use_is_kept(self, program: Program) -> None:
        program.counted(line(), **THROUGH)
        assert ApiToken.objects.get().last_used_at == NOW

    def test_too_many_requests(self, program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
        from accounts.api.door import PerToken

        monkeypatch.setattr(PerToken, "timer", lambda _self: 1_000_000.0)
        answers = [program.counted(environment="MOON", covers_through="2026-11-22") for _ in range(61)]
        assert {answer.status_code for answer in answers[:60]} == {422}
        problem(answers[60], 429)
        assert answers[60]["Retry-After"] == "60"
        other = Program(new_token().text)
        assert other.counted(line(), **THROUGH).status_code == 200


def test_the_api_describes_itself() -> None:
    described = Client().get("/api/v1/openapi.json").json()
    operation = described["paths"]["/api/v1/usage"]["post"]
    assert set(operation["requestBody"]["content"]) == {"application/json", NDJSON}
    assert {"200", "401", "403", "409", "413", "422", "429"} <= {str(code) for code in operation["responses"]}
    assert "Idempotency-Key" in {parameter["name"] for parameter in operation["parameters"]}
    assert described["components"]["securitySchemes"]["TokenAuth"]["scheme"] == "bearer"
