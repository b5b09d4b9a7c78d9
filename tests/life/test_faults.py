"""What the doors do while a server beside them is away: Redis, or PostgreSQL."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg
import pytest
from celery import current_app
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from kombu import Connection

from accounts.models import Message, MessageState, Order
from accounts.outbox import DELIVER
from tests.chaos.machines import Redis
from tests.delivery.processes import database_url
from tests.delivery.smtp import MoodyServer, listening
from tests.jobs.test_worker import WORKER, celery
from tests.servers import NotInstalledError, free_port, wait_for
from tests.story import Story
from tests.web.visitors import browser_of

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.processes,
    pytest.mark.postgres_only,
    pytest.mark.timeout(170),
]


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Redis]:
    """A Redis that can be killed and frozen."""
    server = Redis(tmp_path)
    try:
        server.start()
    except NotInstalledError as reason:
        pytest.skip(f"LEFT OUT: {reason}")
    yield server
    server.kill()


@contextlib.contextmanager
def web(story: Story, who: str, **environment: str) -> Iterator[httpx.Client]:
    """The pages, served by gunicorn on the test's database, and a browser in which ``who`` signed in just now."""
    port = free_port()
    given = {
        **os.environ, "DATABASE_URL": database_url(), "DJANGO_SETTINGS_MODULE": "portal.settings", "PORT": str(port),
        "PORTAL_URL": f"http://localhost:{port}", "WEB_CONCURRENCY": "1", "LOG_LEVEL": "CRITICAL", **environment,
    }  # fmt: skip
    command = [sys.executable, "-m", "gunicorn", "-c", "python:portal.gunicorn_config", "portal.wsgi"]
    process = subprocess.Popen(command, cwd=settings.BASE_DIR, env=given)
    cookies = {settings.SESSION_COOKIE_NAME: browser_of(getattr(story, who)).cookies["sessionid"].value}
    base = f"http://localhost:{port}"
    try:
        with httpx.Client(base_url=base, trust_env=False, timeout=30, cookies=cookies) as browser:
            wait_for(lambda: _is_live(browser), seconds=60, what="the pages")
            yield browser
    finally:
        process.terminate()
        process.wait(20)


def _is_live(browser: httpx.Client) -> bool:
    try:
        return browser.get("/health/live").status_code == 200
    except httpx.HTTPError:
        return False


def send(browser: httpx.Client, path: str, **fields: str) -> tuple[httpx.Response, float]:
    """Send the form at ``path`` as a browser would; the answer, and the seconds that it took."""
    browser.get(path)
    begun = time.monotonic()
    said = {"csrfmiddlewaretoken": browser.cookies.get("csrftoken", ""), **fields}
    answer = browser.post(path, data=said, headers={"Referer": f"{browser.base_url}{path}"})
    return answer, time.monotonic() - begun


@contextlib.contextmanager
def database_away() -> Iterator[None]:
    """Nobody but this test reaches the database: every other connection is cut, and no new one let in."""
    name = connection.settings_dict["NAME"]
    with psycopg.connect(os.environ["TEST_DATABASE_URL"], autocommit=True) as server:
        server.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
        try:
            yield
        finally:
            server.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
            connection.close()


def wake(redis: Redis) -> None:
    """Tell the worker to look for mails."""
    with Connection(redis.url) as broker:
        current_app.send_task(DELIVER, ignore_result=True, connection=broker)


def test_redis_away_under_a_persons_click(story: Story, redis: Redis) -> None:
    call_command("createcachetable", "portal_cache", verbosity=0)
    orders = [story.order_in("approval") for _number in range(2)]
    Message.objects.all().delete()
    with web(story, "responsible", CELERY_BROKER_URL=redis.url) as browser:
        for order, trouble in zip(orders, (redis.kill, redis.freeze), strict=True):
            redis.kill()
            redis.start()
            trouble()
            answer, seconds = send(browser, f"/orders/{order.reference}/do/approve/", comment="Fine.")
            assert (answer.status_code, seconds < 6) == (302, True), (seconds, answer.text[-500:])
            assert Order.objects.get(pk=order.pk).state == "approved"
        assert Message.objects.filter(state=MessageState.QUEUED.value).count() >= 4, "the mails wait, in the database"
        with httpx.Client(base_url=browser.base_url, trust_env=False, timeout=30) as stranger:
            answer, seconds = send(stranger, "/account/login/", login="ingrid@nordsjo.example")
        assert (answer.status_code, seconds < 6) == (302, True), (seconds, answer.text[-500:])


def test_postgresql_away_under_the_pages(story: Story) -> None:
    order = story.order_in("approval")
    page = f"/staff/approvals/{order.reference}/"
    with web(story, "responsible") as browser:
        assert browser.get(page).status_code == 200
        with database_away():
            answer = browser.get(page)
            assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")
            assert "Traceback" not in answer.text
            watcher = httpx.Client(base_url=browser.base_url, trust_env=False)  # without a session, as all of them
            with watcher:
                assert watcher.get("/health/live").status_code == 200
                assert watcher.get("/health/ready").status_code == 503
            told = browser.get("/api/v1/orders", headers={"Authorization": "Bearer lap_x"})
            assert (told.status_code, told.headers["Content-Type"]) == (503, "application/problem+json")
        assert browser.get(page).status_code == 200, "the next request works"


def test_postgresql_away_under_a_worker(story: Story, redis: Redis) -> None:
    with listening(MoodyServer()) as server:
        done = Message.objects.filter(state=MessageState.DELIVERED.value)
        with celery(*WORKER, EMAIL_URL=server.url, CELERY_BROKER_URL=redis.url, LOG_LEVEL="CRITICAL"):
            story.order_in("support")
            wake(redis)
            wait_for(lambda: done.count() == 3, seconds=90, what="three mails")
            with database_away():
                wake(redis)
                time.sleep(1)  # the worker tries, and its task fails
            story.order_in("support")
            wake(redis)
            wait_for(lambda: done.count() == 6, seconds=90, what="three more after the database came back")
        assert len(server.mails) == 6
