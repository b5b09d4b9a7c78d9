"""The servers that tests start, and the closed network around them."""

import shutil
import smtplib
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest
from redis import Redis

from portal.environment import BASE_DIR
from tests import servers
from tests.servers import MailServer

pytestmark = pytest.mark.sqlite_only

MAIL = "Subject: Hei\r\n\r\nEn pære.\r\n".encode()


def test_the_network_is_closed() -> None:
    with socket.socket() as outside, pytest.raises(RuntimeError, match=r"192\.0\.2\.1.*stay on this machine"):
        outside.connect(("192.0.2.1", 80))


def test_postgresql_comes_and_goes() -> None:
    try:
        with servers.postgres() as url:
            folder = Path(parse_qs(urlsplit(url).query)["host"][0])
            with psycopg.connect(url) as connection:
                row = connection.execute("SHOW listen_addresses").fetchone()
            assert row == ("",)  # its socket alone
    except servers.NotInstalledError as reason:
        pytest.skip(f"LEFT OUT: {reason}")
    assert not folder.exists()


def test_redis_answers_on_this_machine_alone(redis_url: str) -> None:
    with Redis.from_url(redis_url) as client:
        assert client.ping()
        assert client.config_get("bind") == {"bind": "127.0.0.1"}


def test_the_mail_server_keeps_and_refuses(mail_server: MailServer) -> None:
    mail_server.answers["nobody@example.com"] = "550 5.1.1 unknown"
    with smtplib.SMTP("127.0.0.1", urlsplit(mail_server.url).port or 0) as client:
        client.sendmail("a@example.com", ["kari@example.com"], MAIL)
        with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
            client.sendmail("a@example.com", ["nobody@example.com"], MAIL)
    assert refused.value.recipients["nobody@example.com"][0] == 550
    assert [mail["Subject"] for mail in mail_server.to("kari@example.com")] == ["Hei"]
    assert mail_server.to("nobody@example.com") == []


def test_a_command_runs_beside_postgresql_and_its_exit_code_counts() -> None:
    if servers.missing() and not servers.find_initdb():
        pytest.skip("LEFT OUT: there is no PostgreSQL server here")
    code = "import os, sys; sys.exit(7 if os.environ['TEST_DATABASE_URL'].startswith('postgresql://') else 1)"
    command = [sys.executable, "-m", "tests.servers", "postgres", "--", sys.executable, "-c", code]
    assert subprocess.run(command, cwd=BASE_DIR).returncode == 7


def test_what_is_missing_is_named_loudly(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(shutil, "which", lambda *_: None)
    monkeypatch.setattr(servers, "find_initdb", lambda: None)
    assert [sentence.split(":")[0] for sentence in servers.missing()] == [
        "PostgreSQL server (initdb)",
        "redis-server",
        "chromium",
        "faketime",
    ]
    assert servers.main(["postgres", "--", "pytest"]) == 0
    assert capsys.readouterr().out.startswith("LEFT OUT: there is no PostgreSQL server here")
