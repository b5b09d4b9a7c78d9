"""Starting the portal's commands as processes of their own, on the database of the test that runs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection


def database_url() -> str:
    """The DATABASE_URL of the test database."""
    name = connection.settings_dict["NAME"]
    if connection.vendor == "sqlite":
        return f"sqlite:///{Path(str(name)).absolute()}"
    return urlsplit(os.environ["TEST_DATABASE_URL"])._replace(path=f"/{name}").geturl()


def start(*command: str, **environment: str) -> subprocess.Popen[str]:
    """Start ``manage.py COMMAND...``; its output is in ``communicate()``."""
    return subprocess.Popen(
        [sys.executable, "manage.py", *command], cwd=settings.BASE_DIR, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env={**os.environ, "DATABASE_URL": database_url(), "DJANGO_SETTINGS_MODULE": "tests.delivery.settings",
             "LOG_LEVEL": "WARNING", **environment},
    )  # fmt: skip
