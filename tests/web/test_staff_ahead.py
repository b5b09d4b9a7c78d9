"""The forecast's page: a calendar and a list for any day and any numbers; and the check that is run by hand."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
import time_machine

from accounts import outbox, schedule, tasks
from accounts.models import Account, Environment, Event, JobRun, Message, Notice, PolicyNumber
from accounts.readers import silence
from tests.story import NOW, Story
from tests.web.staff_pages import WORKERS, browser, queries, read, words

URL, FILE, CHECK = "/staff/inactivity/ahead/", "/staff/inactivity/ahead.csv", "/staff/inactivity/check/"
TODAY = date(2026, 11, 23)


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def silent(story: Story) -> Account:
    """An account that becomes inactive in ten days."""
    story.covered(TODAY - timedelta(days=500), TODAY - timedelta(days=1))
    return story.account(client_id="quiet-one", last_used_on=date(2025, 12, 3))


def lines(answer: Any) -> list[list[str]]:
    text = b"".join(answer.streaming_content).decode()
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))


def test_the_page_tells_what_the_checks_will_do_and_does_nothing(story: Story, silent: Account) -> None:
    before = (Event.objects.count(), Notice.objects.count(), Message.objects.count())
    text = words(read(browser(story, "support"), URL))
    assert "23 Nov 2026 to 20 Feb 2027" in text
    assert "Suspended 1 Notified 1 Reminded 2" in text
    assert "quiet-one" in text
    assert "4 Dec 2026 Notified" in text
    assert (Event.objects.count(), Notice.objects.count(), Message.objects.count()) == before
    assert Account.objects.get(pk=silent.pk).state == "active"


def test_another_day_and_other_numbers_are_a_journey_and_nothing_is_saved(story: Story, silent: Account) -> None:
    client = browser(story, "support")
    assert "This is not how things stand today" not in words(read(client, URL))
    later = words(read(client, f"{URL}?on=2026-12-10"))
    assert "You look at 10 Dec 2026 ." in later
    assert "4 Dec 2026 Notified" not in later
    assert "Suspended 1 Notified 0" in later
    other = words(read(client, f"{URL}?inactive_after_years=2"))
    assert "The policy has other numbers here than the ones in force. They are not saved." in other
    assert "quiet-one" not in other
    assert PolicyNumber.objects.count() == 0


def test_a_feed_that_stops_keeps_everybody(story: Story, silent: Account) -> None:
    text = words(read(browser(story, "support"), f"{URL}?feeds=stop"))
    assert "No usage is received from today on." in text
    assert "Suspended 0 Notified 0 Reminded 0 In use after all 0 Left alone 1" in text


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("on=2026-11-22", "Choose a day from today on, at most three years ahead."),
        ("on=2036-01-01", "Choose a day from today on, at most three years ahead."),
        ("on=never", "Enter a valid date."),
        ("answer_days=3", "Ensure this value is greater than or equal to 7."),
        ("answer_days=10&first_reminder_days=14", "A reminder must come within the answer period."),
        ("organisation=nobody+at+all", "No organisation has this number or name. Write all of it."),
    ],
)
def test_what_cannot_be_used_is_said_and_counts_as_not_asked(
    story: Story, silent: Account, asked: str, said: str
) -> None:
    text = words(read(browser(story, "support"), f"{URL}?{asked}"))
    assert said in text
    assert "Suspended 1 Notified 1" in text


def test_kind_environment_and_organisation_narrow_it(story: Story, silent: Account) -> None:
    client = browser(story, "support")
    assert "4 Dec 2026 Notified" not in words(read(client, f"{URL}?kind=suspended"))
    assert "quiet-one" not in read(client, f"{URL}?environment=PRODUCTION")
    assert "quiet-one" in read(client, f"{URL}?organisation={silent.organisation.number}")
    assert "quiet-one" in read(client, f"{URL}?organisation={silent.organisation.name.upper()}")


@pytest.mark.parametrize("odd", ["after=x", "before=~~", "after=2026-01-01~9~no", "environment=MOON", "kind=exploded"])
def test_an_odd_address_is_no_error(story: Story, silent: Account, odd: str) -> None:
    assert browser(story, "support").get(f"{URL}?{odd}").status_code == 200


def test_the_file_says_the_same_for_a_spreadsheet(story: Story, silent: Account) -> None:
    Account.objects.filter(pk=silent.pk).update(client_id="=danger")
    answer = browser(story, "support").get(FILE)
    found = lines(answer)
    assert found[0] == [
        "day",
        "what",
        "client_id",
        "environment",
        "organisation",
        "owner_email",
        "last_activity_on",
        "why",
    ]
    assert [(row[0], row[1], row[2]) for row in found[1:]] == [
        ("2026-12-04", "notified", "'=danger"),
        ("2026-12-20", "reminded", "'=danger"),
        ("2026-12-31", "reminded", "'=danger"),
        ("2027-01-04", "suspended", "'=danger"),
    ]


def test_pages_and_queries_do_not_grow_with_the_accounts(story: Story, silent: Account) -> None:
    client = browser(story, "support")
    few = queries(client, URL)
    for number in range(30):
        story.account(client_id=f"more-{number:02}", last_used_on=date(2025, 12, 5))
    assert queries(client, URL) == few
    page = read(client, URL)
    after = page.split("after=")[1].split('"')[0].replace("&amp;", "&")
    assert "more-" in read(client, f"{URL}?after={after}")


@pytest.mark.parametrize("who", WORKERS)
def test_only_staff_look_ahead_and_only_support_runs_the_check(story: Story, who: str) -> None:
    client = browser(story, who)
    staff = who in ("support", "responsible", "administrator")
    assert client.get(URL).status_code == (200 if staff else 403)
    assert client.get(FILE).status_code == (200 if staff else 403)
    assert client.get(CHECK).status_code == (200 if who == "support" else 403)


def test_silence_is_counted_in_whole_months(story: Story) -> None:
    for day in (TODAY, date(2026, 10, 24), date(2026, 10, 23), date(2025, 11, 23), date(2020, 1, 1)):
        story.account(client_id=f"c-{day}", last_used_on=day, activated_on=date(2019, 1, 1))
    found = dict(silence.by_month(TODAY))
    assert (found[0], found[1], found[12], found[24]) == (2, 1, 1, 1)
    assert sum(found.values()) == 5
    assert sum(dict(silence.by_month(TODAY, gone={date(2020, 1, 1): 1})).values()) == 4
    other: UUID = Environment.objects.get(name="PRODUCTION").pk
    assert sum(dict(silence.by_month(TODAY, environment=other)).values()) == 0


def test_the_check_by_hand_is_the_same_job_one_at_a_time(
    story: Story, silent: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []
    monkeypatch.setattr(outbox, "wake", sent.append)
    client = browser(story, "support")
    assert "Run the inactivity check now?" in read(client, CHECK)
    assert client.post(CHECK).status_code == 302
    assert sent == ["accounts.tasks.check_inactivity"]
    tasks.check_inactivity()
    tasks.check_inactivity()  # twice in one minute: once
    run = JobRun.objects.get(job="check_inactivity")
    assert (run.state, run.period) == ("done", "2026-11-23 13:00 by hand")
    text = words(read(client, "/staff/inactivity/"))
    assert "The last checks" in text


def test_a_check_that_runs_is_shown_and_not_begun_again(
    story: Story, silent: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []
    monkeypatch.setattr(outbox, "wake", sent.append)
    JobRun.objects.create(
        job="check_inactivity", period="2026-11-23", started_at=NOW, lease_until=NOW + timedelta(minutes=5),
        phase="check", done=3, total=10,
    )  # fmt: skip
    client = browser(story, "support")
    page = read(client, "/staff/inactivity/")
    assert 'hx-trigger="every 3s"' in page
    assert "Looking at the accounts, 30 %" in words(page)
    client.post(CHECK)
    assert sent == []
    assert schedule.run_now("check_inactivity", lambda: NOW) is None
    assert "A check is running already." in words(read(client, "/staff/inactivity/"))
