"""A real worker and a real beat: mail goes out soon after the commit, and jobs run by the minute."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from accounts.models import JobRun, Message, MessageState
from tests.delivery.processes import database_url
from tests.delivery.smtp import MoodyServer, listening
from tests.delivery.test_wake_up import submit_with
from tests.servers import wait_for
from tests.story import Story

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes, pytest.mark.timeout(180)]


@contextlib.contextmanager
def celery(*command: str, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run ``celery COMMAND...`` of the portal on the test's database; it is killed afterwards, children and all."""
    process = subprocess.Popen(
        [sys.executable, "-m", "celery", "--quiet", "--app", "portal", *command],
        cwd=settings.BASE_DIR, start_new_session=True,
        env={**os.environ, "DATABASE_URL": database_url(), "DJANGO_SETTINGS_MODULE": "tests.delivery.settings",
             **environment},
    )  # fmt: skip
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


WORKER = ("worker", "--concurrency", "1", "--without-gossip", "--without-mingle", "--loglevel", "WARNING")


def test_redis(story: Story, redis_url: str) -> None:
    with listening(MoodyServer()) as server:
        where = {"EMAIL_URL": server.url, "CELERY_BROKER_URL": redis_url}
        with celery(*WORKER, **where):
            story.draft()
            submit_with(redis_url)
            stamped = Message.objects.filter(state=MessageState.DELIVERED.value)
            wait_for(lambda: stamped.count() == 3, seconds=60, what="three mails, each stamped")
        assert len(server.mails) == Message.objects.count() == 3
        assert not JobRun.objects.exists()


def test_folders_and_beat(story: Story, tmp_path: Path) -> None:
    """The embedded broker; nobody wakes the worker, so beat's tick must find the mails."""
    story.order_in("support")
    with listening(MoodyServer()) as server:
        where = {"EMAIL_URL": server.url, "CELERY_BROKER_URL": "filesystem://", "DATA_DIR": str(tmp_path)}
        with celery(*WORKER, **where), celery("beat", "--pidfile", "", "--loglevel", "WARNING", **where):
            done = JobRun.objects.filter(job="deliver_messages", counts={"delivered": 3})
            wait_for(done.exists, seconds=120, what="the first tick")
        assert sorted(server.addresses()) == [
            "ingrid@nordsjo.example",
            "jonas@support.example",
            "marte@support.example",
        ]
