"""Where settings come from, and the sentence for each mistake. Every test starts a real manage.py."""

import base64
import os
import re
import stat
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from accounts.lifecycle.states import GRANTED_ROLES
from portal import embedded, single_sign_on
from portal.environment import BASE_DIR, Environment, credential_keys

pytestmark = pytest.mark.sqlite_only

KEY = "k1:" + base64.b64encode(bytes(range(32))).decode()  # always the same: it names test cases
PRODUCTION = {
    "DATABASE_URL": "postgresql://portal:hush@127.0.0.1:1/portal",
    "CELERY_BROKER_URL": "redis://127.0.0.1:1/0",
    "EMAIL_URL": "smtp+tls://user:hush@127.0.0.1:1",
    "SECRET_KEY": embedded.new_secret_key(),
    "CREDENTIAL_KEYS": KEY,
    "PORTAL_URL": "https://access.example.com",
}
SHOW = (
    "from django.conf import settings as s; "
    "print(s.EMBEDDED, s.DATABASES['default']['ENGINE'].rsplit('.')[-1], s.PORT, s.PORTAL_URL, s.MAIL_IS_KEPT, "
    "list(s.CREDENTIAL_KEYS)[0], s.CELERY_BROKER_URL.split(':')[0])"
)

Manage = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def manage(tmp_path: Path) -> Manage:
    """Run manage.py with nothing but the given variables; answers with what it printed."""

    def run(*command: str, **variables: str) -> subprocess.CompletedProcess[str]:
        environment = {"PATH": os.environ["PATH"], "DATA_DIR": str(tmp_path / "data"), **variables}
        arguments = [sys.executable, str(BASE_DIR / "manage.py"), *command]
        return subprocess.run(arguments, env=environment, capture_output=True, text=True, timeout=60)

    return run


def show(manage: Manage, **variables: str) -> list[str]:
    answer = manage("shell", "--verbosity", "0", "--command", SHOW, **variables)
    assert answer.returncode == 0, answer.stderr
    return answer.stdout.split()


def test_with_nothing_given_it_is_embedded(manage: Manage, tmp_path: Path) -> None:
    shown = show(manage)
    assert shown[:5] == ["True", "sqlite3", "8000", "http://localhost:8000", "True"]
    assert shown[6] == "filesystem"
    kept = tmp_path / "data" / "portal.env"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert "$" not in kept.read_text()
    assert show(manage) == shown  # the same keys the next time


def test_production_takes_everything_from_the_environment(manage: Manage, tmp_path: Path) -> None:
    shown = show(manage, **PRODUCTION)
    assert shown == ["False", "postgresql", "8000", "https://access.example.com", "False", KEY.split(":")[0], "redis"]
    assert not (tmp_path / "data").exists()


def test_the_keys_of_the_data_folder_serve_production_too(manage: Manage, tmp_path: Path) -> None:
    embedded.ensure_keys(tmp_path / "data", {})
    without = {name: value for name, value in PRODUCTION.items() if name not in {"SECRET_KEY", "CREDENTIAL_KEYS"}}
    assert show(manage, **without)[0] == "False"


@pytest.mark.parametrize("name", ["SECRET_KEY", "CREDENTIAL_KEYS", "EMAIL_URL", "CELERY_BROKER_URL"])
def test_what_production_lacks_is_named(manage: Manage, name: str) -> None:
    answer = manage("check", **{**PRODUCTION, name: ""})
    assert answer.returncode == 1
    assert answer.stderr.startswith(f"The configuration is not complete: {name} is not set.")
    assert "Traceback" not in answer.stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "mysql://a:hush@b/c"),
        ("DATABASE_URL", "postgresql://a:hush@b:port/c"),
        ("DATABASE_URL", "postgresql://a:hush@b"),
        ("DATABASE_URL", "hush"),
        ("CELERY_BROKER_URL", "amqp://hush@b"),
        ("EMAIL_URL", "smtp://"),
        ("EMAIL_URL", "imap://u:hush@b"),
        ("EMAIL_URL", "smtp://u:hush@b:port"),
        ("SECRET_KEY", "hush"),
        ("CREDENTIAL_KEYS", "hush"),
        ("CREDENTIAL_KEYS", "k1:hush"),
        ("CREDENTIAL_KEYS", f"{KEY},{KEY}"),
        ("CREDENTIAL_KEYS", f"{KEY},"),
        ("PORTAL_URL", "access.example.com"),
        ("PORTAL_URL", "https://access.example.com/portal"),
        ("PORT", "eighty"),
        ("DEBUG", "perhaps"),
        ("TRUSTED_PROXIES", "-1"),
    ],
)
def test_what_makes_no_sense_is_told_without_repeating_it(manage: Manage, name: str, value: str) -> None:
    answer = manage("check", **{**PRODUCTION, name: value})
    assert answer.returncode == 1
    assert name in answer.stderr
    assert "Traceback" not in answer.stderr
    assert "Warning" not in answer.stderr
    assert "hush" not in answer.stderr


