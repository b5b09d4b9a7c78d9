"""The portal's own jobs, run by the tick: what they did stands on their runs."""

from __future__ import annotations

import ast
from datetime import date, timedelta
from io import StringIO
from pathlib import Path

import pytest
import time_machine
from celery import current_app
from django.conf import settings
from django.core import mail
from django.core.management import CommandError, call_command

from accounts import delivery, schedule, tasks
from accounts.lifecycle.states import AccountState
from accounts.models import Credential, JobRun, Message, Notice, Order, RunState
from accounts.outbox import DELIVER, RUN_UPLOADS, VERIFY
from accounts.schedule import run_due
from tests.story import Story

pytestmark = [pytest.mark.django_db]

TODAY = date(2026, 11, 23)


def counts_of(job: str) -> dict[str, int]:
    """What the last run of ``job`` counted."""
    run = JobRun.objects.filter(job=job).latest("started_at")
    assert run.state == RunState.DONE, run.error
    return run.counts


def test_a_first_tick_after_seven_runs_everything_once(story: Story) -> None:
    ended = run_due(lambda: story.now)
    assert [(run.job, run.state) for run in ended] == [(job.name, RunState.DONE) for job in schedule.JOBS]
    assert run_due(lambda: story.now) == []
    every_minute = [job.name for job in schedule.JOBS if job.daily_at is None]
    assert "deliver_messages" in every_minute
    assert [run.job for run in run_due(lambda: story.now + timedelta(minutes=1))] == every_minute


def test_silence_is_noticed_mailed_and_ends_in_suspension(story: Story) -> None:
    """Day by day at 07:00 Oslo time, with the tick alone doing everything."""
    story.covered(TODAY - timedelta(days=500), TODAY + timedelta(days=60))
    account = story.account(last_used_on=TODAY - timedelta(days=400))
    seen = {}
    for day in range(33):
        now = story.now.replace(hour=6) + timedelta(days=day)
        run_due(lambda now=now: now)
        seen[day] = counts_of("check_inactivity")
        run_due(lambda now=now: now + timedelta(minutes=1))
    notice = Notice.objects.get()
    assert (notice.opened_on, notice.delivered_on, notice.answer_by) == (TODAY, TODAY, date(2026, 12, 23))
    assert {day: counts for day, counts in seen.items() if counts} == {
        0: {"notified": 1},
        16: {"reminded": 1},
        27: {"reminded": 1},
        31: {"suspended": 1},
    }
    account.refresh_from_db()
    assert account.state == AccountState.SUSPENDED
    assert [message.subject.split(":")[0] for message in mail.outbox] == [
        "Do you still need client-1? Answer by 23 December 2026",
        "Reminder",
        "Reminder",
        "client-1 is suspended",
    ]


def test_late_orders_and_returned_orders_and_secrets_nobody_collected(story: Story) -> None:
    waiting = story.order_in("support")
    returned = story.order_in("returned")
    story.order_in("issued")
    delivery.deliver_due(story.now)
    mail.outbox.clear()
    later = story.now + timedelta(days=16)
    run_due(lambda: later)
    assert counts_of("remind_stages") == {"reminded": 1}
    assert counts_of("expire_secrets") == {"destroyed": 1}
    assert counts_of("expire_returned") == {}
    assert Credential.objects.get().sealed_secret == ""
    run_due(lambda: story.now + timedelta(days=24))
    assert counts_of("expire_returned") == {"warned": 1}
    run_due(lambda: story.now + timedelta(days=31))
    assert counts_of("expire_returned") == {"expired": 1}
    assert Order.objects.get(pk=returned.pk).state == "withdrawn"
    assert Order.objects.get(pk=waiting.pk).state == "support"
    kinds = set(Message.objects.exclude(state="delivered").values_list("kind", flat=True))
    assert {"order_expired", "order_expired_copy"} <= kinds
    sent = set(Message.objects.filter(state="delivered").values_list("kind", flat=True))
    assert {"stage_reminder", "secret_not_collected", "secret_not_collected_copy", "return_expiry_warning"} <= sent


def test_the_tasks_have_the_names_that_beat_and_the_outbox_send() -> None:
    current_app.loader.import_default_modules()
    sent = (tasks.deliver_messages.name, tasks.verify_new.name, tasks.run_uploads.name)
    assert sent == (DELIVER, VERIFY, RUN_UPLOADS)
    assert set(sent) <= current_app.tasks.keys()
    assert {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()} == {tasks.run_due.name, RUN_UPLOADS}
    assert tasks.run_due.name in current_app.tasks


def test_tasks_take_no_arguments() -> None:
    """Nothing of anybody is in a broker's files: there is no place for it."""
    tree = ast.parse((Path(settings.BASE_DIR) / "accounts" / "tasks.py").read_text())
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    assert {function.name: ast.unparse(function.args) for function in functions} == {
        "check_inactivity": "",
        "deliver_messages": "",
        "deliver_webhooks": "",
        "reconcile_providers": "",
        "run_due": "",
        "run_uploads": "",
        "verify_new": "",
        "work_operations": "",
    }


def test_the_tasks_do_it(story: Story) -> None:
    story.order_in("support")
    with time_machine.travel(story.now, tick=False):
        tasks.deliver_messages.apply(throw=True)
        assert len(mail.outbox) == 3
        tasks.run_due.apply(throw=True)
    assert JobRun.objects.count() == len(schedule.JOBS)


def test_the_command_does_what_the_tick_does(story: Story) -> None:
    with time_machine.travel(story.now, tick=False):
        story.order_in("support")
        said = StringIO()
        call_command("run_due", stdout=said)
        assert "deliver_messages (2026-11-23T12:00Z): delivered 3\n" in said.getvalue()
        assert "check_inactivity (2026-11-23): nothing to do\n" in said.getvalue()
        said = StringIO()
        call_command("run_due", stdout=said)
        assert said.getvalue() == "Nothing is due.\n"


def test_the_command_says_what_failed(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**_: object) -> None:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr("accounts.actions.credentials.destroy_uncollected", fail)
    said = StringIO()
    with time_machine.travel(story.now, tick=False), pytest.raises(CommandError, match="Failed: expire_secrets"):
        call_command("run_due", stdout=said)
    assert "expire_secrets (2026-11-23): failed. RuntimeError: the disk is full" in said.getvalue()
    assert "check_inactivity (2026-11-23): nothing to do" in said.getvalue()
