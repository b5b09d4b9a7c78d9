"""Workers, beat, Redis and mail server go down at random moments: nothing is lost, nobody is wronged.

``CHAOS_SEED=4711`` repeats what is drawn, though not the moments; ``make chaos`` runs thousands of accounts.
"""

from __future__ import annotations

import os
import random
import shutil
import time
from datetime import date, datetime
from pathlib import Path

import pytest

from tests.chaos.clock import OSLO
from tests.chaos.run import Run, Size
from tests.chaos.verdict import Verdict, mails

ACCOUNTS = int(os.environ.get("CHAOS_ACCOUNTS") or 0)
SEED = int(os.environ.get("CHAOS_SEED") or random.randrange(100_000))
SHORT = Size(accounts=300, days=(0,), seconds=6, workers=1, beats=1, rate=40, patience=60)
WHOLE = Size(accounts=ACCOUNTS, days=(0, 17, 28, 32), seconds=30, workers=2, beats=2, rate=20, patience=600)
FIRST = date(2026, 11, 23)


@pytest.mark.django_db(transaction=True)
@pytest.mark.processes
@pytest.mark.postgres_only
@pytest.mark.timeout(0 if ACCOUNTS else 170)
@pytest.mark.skipif(not shutil.which("redis-server"), reason="LEFT OUT: there is no redis-server here")
def test_nothing_is_lost_and_nobody_is_wronged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = time.monotonic()
    run = Run(WHOLE if ACCOUNTS else SHORT, SEED, FIRST, tmp_path)
    print(f"\nCHAOS_SEED={SEED}, {run.size.accounts} accounts; logs in {tmp_path}")
    run.live(monkeypatch)
    verdict = Verdict(run.lives, run.in_time, FIRST, run.last)
    verdict.say()
    post = mails(run.post.server, datetime.combine(FIRST, datetime.min.time(), OSLO))
    suspended = sum(verdict.must_be_suspended(life) for life in run.lives)
    print(f"{dict(run.pulled)}; {sum(run.answered.values())} answers; {suspended} suspended; {post}; "
          f"{run.cut_off} senders cut off; {time.monotonic() - begun:.0f} s")  # fmt: skip
    assert post["came again"] <= run.cut_off
    assert run.cut_off
    assert suspended
