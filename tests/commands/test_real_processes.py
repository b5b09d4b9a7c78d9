"""The commands as operators start them: exit codes, standard streams, never a stack trace."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import get_commands, load_command_class

from portal.environment import BASE_DIR
from tests import template

pytestmark = [pytest.mark.sqlite_only, pytest.mark.processes]

COMMANDS = (
    "import_accounts", "import_usage", "accept_gap", "check_inactivity", "transition", "export_accounts", "history",
    "verify_history", "create_person", "sample_data",
)  # fmt: skip
ACCOUNTS = BASE_DIR / "docs" / "examples" / "accounts.csv"


class Portal:
    """A fresh embedded portal in ``folder``, and its ``manage.py``."""

    def __init__(self, folder: Path) -> None:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        self.environment = {**kept, "DATA_DIR": str(folder), "LOG_LEVEL": "INFO"}

    def manage(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return self._run([sys.executable, "manage.py", *arguments], stdin)

    def shell(self, command: str) -> subprocess.CompletedProcess[str]:
        return self._run(["sh", "-c", f"'{sys.executable}' manage.py {command}"], "")

    def _run(self, command: list[str], stdin: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, cwd=BASE_DIR, env=self.environment, input=stdin, capture_output=True, text=True, timeout=60,
            check=False,
        )  # fmt: skip


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Portal:
    """A portal in which the example accounts are."""
    made = Portal(folder := tmp_path_factory.mktemp("portal"))
    template.copy_to(folder / "portal.sqlite3")
    imported = made.manage("import_accounts", "-", stdin=ACCOUNTS.read_text(encoding="utf-8"))
    assert (imported.returncode, imported.stderr) == (0, "")
    assert imported.stdout.startswith("Imported 200 accounts, 16 of them with unknown last use.")
    return made


def test_every_command_explains_itself(portal: Portal) -> None:
    for name in COMMANDS:
        parser = load_command_class(get_commands()[name], name).create_parser("manage.py", name)
        text = parser.format_help()
        assert f"for example:\n  manage.py {name}" in text or "| manage.py" in text, name
        assert max(map(len, text.splitlines())) <= 130, name
    assert "for example:" in portal.manage("import_usage", "--help").stdout


def test_a_whole_walk_by_pipes(portal: Portal) -> None:
    quiet = portal.manage("import_usage", "-", "--environment", "test", "--covers-through", "2026-11-22", stdin="")
    assert (quiet.returncode, quiet.stderr) == (0, "")
    checked = portal.manage("check_inactivity", "--dry-run", "--format", "json")
    assert (checked.returncode, checked.stderr) == (0, "")
    assert checked.stdout.startswith('{"on": "')
    assert portal.manage("verify_history").returncode == 0


def test_bad_input_ends_with_sentences_and_1(portal: Portal, tmp_path: Path) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text("client_id,day,calls\nalpha,2026-13-01,1\n", encoding="utf-8")
    ended = portal.manage("import_usage", str(bad), "--environment", "TEST", "--covers-through", "2026-11-22")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.splitlines() == [
        "CommandError: One mistake in the file: nothing was taken in.",
        "  line 2, day: “2026-13-01” is no day such as 2026-11-23.",
    ]
    for arguments in (
        ("history", "LA-2026-9999"),
        ("transition", "LA-2026-9999", "approve", "--as", "nobody@loop.example"),
        ("import_accounts", str(tmp_path / "none.csv")),
        ("import_usage", "-", "--environment", "STAGE", "--covers-through", "2026-11-22"),
        ("create_person", "nobody"),
        ("check_inactivity", "--on", "2026-12-24"),
    ):
        ended = portal.manage(*arguments)
        assert (ended.returncode, ended.stdout) == (1, ""), arguments
        assert ended.stderr.startswith("CommandError: ")
        assert "Traceback" not in ended.stderr


def test_a_reader_that_has_seen_enough_is_no_error(portal: Portal) -> None:
    done = portal.shell("export_accounts --format json | head -n 5")
    assert (len(done.stdout.splitlines()), done.stderr) == (5, "")


def test_progress_is_drawn_on_a_terminal_only(portal: Portal) -> None:
    shown, terminal = os.openpty()
    command = [sys.executable, "manage.py", "import_accounts", str(ACCOUNTS)]
    with subprocess.Popen(
        command, cwd=BASE_DIR, env=portal.environment, stderr=terminal, stdout=subprocess.PIPE
    ) as run:
        os.close(terminal)
        output, _errors = run.communicate(timeout=60)
    assert output.decode().splitlines() == ["Imported 0 accounts.", "Already there: 200 accounts."]
    assert "Reading: " in os.read(shown, 100_000).decode()
    os.close(shown)
    assert portal.manage("import_accounts", str(ACCOUNTS)).stderr == ""
