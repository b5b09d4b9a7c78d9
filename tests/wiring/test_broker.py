"""A broker that is away must never hold up a page."""

import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from portal import embedded
from portal.environment import BASE_DIR

pytestmark = pytest.mark.sqlite_only

PUBLISH = """
import django
django.setup()
from kombu.exceptions import OperationalError
from portal.celery import app
try:
    app.send_task("accounts.tasks.run_due")
except OperationalError:
    print("refused")
"""


def test_publishing_to_a_broker_that_says_nothing_gives_up_by_itself_and_at_once(tmp_path: Path) -> None:
    """A server that takes connections and never answers: without time-outs this would wait for ever."""
    connections = []
    with socket.create_server(("127.0.0.1", 0)) as silent:
        threading.Thread(target=accept, args=(silent, connections), daemon=True).start()
        environment = {
            "PATH": os.environ["PATH"],
            "DJANGO_SETTINGS_MODULE": "portal.settings",
            "DATA_DIR": str(tmp_path),
            "DATABASE_URL": f"sqlite:///{tmp_path}/x.sqlite3",
            "CELERY_BROKER_URL": f"redis://127.0.0.1:{silent.getsockname()[1]}/0",
            "EMAIL_URL": "memorymail://",
            "SECRET_KEY": embedded.new_secret_key(),
            "CREDENTIAL_KEYS": embedded.new_credential_key(),
        }
        command = [sys.executable, "-c", PUBLISH]
        answer = subprocess.run(command, cwd=BASE_DIR, env=environment, capture_output=True, text=True, timeout=60)
    for connection in connections:
        connection.close()
    assert answer.stdout == "refused\n", answer.stderr
    assert len(connections) <= 2  # no row of attempts, each with its own wait


def accept(server: socket.socket, connections: list[socket.socket]) -> None:
    while True:
        try:
            connections.append(server.accept()[0])
        except OSError:
            return
