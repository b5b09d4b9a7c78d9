"""The page of job runs: did the daily jobs run, what did each run do, what went wrong."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from accounts import schedule
from accounts.models import JobRun, Upload
from tests.story import NOW, Story
from tests.web.staff_pages import browser, queries, read, words

URL = "/staff/jobs/"
TODAY = "2026-11-23"


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def run(job: str = "check_inactivity", period: str = TODAY, state: str = "done", **columns: Any) -> JobRun:
    """A run that took a second and a half, an hour ago."""
    started = columns.pop("started_at", NOW - timedelta(hours=1))
    ended = None if state == "running" else started + timedelta(seconds=1.5)
    return JobRun.objects.create(
        job=job, period=period, state=state, started_at=started, ended_at=ended, lease_until=started, **columns
    )


def daily(text: str, job: str) -> str:
    """What stands behind ``job`` in the table of daily jobs."""
    table = text.split('id="daily"')[1].split("</table>")[0]
    return words("<main>" + table.split(job)[1].split("</tr>")[0])


@pytest.mark.parametrize(
    ("state", "said"), [("done", "Done"), ("running", "Running"), ("failed", "Failed"), ("", "Not run yet today")]
)
def test_each_daily_job_says_how_it_stands_today(story: Story, state: str, said: str) -> None:
    run(period="2026-11-22", started_at=NOW - timedelta(days=1))
    if state:
        run(state=state)
    assert daily(read(browser(story, "support"), URL), "Check inactivity").startswith(said)


def test_a_job_whose_hour_has_not_come_is_not_missed(story: Story) -> None:
    with time_machine.travel(NOW.replace(hour=4, minute=30), tick=False):  # 05:30 in Oslo
        text = read(browser(story, "support"), URL)
    assert daily(text, "Check inactivity").startswith("Later today")
    assert daily(text, "Tidy the list of runs").startswith("Not run yet today")


def test_the_last_success_is_told(story: Story) -> None:
    run(period="2026-11-20", started_at=NOW - timedelta(days=3))
    run(period="2026-11-21", started_at=NOW - timedelta(days=2), state="failed", error="boom")
    text = read(browser(story, "support"), URL)
    assert "3 days ago" in daily(text, "Check inactivity")
    assert "Not in the last 30 days" in daily(text, "Expire returned orders")


def test_every_job_of_the_schedule_has_a_name(story: Story) -> None:
    for job in schedule.JOBS:
        run(job=job.name, counts={"done": 1})
    text = read(browser(story, "support"), URL)
    for job in schedule.JOBS:
        assert job.name not in text


def test_a_run_says_what_it_did(story: Story) -> None:
    run(counts={"notified": 3, "held": 1}, attempts=2)
    text = words(read(browser(story, "support"), URL))
    assert "Check inactivity 2026-11-23 Done 2 attempts 23 Nov 2026, 12:00 1.5 s 3 notified, 1 held" in text


def test_a_failed_run_shows_its_error_escaped(story: Story) -> None:
    run(state="failed", error="OperationalError: <b>locked</b>")
    run(job="deliver_messages", period="x", counts={"delivered": 1})
    answer = browser(story, "support").get(f"{URL}?state=failed").content.decode()
    assert "OperationalError: &lt;b&gt;locked&lt;/b&gt;" in answer
    assert "1 delivered" not in answer


def test_quiet_runs_are_left_out_until_asked_for(story: Story) -> None:
    run(job="deliver_messages", period="2026-11-23T11:00Z")
    client = browser(story, "support")
    assert "2026-11-23T11:00Z" not in read(client, URL)
    text = words(read(client, f"{URL}?state=all"))
    assert "2026-11-23T11:00Z Done" in text
    assert "Nothing was due" in text


def test_empty_lists_say_why(story: Story) -> None:
    client = browser(story, "support")
    assert "No run had anything to do" in read(client, URL)
    assert "Nothing ran yet" in read(client, f"{URL}?state=all")
    assert "No run failed" in read(client, f"{URL}?state=failed&after=~&before=x")


def test_a_run_shows_how_far_it_is_and_the_page_looks_again_until_it_is_over(story: Story) -> None:
    kept = run(state="running", phase="check", done=250, total=1000)
    client = browser(story, "support")
    text = read(client, URL)
    assert 'max="1000" value="250"' in text
    assert "Looking at the accounts, 25 % Look again" in words(text)
    assert 'hx-trigger="every 3s"' in text
    JobRun.objects.filter(pk=kept.pk).update(state="done", ended_at=NOW, counts={"notified": 1})
    assert "every 3s" not in read(client, URL)


def test_a_run_whose_size_nobody_knows_shows_a_bar_that_only_moves(story: Story) -> None:
    run(state="running", phase="write", done=7)
    text = read(browser(story, "support"), URL)
    assert '<progress class="lp-progress" aria-label="Writing">' in text


def test_the_run_of_a_file_leads_to_it(story: Story) -> None:
    ran = run(job="import_accounts", period="x", counts={"created": 3})
    upload = Upload.objects.create(
        kind="accounts", file_name="old.csv", size=1, uploaded_by=story.support, uploaded_at=NOW, run=ran
    )
    text = read(browser(story, "support"), URL)
    assert f'href="/staff/imports/{upload.pk}/">old.csv' in text
    assert "3 accounts made" in text


def test_real_runs_are_shown(story: Story) -> None:
    story.order_in("support")
    schedule.run_due(timezone.now)
    text = words(read(browser(story, "administrator"), URL))
    assert "Deliver messages" in text
    assert "3 delivered" in text
    assert "Not run yet today" not in text


def test_the_number_of_queries_does_not_grow(story: Story) -> None:
    client = browser(story, "support")
    run(counts={"held": 1})
    few = queries(client, URL)
    for number in range(30):
        run(job="deliver_messages", period=str(number), counts={"delivered": number})
    assert queries(client, URL) == few
