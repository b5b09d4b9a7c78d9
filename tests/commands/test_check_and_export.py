"""check_inactivity and export_accounts: what they print, for people and for programs."""

from __future__ import annotations

import csv
import io
import json
from datetime import date, datetime, timedelta

import pytest
from django.core.management.base import CommandError
from django.utils import timezone

from accounts.actions import provider
from accounts.models import Account, Message, Notice
from tests.commands.running import refused, run
from tests.story import NOW, Story

TODAY = date(2026, 11, 23)


@pytest.fixture
def silent(story: Story) -> Account:
    """An account that was used last 400 days ago, in an environment whose feed is complete."""
    story.covered(TODAY - timedelta(days=500), TODAY)
    return story.account(client_id="silent", last_used_on=TODAY - timedelta(days=400))


class TestExplain:
    def test_it_tells_of_every_figure(self, story: Story, silent: Account) -> None:
        story.account(client_id="silent", environment=story.production, last_used_on=TODAY - timedelta(days=10))
        text = run("check_inactivity", "--explain", "silent", at=NOW)
        assert "silent@TEST  active\n  The next check sends a notice. No activity since 19 October 2025." in text
        assert "silent@PRODUCTION  active\n  Not notified. Not inactive before 14 November 2027." in text
        assert "  Usage reports               Covered through 23 November 2026 (days since: 0)" in text
        assert "24 December 2026: suspended, at the earliest. No answer came by 23 December 2026." in text
        assert not Notice.objects.exists()

    @pytest.mark.parametrize("besides", [["--dry-run"], ["--on", "2026-12-24"], ["--format", "json"]])
    def test_it_stands_alone(self, silent: Account, besides: list[str]) -> None:
        with pytest.raises(CommandError, match="--explain stands alone"):
            run("check_inactivity", "--explain", "silent", *besides, at=NOW)

    def test_an_unknown_client_id_is_said(self, story: Story) -> None:
        with pytest.raises(CommandError, match="There is no account with the client id nobody"):
            run("check_inactivity", "--explain", "nobody", at=NOW)


class TestCheck:
    def test_the_json_is_that_of_the_contract(self, story: Story, silent: Account) -> None:
        story.account(client_id="unknown", environment=story.production, last_used_on=TODAY - timedelta(days=400))
        text = run("check_inactivity", "--format", "json", at=NOW)
        used = (TODAY - timedelta(days=400)).isoformat()
        assert json.loads(text) == {
            "on": "2026-11-23",
            "dry_run": False,
            "notified": [{"client_id": "silent", "environment": "TEST", "last_activity_on": used}],
            "reminded": [],
            "cleared": [],
            "suspended": [],
            "held": [
                {
                    "client_id": "unknown",
                    "environment": "PRODUCTION",
                    "last_activity_on": used,
                    "reason": "feed_not_current",
                    "detail": "No usage was ever received for this environment: nobody can be called inactive.",
                }
            ],
        }
        assert Account.objects.get(client_id="silent").state == "notified"
        again = json.loads(run("check_inactivity", "--format", "json", at=NOW))
        assert again["notified"] == []

    def test_nothing_to_do_is_valid_json_too(self, db: None) -> None:
        empty = {"on": "2026-11-23", "dry_run": True}
        empty |= {kind: [] for kind in ("notified", "reminded", "cleared", "suspended", "held")}  # type: ignore[misc]
        assert json.loads(run("check_inactivity", "--dry-run", "--format", "json", at=NOW)) == empty

    def test_a_preview_changes_nothing(self, silent: Account) -> None:
        told = run("check_inactivity", "--dry-run", at=NOW)
        assert told.splitlines() == [
            "notified   silent@TEST  last activity 2025-10-19  No activity since 19 October 2025.",
            "2026-11-23: notified 1, reminded 0, cleared 0, suspended 0, held 0 (a preview: nothing was changed)",
        ]
        assert Account.objects.get().state == "active"
        assert (Notice.objects.count(), Message.objects.count()) == (0, 0)

    def test_a_preview_of_another_day(self, silent: Account) -> None:
        before = json.loads(run("check_inactivity", "--dry-run", "--on", "2026-10-19", "--format", "json", at=NOW))
        after = json.loads(run("check_inactivity", "--dry-run", "--on", "2026-10-20", "--format", "json", at=NOW))
        assert (before["on"], before["notified"]) == ("2026-10-19", [])
        assert [entry["client_id"] for entry in after["notified"]] == ["silent"]

    def test_another_day_is_for_previews_only(self, silent: Account) -> None:
        assert "needs --dry-run" in refused("check_inactivity", "--on", "2026-12-24", at=NOW)
        with pytest.raises(CommandError, match="is no day such as"):
            run("check_inactivity", "--dry-run", "--on", "tomorrow")
        assert Account.objects.get().state == "active"

    def test_the_day_is_that_of_oslo(self, silent: Account) -> None:
        late = datetime(2026, 11, 23, 23, 30, tzinfo=NOW.tzinfo)
        assert json.loads(run("check_inactivity", "--dry-run", "--format", "json", at=late))["on"] == "2026-11-24"


