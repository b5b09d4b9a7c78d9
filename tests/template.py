"""An empty SQLite database, migrated once and copied for each worker of each run: migrating takes seconds.

It is kept among the temporary files, named by what it depends on: the migrations, and the versions of the packages.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db import connection

from portal.environment import BASE_DIR


@contextmanager
def only_one() -> Iterator[None]:
    """Let one process at a time lay out its database: the first one makes the template for the others."""
    with place().with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def place() -> Path:
    """Where the template of this checkout is, or will be."""
    sources = [*sorted((BASE_DIR / "accounts" / "migrations").glob("*.py")), BASE_DIR / "requirements-dev.txt"]
    known = hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()
    folder = Path(tempfile.gettempdir()) / f"portal-tests-{os.getuid()}"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder / f"template-{known[:16]}.sqlite3"


def copy_to(database: Path) -> None:
    """Put a fresh copy of the template where the test database will be; without a template, nothing."""
    for left in (database, *(database.with_name(database.name + end) for end in ("-wal", "-shm"))):
        left.unlink(missing_ok=True)
    if place().exists():
        shutil.copyfile(place(), database)


def keep() -> None:
    """Make the template out of the test database, which was just migrated. A kill in the middle leaves none."""
    unfinished = place().with_suffix(".unfinished")
    unfinished.unlink(missing_ok=True)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM INTO %s", [str(unfinished)])
    unfinished.replace(place())
