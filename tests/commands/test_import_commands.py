"""import_accounts, import_usage and accept_gap on real files."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from accounts.lifecycle.states import AccountState, Role
from accounts.models import Account, Coverage, DailyUsage
from tests.commands.running import refused, run
from tests.rows import account, person

pytestmark = pytest.mark.django_db

HEAD = (
    "client_id,environment,organisation,organisation_number,owner_name,owner_email,technical_email,role,system,"
    "purpose,activated_on,last_used_on\n"
)
GOOD = (
    "alpha,TEST,Ærlig Borgny AS,923609016,Åse Ødegård,ase@aerlig.example,,seller,SAP,"
    "Sends surplus valves to Loop every night.,2024-05-01,{used}\n"
)
LOG = '{{"timestamp": "{at}", "client_id": "{client}", "status": {status}}}\n'


def log(*calls: tuple[str, str, int]) -> str:
    return "".join(LOG.format(client=client, at=at, status=status) for client, at, status in calls)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "accounts.csv").write_text(HEAD + GOOD.format(used=""), encoding="utf-8")
    calls = [("alpha", "2026-11-20T10:00:00Z", 200), ("beta", "2026-11-21T10:00:00Z", 200)]
    (tmp_path / "usage.ndjson").write_text(log(*calls, ("alpha", "2026-11-21T10:00:00Z", 403)), encoding="utf-8")
    return tmp_path


class TestImportAccounts:
    def test_a_file_twice(self, folder: Path) -> None:
        assert run("import_accounts", str(folder / "accounts.csv")).splitlines() == [
            "Imported 1 account, 1 of them with unknown last use.",
            "New: 1 person and 1 organisation.",
        ]
        assert run("import_accounts", str(folder / "accounts.csv")).splitlines() == [
            "Imported 0 accounts.",
            "Already there: 1 account.",
        ]
        assert Account.objects.get().organisation.name == "Ærlig Borgny AS"

    def test_standard_input(self) -> None:
        run("import_accounts", "-", stdin=(HEAD + GOOD.format(used="2026-01-02")).encode())
        assert Account.objects.get().last_used_on == date(2026, 1, 2)

    def test_bad_lines_are_told_and_nothing_is_imported(self) -> None:
        text = HEAD + GOOD.format(used="") + GOOD.format(used="2030-01-01").replace("923609016", "1234")
        assert refused("import_accounts", "-", stdin=text.encode()).splitlines() == [
            "2 mistakes in the file: nothing was taken in.",
            "  line 3, organisation_number: “1234” is no organisation number: 9 digits of which the last one checks"
            " the others.",
            "  line 3, last_used_on: 1 January 2030 lies in the future.",
        ]
        assert not Account.objects.exists()

    def test_more_than_fifty_mistakes_are_counted(self) -> None:
        text = HEAD + "x\n" * 1234
        told = refused("import_accounts", "-", stdin=text.encode()).splitlines()
        assert (told[0], told[-1], len(told)) == (
            "1234 mistakes in the file: nothing was taken in.", "  and 1,184 more", 52,
        )  # fmt: skip

    def test_files_that_cannot_be_read(self, tmp_path: Path) -> None:
        assert refused("import_accounts", str(tmp_path / "none.csv")).endswith(
            "cannot be read: No such file or directory."
        )
        assert refused("import_accounts", str(tmp_path)).endswith("cannot be read: Is a directory.")


class TestImportUsage:
    def through(self, file: object, *more: str, environment: str = "TEST", day: str = "2026-11-22") -> tuple[str, ...]:
        return ("import_usage", str(file), "--environment", environment, "--covers-through", day, *more)

    def test_a_first_log_with_a_stray_old_line(self, folder: Path) -> None:
        file = folder / "stray.csv"
        file.write_text("client_id,day,calls\nalpha,2020-01-01,1\nalpha,2026-11-20,1\n")
        told = run(*self.through(file))
        assert "TEST is covered from 2026-11-20 through 2026-11-22." in told
        assert "from 2 January 2020 through 19 November 2026" in told

    def test_a_log(self, folder: Path) -> None:
        account("alpha")
        assert run(*self.through(folder / "usage.ndjson", environment="test")).splitlines() == [
            "3 lines: 1 call of 1 account counted, 1 failed call left out.",
            "Last use moved forward: 1 account.",
            "TEST is covered from 2026-11-20 through 2026-11-22.",
            "Unknown in TEST, skipped: 1 client: beta",
        ]
        assert run(*self.through(folder / "usage.ndjson", day="2026-11-23")).splitlines() == [
            "This file was taken in on 2026-11-23 at 09:00: its lines are skipped.",
            "TEST was covered through 2026-11-22 before; that stays as it is.",
            "23 November 2026 is not over, so it does not count as covered: calls may still come.",
            "Unknown in TEST, skipped: 1 client: beta",
        ]
        assert DailyUsage.objects.get().calls == 1

    @pytest.mark.parametrize("name", ["usage.csv", "usage.txt", "-"])
    def test_the_format_is_found_by_name_or_by_the_first_line(self, tmp_path: Path, name: str) -> None:
        account("alpha")
        text = "client_id,day,calls\nalpha,2026-11-20,3\n"
        file = tmp_path / name
        file.write_text(text)
        run(*self.through("-" if name == "-" else file), stdin=text.encode())
        assert DailyUsage.objects.get().calls == 3

    def test_an_empty_file_is_news(self, tmp_path: Path) -> None:
        empty = tmp_path / "empty.ndjson"
        empty.touch()
        assert run(*self.through(empty, "--covers-from", "2026-11-01")).splitlines() == [
            "0 lines: 0 calls of 0 accounts counted.",
            "Last use moved forward: 0 accounts.",
            "TEST is covered from 2026-11-01 through 2026-11-22.",
        ]
        again = run(*self.through(empty, day="2026-11-10")).splitlines()
        assert again[2:] == ["TEST was covered through 2026-11-10 before; that stays as it is."]
        assert Coverage.objects.count() == 1

    def test_a_gap_is_a_warning(self, tmp_path: Path) -> None:
        empty = tmp_path / "empty.csv"
        empty.touch()
        run(*self.through(empty, "--covers-from", "2026-11-01", day="2026-11-05"))
        told = run(*self.through(empty, "--covers-from", "2026-11-08"))
        assert "Warning: 2 days from 2026-11-06 through 2026-11-07 stay unknown." in told

    def test_use_of_a_suspended_account_is_told(self, folder: Path) -> None:
        account("alpha", state=AccountState.SUSPENDED.value, state_since=datetime(2026, 11, 1, tzinfo=UTC))
        told = run(*self.through(folder / "usage.ndjson"))
        assert "Used after it was suspended or closed: 1 account: alpha (on 2026-11-20)" in told

    @pytest.mark.parametrize(
        ("more", "sentence"),
        [
            (("--environment", "STAGE"), "There is no environment “STAGE”. Known: TEST, PRODUCTION."),
            (("--covers-through", "2026-11-24"), "24 November 2026 lies in the future: nobody knows it yet."),
            (
                ("--covers-from", "2026-11-23"),
                "The first day 23 November 2026 is later than the last day 22 November 2026.",
            ),
            (("--covers-from", "yesterday"), "“yesterday” is no day such as 2026-11-23."),
            (("--covers-from", "20261101"), "“20261101” is no day such as 2026-11-23."),
            (("--format", "csv"), "line 1: The first line must be: client_id,day,calls"),
        ],
    )
    def test_refusals(self, folder: Path, more: tuple[str, ...], sentence: str) -> None:
        assert sentence in refused(*self.through(folder / "usage.ndjson", *more))
        assert not Coverage.objects.exists()


class TestAcceptGap:
    ARGUMENTS = ("accept_gap", "TEST", "2026-11-03", "2026-11-05", "--as", "sunniva@loop.example")

    def test_support_accepts(self) -> None:
        person("sunniva@loop.example", Role.SUPPORT)
        said = (
            "TEST from 2026-11-03 through 2026-11-05: accepted as unknown by Sunniva on 2026-11-23: The log was lost.\n"
        )
        assert run(*self.ARGUMENTS, "--reason", "The log was lost.") == said
        assert run(*self.ARGUMENTS, "--reason", "Again.") == said
        assert Coverage.objects.get().accepted_by == "Sunniva"

    def test_refusals(self) -> None:
        assert refused(*self.ARGUMENTS, "--reason", "x").startswith("Nobody is known as sunniva@loop.example.")
        person("sunniva@loop.example")
        assert refused(*self.ARGUMENTS, "--reason", "x") == "Only Support can accept a gap."
        person("sindre@loop.example", Role.SUPPORT)
        by_sindre = (*self.ARGUMENTS[:-1], "sindre@loop.example")
        assert refused(*by_sindre, "--reason", " ") == "Write why these days may be taken as known. The reason is kept."
        assert "no day such as" in refused(*by_sindre[:2], "2026-11-31", *by_sindre[3:], "--reason", "x")