class TestExport:
    def test_json(self, story: Story, silent: Account) -> None:
        run("check_inactivity", at=NOW)
        story.deliver(silent)
        story.account(client_id="busy", last_used_on=TODAY)
        entries = json.loads(run("export_accounts", "--format", "json"))
        by_client = {entry["client_id"]: entry for entry in entries}
        assert list(entries[0]) == [
            "client_id", "environment", "organisation", "owner_email", "state", "activated_on", "last_used_on",
            "kept_on", "last_activity_on", "suspension_effective_at", "notice",
        ]  # fmt: skip
        assert by_client["busy"]["notice"] is None
        assert by_client["busy"]["kept_on"] is None
        assert by_client["silent"]["state"] == "notified"
        assert by_client["silent"]["notice"] == {
            "opened_on": "2026-11-23", "delivered_on": "2026-11-23", "answer_by": "2026-12-23", "outcome": "open",
        }  # fmt: skip

    def test_the_latest_notice_is_the_one_that_counts(self, story: Story, silent: Account) -> None:
        old = {"account": silent, "last_activity_on": TODAY, "outcome": "kept", "closed_at": NOW}
        Notice.objects.create(opened_on=date(2024, 1, 1), **old)
        Notice.objects.create(opened_on=date(2025, 1, 1), **old)
        run("check_inactivity", at=NOW)
        assert json.loads(run("export_accounts", "--format", "json"))[0]["notice"]["outcome"] == "open"
        Notice.objects.filter(outcome="open").update(outcome="used", closed_at=NOW)
        assert json.loads(run("export_accounts", "--format", "json"))[0]["notice"]["outcome"] == "used"

    def test_csv_is_safe_in_a_spreadsheet(self, story: Story, silent: Account) -> None:
        for number, start in enumerate("=+-@\t"):
            story.account(client_id=f"{start}cmd{number}", last_used_on=TODAY)
        run("check_inactivity", at=NOW)
        rows = list(csv.DictReader(io.StringIO(run("export_accounts", "--format", "csv"))))
        assert list(rows[0])[-4:] == ["notice_opened_on", "notice_delivered_on", "notice_answer_by", "notice_outcome"]
        by_client = {row["client_id"]: row for row in rows}
        assert set(by_client) == {"silent", "'=cmd0", "'+cmd1", "'-cmd2", "'@cmd3", "'\tcmd4"}
        assert by_client["silent"]["notice_opened_on"] == "2026-11-23"
        assert by_client["'=cmd0"]["notice_outcome"] == ""

    def test_a_suspension_says_from_when_on_it_is_effective(self, story: Story, silent: Account) -> None:
        story.do(silent, "suspend", "support", comment="A leaked secret.")
        assert json.loads(run("export_accounts", "--format", "json"))[0]["suspension_effective_at"] is None
        provider.confirm(silent.tasks.get(), by=story.actor("cegal"), now=NOW)
        entry = json.loads(run("export_accounts", "--format", "json"))[0]
        assert entry["suspension_effective_at"] == timezone.localtime(NOW + timedelta(minutes=65)).isoformat(
            timespec="minutes"
        )

    def test_no_accounts(self, db: None) -> None:
        assert json.loads(run("export_accounts", "--format", "json")) == []
        assert run("export_accounts", "--format", "csv").count("\n") == 1

    def test_queries_do_not_grow_with_the_accounts(
        self, story: Story, django_assert_num_queries: pytest.FixtureRequest
    ) -> None:
        for _number in range(5):
            story.account()
        with django_assert_num_queries(2):  # type: ignore[operator]
            run("export_accounts", "--format", "csv")
