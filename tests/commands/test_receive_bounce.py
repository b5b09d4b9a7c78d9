"""``receive_bounce``: a report out of a file or from standard input."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Message, Notice, UnreachableAddress
from tests.actions.tools import nothing_written
from tests.gateways.test_reports import dsn
from tests.story import Story


@pytest.fixture
def message(story: Story) -> Message:
    story.account_in("notified")
    Notice.objects.update(delivered_on=story.now.date(), answer_by=story.now.date() + timedelta(days=30))
    found = Message.objects.get(kind="inactivity_notice")
    Message.objects.filter(pk=found.pk).update(state="delivered", delivered_at=story.now)
    return found


def written(folder: Path, mail: bytes) -> str:
    path = folder / "report.eml"
    path.write_bytes(mail)
    return str(path)


def test_it_is_taken_in_once(message: Message, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = written(tmp_path, dsn(name=f"<{message.pk}@localhost>"))
    call_command("receive_bounce", name)
    assert "Taken in: mail to ingrid@nordsjo.example came back (5.1.1)." in capsys.readouterr().out
    assert UnreachableAddress.objects.get().diagnostic == "550 5.1.1 no such user"
    assert Notice.objects.get().delivered_on is None
    with nothing_written():
        call_command("receive_bounce", name)
    assert "Known already" in capsys.readouterr().out


def test_another_mail_changes_nothing(message: Message, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with nothing_written():
        call_command("receive_bounce", written(tmp_path, dsn(action="delayed", name=f"<{message.pk}@localhost>")))
    assert "Nothing was changed." in capsys.readouterr().out


def test_a_forged_report_ends_with_an_exit_code_of_its_own(message: Message, tmp_path: Path) -> None:
    forged = dsn(name=f"<{message.pk}@localhost>", final="tor@nordsjo.example", inside="rfc822")
    forged = forged.replace(b"ingrid@nordsjo.example", b"tor@nordsjo.example")
    with nothing_written(), pytest.raises(CommandError) as said:
        call_command("receive_bounce", written(tmp_path, forged))
    assert said.value.returncode == 2
    assert "fits no mail" in str(said.value)


def test_an_empty_or_missing_file_is_a_sentence(db: None, tmp_path: Path) -> None:
    for name in (written(tmp_path, b" "), str(tmp_path / "gone.eml")):
        with pytest.raises(CommandError):
            call_command("receive_bounce", name)
