"""Waking the post room is a hint: with the broker away nothing fails, nothing hangs, and the mail goes out later."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

import pytest
from django.conf import settings
from django.utils import timezone

from accounts import delivery
from accounts.models import Message
from tests.delivery.processes import database_url
from tests.delivery.smtp import MoodyServer
from tests.servers import free_port
from tests.story import Story

SUBMIT = """
import time
import django
django.setup()
from accounts import people
from accounts.actions import ordering
from accounts.models import Order
from django.utils import timezone
order = Order.objects.get(state="draft")
begun = time.monotonic()
ordering.submit(order, by=people.actor_of(order.requester, today=timezone.localdate()), now=timezone.now())
print(f"{time.monotonic() - begun:.2f}")
"""


def submit_with(broker: str) -> float:
    """Send the draft in a process of its own, with another broker; the seconds that it took."""
    done = subprocess.run(
        [sys.executable, "-c", SUBMIT], cwd=settings.BASE_DIR, text=True, capture_output=True, timeout=60,
        env={**os.environ, "DATABASE_URL": database_url(), "CELERY_BROKER_URL": broker,
             "DJANGO_SETTINGS_MODULE": "tests.delivery.settings", "LOG_LEVEL": "CRITICAL"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return float(done.stdout)


@pytest.mark.django_db(transaction=True)
@pytest.mark.processes
class TestBrokerAway:
    def test_nobody_listens(self, story: Story, server: MoodyServer) -> None:
        story.draft()
        assert submit_with(f"redis://127.0.0.1:{free_port()}/0") < 3
        assert delivery.deliver_due(timezone.now()) == {"delivered": 3}

    def test_somebody_listens_and_never_answers(self, story: Story, server: MoodyServer) -> None:
        story.draft()
        with socket.socket() as silent:
            silent.bind(("127.0.0.1", 0))
            silent.listen()
            assert submit_with(f"redis://127.0.0.1:{silent.getsockname()[1]}/0") < 5
        assert delivery.deliver_due(timezone.now()) == {"delivered": 3}

    def test_somebody_listens(self, story: Story, redis_url: str) -> None:
        """With the broker there, exactly one task says: look now. It carries nothing else."""
        import redis

        story.draft()
        submit_with(redis_url)
        [task] = redis.Redis.from_url(redis_url).lrange("celery", 0, -1)
        assert b"accounts.tasks.deliver_messages" in task
        for message in Message.objects.all():
            assert message.to_email.encode() not in task