def test_a_database_that_does_not_answer_is_told_in_a_sentence(manage: Manage) -> None:
    answer = manage("migrate", **PRODUCTION)
    assert answer.returncode == 1
    assert "The database cannot be used" in answer.stderr
    assert "Traceback" not in answer.stderr
    assert "hush" not in answer.stderr


def test_a_data_folder_that_cannot_be_written_is_told_in_a_sentence(manage: Manage, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file stands where the folder should be")
    answer = manage("check")
    assert answer.returncode == 1
    assert "DATA_DIR" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_the_environment_wins_over_the_file_and_the_file_over_the_data_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.environment.BASE_DIR", tmp_path)
    monkeypatch.setattr(os, "environ", {"DATA_DIR": str(tmp_path / "d"), "PORT": "1", "DEBUG": ""})
    (tmp_path / ".env").write_text("PORT=2\nDEBUG=true\nSUPPORT_EMAIL=file@example.com\n")
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "portal.env").write_text("SUPPORT_EMAIL=folder@example.com\nSECRET_KEY=$abc\n")
    env = Environment.read()
    assert env.number("PORT", 0) == 1
    assert env.yes("DEBUG", False) is True  # empty counts as not given
    assert env.text("SUPPORT_EMAIL") == "file@example.com"
    assert env.text("SECRET_KEY") == "$abc"  # not taken as the name of another variable
    assert "SUPPORT_EMAIL" not in os.environ


def test_keys_are_made_once_by_many_at_the_same_time(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from portal.embedded import ensure_keys; "
        "print(ensure_keys(Path(sys.argv[1]), {}))"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "new")]

    def start(_number: int) -> str:
        return subprocess.run(command, cwd=BASE_DIR, capture_output=True, text=True, check=True).stdout

    with ThreadPoolExecutor(6) as pool:
        assert len(set(pool.map(start, range(6)))) == 1
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["portal.env"]


def test_given_keys_are_not_written_down(tmp_path: Path) -> None:
    keys = embedded.ensure_keys(tmp_path, {"SECRET_KEY": "given"})
    assert keys["SECRET_KEY"] == "given"
    assert "given" not in (tmp_path / "portal.env").read_text()


def test_the_first_key_stays_first() -> None:
    first, second = embedded.new_credential_key(), embedded.new_credential_key()
    keys = credential_keys(f"{first}, {second}")
    assert [f"{name}:" for name in keys] == [first[: len("k123456:")], second[: len("k123456:")]]
    assert {len(key) for key in keys.values()} == {32}


def test_a_key_of_another_length_is_refused() -> None:
    with pytest.raises(ImproperlyConfigured, match="key 2 must be ID:KEY"):
        credential_keys(f"{KEY},k2:c2hvcnQ=")


def test_the_example_names_each_variable_that_is_read() -> None:
    code = "".join(
        (BASE_DIR / "portal" / name).read_text()
        for name in ("settings.py", "environment.py", "gunicorn_config.py", "single_sign_on.py")
    )
    read = set(
        re.findall(
            r'(?:env\.\w+|env\.environ\.get|os\.environ\.get|self\.text|_needed)\((?:env, )?\s*"([A-Z_]{4,})"', code
        )
    )
    example = set(re.findall(r"^([A-Z_]+)=", (BASE_DIR / ".env.example").read_text(), re.MULTILINE))
    assert {"DATABASE_URL", "PORT", "WEB_CONCURRENCY", "CREDENTIAL_KEYS"} <= read
    assert example - {"POSTGRES_PASSWORD"} == read


def test_single_sign_on_is_read_from_the_environment() -> None:
    env = Environment()
    env.ENVIRON = {}
    assert single_sign_on.read(env).apps == []
    env.ENVIRON = {
        "OIDC_ISSUER": "https://login.example.com/tenant/v2.0/",
        "OIDC_CLIENT_ID": "loop",
        "OIDC_CLIENT_SECRET": "s",
        "OIDC_ROLE_MAP": '{"loop-support": "support"}',
    }
    found = single_sign_on.read(env)
    assert found.apps[0]["settings"]["server_url"] == "https://login.example.com/tenant/v2.0"
    assert (found.origins, found.role_map) == (["https://login.example.com"], {"loop-support": "support"})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OIDC_ISSUER", "http://login.example.com"),
        ("OIDC_CLIENT_SECRET", ""),
        ("OIDC_ROLE_MAP", '{"everybody": "king"}'),
        ("OIDC_ROLE_MAP", "loop-support=support"),
    ],
)
def test_single_sign_on_that_makes_no_sense_is_refused_by_name(name: str, value: str) -> None:
    env = Environment()
    given = {"OIDC_ISSUER": "https://login.example.com", "OIDC_CLIENT_ID": "loop", "OIDC_CLIENT_SECRET": "s"}
    env.ENVIRON = {key: text for key, text in {**given, name: value}.items() if text}
    with pytest.raises(ImproperlyConfigured, match=name):
        single_sign_on.read(env)


def test_the_roles_of_the_role_map_are_those_that_people_hold() -> None:
    assert set(single_sign_on.ROLES) == {role.value for role in GRANTED_ROLES}
