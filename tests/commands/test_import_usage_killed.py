"""Taking in usage is all or nothing: killed in the middle it leaves no count; run again it counts every call once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import transaction
from django.db.models import Sum

from accounts.models import Account, Coverage, DailyUsage, Environment, UsageBatch, UsageFile
from tests.delivery.processes import database_url
from tests.story import Story

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes, pytest.mark.timeout(180)]

CALLS = 3_000
DAYS = 3
COVERS = ("--environment", "TEST", "--covers-through", "2025-11-03")
DIES = """
import os, signal, sys
import django
django.setup()
from django.core.management import call_command
from accounts.actions import after_suspension, usage, usage_history

def die(*_args, **_kwargs):
    os.kill(os.getpid(), signal.SIGKILL)

{place} = die
call_command("import_usage", *sys.argv[1:])
"""


@pytest.fixture
def log(story: Story, tmp_path: Path) -> Path:
    """A log of two known clients over three days."""
    for client in ("alpha", "beta"):
        story.account(client_id=client, last_used_on=None)
    file = tmp_path / "log.ndjson"
    calls = [
        {"timestamp": f"2025-11-0{1 + place % DAYS}T08:15:30Z", "client_id": ("alpha", "beta")[place % 2]}
        for place in range(CALLS)
    ]
    file.write_text("".join(f"{json.dumps(one)}\n" for one in calls), encoding="utf-8")
    return file


def killed(file: Path, place: str) -> None:
    """Take ``file`` in by a process that dies by SIGKILL when it comes to the function ``place``."""
    program = DIES.format(place=place)
    done = subprocess.run(
        [sys.executable, "-c", program, str(file), *COVERS], cwd=settings.BASE_DIR, capture_output=True, text=True,
        env={**os.environ, "DATABASE_URL": database_url(), "DJANGO_SETTINGS_MODULE": "tests.delivery.settings"},
        timeout=120,
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL, done.stderr


def total() -> int:
    return int(DailyUsage.objects.aggregate(total=Sum("calls"))["total"] or 0)


def test_killed_in_the_middle_and_run_again_and_again(log: Path) -> None:
    for place in ("usage._merge", "after_suspension.look", "usage_history.taken"):
        killed(log, place)
        assert total() == 0
        for kept in (UsageFile, UsageBatch, Coverage):
            assert not kept._default_manager.exists()
        assert not Account.objects.filter(last_used_on__isnull=False).exists()
    for _time in range(3):
        call_command("import_usage", str(log), *COVERS, verbosity=0)
        assert total() == CALLS
        assert DailyUsage.objects.count() == 2 * DAYS
    assert set(Account.objects.values_list("last_used_on", flat=True)) == {date(2025, 11, 3)}
    with transaction.atomic():
        assert Environment.objects.select_for_update().get(name="TEST"), "the dead hold no lock"
