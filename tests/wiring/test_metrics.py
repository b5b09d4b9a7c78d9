"""`/metrics`: behind a token, in the text format of Prometheus, with what the database says."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from accounts.schedule import run_due
from tests.story import Story

pytestmark = pytest.mark.django_db

TOKEN = "only-for-tests"


def numbers(client: Client) -> dict[tuple[str, str], float]:
    answer = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/plain")
    assert "no-store" in answer["Cache-Control"]
    return {
        (sample.name, next(iter(sample.labels.values()), "")): sample.value
        for family in text_string_to_metric_families(answer.content.decode())
        for sample in family.samples
    }


def test_without_a_token_in_the_environment_there_is_no_such_page(client: Client, settings: Any) -> None:
    settings.METRICS_TOKEN = ""
    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404


@pytest.mark.parametrize("given", ["", "Bearer ", "Bearer wrong", "Bearer only-for-testsø"])
def test_a_wrong_token_is_refused(client: Client, settings: Any, given: str) -> None:
    settings.METRICS_TOKEN = TOKEN
    assert client.get("/metrics", headers={"Authorization": given} if given else {}).status_code == 403


def test_the_numbers(client: Client, settings: Any, story: Story) -> None:
    settings.METRICS_TOKEN = TOKEN
    story.covered(story.now.date() - timedelta(days=900), story.now.date() - timedelta(days=9))
    story.account(last_used_on=story.now.date())
    run_due(lambda: story.now)
    story.order_in("support")
    with time_machine.travel(story.now + timedelta(minutes=20), tick=False):
        found = numbers(client)
    assert found["portal_job_last_success_timestamp_seconds", "check_inactivity"] == story.now.timestamp()
    assert found["portal_mails", "queued"] == 3
    assert found["portal_mails", "given_up"] == 0
    assert found["portal_mail_oldest_age_seconds", ""] == 20 * 60
    assert found["portal_feed_age_days", "TEST"] == 9
    late = {part: value for (name, part), value in found.items() if name == "portal_standing_still"}
    assert late == {"ticks": 1, "daily_check": 0, "mail": 1, "feeds": 1}
