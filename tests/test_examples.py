"""The example files are what their script makes, and docs/try-it.md does what it says, line by line."""

from __future__ import annotations

import csv
import io
import json
import re
import shlex
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from accounts.models import Account, Message, Task
from portal.environment import BASE_DIR
from scripts import examples
from tests.commands.running import run

FOLDER = BASE_DIR / "docs" / "examples"
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=31)
KEPT = "0d7d751a-f608-4ba6-b441-c28ed0ed06d7"


def test_the_script_makes_these_files(tmp_path: Path) -> None:
    examples.main(tmp_path)
    for name in ("accounts.csv", "usage.ndjson"):
        assert (tmp_path / name).read_bytes() == (FOLDER / name).read_bytes(), f"run python scripts/examples.py: {name}"


def test_what_is_in_them_on_purpose() -> None:
    rows = list(csv.DictReader(io.StringIO((FOLDER / "accounts.csv").read_text(encoding="utf-8"))))
    assert Counter(row["environment"] for row in rows) == {"PRODUCTION": 150, "TEST": 50}
    assert sum(not row["last_used_on"] for row in rows) == 16
    assert sum(row["last_used_on"] == row["activated_on"] for row in rows) == 10
    activated = sorted(date.fromisoformat(row["activated_on"]) for row in rows)
    assert (activated[0].year, activated[-1].year) == (2023, 2026)
    assert all(row["owner_email"].endswith(".example") for row in rows)
    assert {letter for row in rows for letter in row["organisation"]} >= set("åøÅÆ")
    calls = [json.loads(line) for line in (FOLDER / "usage.ndjson").read_text(encoding="utf-8").splitlines()]
    assert (len(calls), sum(call["status"] >= 400 for call in calls)) == (1666, 85)


@pytest.mark.django_db
def test_alone_they_notify_nine_and_hold_five() -> None:
    run("import_accounts", str(FOLDER / "accounts.csv"), at=NOW)
    usage = ("import_usage", str(FOLDER / "usage.ndjson"), "--environment", "PRODUCTION")
    told = run(*usage, "--covers-through", "2026-11-22", at=NOW)
    assert "of 82 accounts counted, 85 failed calls left out" in told
    assert "skipped: 2 clients" in told
    checked = json.loads(run("check_inactivity", "--dry-run", "--format", "json", at=NOW))
    assert [entry["environment"] for entry in checked["notified"]] == ["PRODUCTION"] * 9
    assert [(entry["environment"], entry["reason"]) for entry in checked["held"]] == [("TEST", "feed_not_current")] * 5


def lines_of_the_walk() -> list[str]:
    text = (BASE_DIR / "docs" / "try-it.md").read_text(encoding="utf-8").split("## 2.")[1]
    return re.findall(r"^    ((?:faketime -f \+31d )?\.venv/bin/python manage\.py .+)$", text, re.MULTILINE)


@pytest.mark.django_db
def test_the_walk_of_docs_try_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(BASE_DIR)
    run("sample_data", at=NOW)
    told = [(line, follow(line)) for line in lines_of_the_walk()]
    assert len(told) == 14
    checks = [said.splitlines()[-1].split(": ")[1] for line, said in told if " check_inactivity" in line]
    assert checks[1] == "notified 14, reminded 0, cleared 0, suspended 1, held 0"  # the one is of the sample data
    kept = Account.objects.get(client_id=KEPT)
    assert (kept.state, kept.kept_on) == ("active", date(2026, 11, 23))
    examples_rows = csv.DictReader(io.StringIO((FOLDER / "accounts.csv").read_text(encoding="utf-8")))
    due = Account.objects.filter(client_id__in=[row["client_id"] for row in examples_rows], notices__isnull=False)
    assert Counter(due.values_list("state", flat=True)) == {"suspended": 13, "active": 1, "notified": 3}
    assert Task.objects.filter(kind="disable_client", done_at=None, account__in=due).count() == 13
    assert not Message.objects.filter(state="queued").exists()
    assert told[-1][1].startswith("The history is whole")


def follow(line: str) -> str:
    """Run one line of the walk, at the time at which it says it runs."""
    at = LATER if line.startswith("faketime") else NOW
    line = line.replace('"$(date +%F)"', NOW.date().isoformat())
    line = line.replace('"$(faketime -f +31d date +%F)"', LATER.date().isoformat())
    return run(*shlex.split(line.split("manage.py ")[1]), at=at)
