"""An empty SQLite database, migrated once and copied for each worker, run and portal: migrating takes seconds.

It is kept among the temporary files, named by what it depends on: the migrations, and the versions of the packages.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from portal.environment import BASE_DIR


def copy_to(database: Path) -> None:
    """Put a fresh copy of the template where a database will be."""
    for left in (database, *(database.with_name(database.name + end) for end in ("-wal", "-shm"))):
        left.unlink(missing_ok=True)
    shutil.copyfile(_made(), database)


def _made() -> Path:
    """The template; whoever comes first makes it, and the others wait."""
    place = _place()
    with place.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not place.exists():
            _migrate(place.with_suffix(".unfinished")).replace(place)
    return place


def _place() -> Path:
    sources = [*sorted((BASE_DIR / "accounts" / "migrations").glob("*.py")), BASE_DIR / "requirements-dev.txt"]
    known = hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()
    folder = Path(tempfile.gettempdir()) / f"portal-tests-{os.getuid()}"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder / f"template-{known[:16]}.sqlite3"


def _migrate(database: Path) -> Path:
    """A database as ``manage.py migrate`` makes it; what a kill left of an earlier one goes."""
    database.unlink(missing_ok=True)
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    with tempfile.TemporaryDirectory() as folder:
        given = {**kept, "DATA_DIR": folder}
        command = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
        subprocess.run(command, cwd=BASE_DIR, env=given, check=True, timeout=300)
        shutil.move(Path(folder) / "portal.sqlite3", database)
    return database
