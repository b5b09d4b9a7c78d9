"""What is shipped beside the code: containers, locks, the continuous integration script."""

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from portal.environment import BASE_DIR
from scripts.docs import BEGIN, END, refreshed
from scripts.messages import compile_messages

pytestmark = pytest.mark.sqlite_only

EXAMPLE = (BASE_DIR / ".env.example").read_text()


def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((BASE_DIR / "docker-compose.yml").read_text())
    return loaded


def test_compose_has_every_part_and_each_waits_for_what_it_needs() -> None:
    services = compose()["services"]
    assert set(services) == {"postgres", "redis", "migrate", "web", "worker", "beat"}
    for name in ("web", "worker", "beat"):
        assert services[name]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"
    assert services["migrate"]["depends_on"]["postgres"]["condition"] == "service_healthy"
    for name in ("postgres", "redis", "web", "worker"):
        assert services[name]["healthcheck"]["test"]


def test_compose_has_no_secret_of_its_own() -> None:
    text = (BASE_DIR / "docker-compose.yml").read_text()
    wanted = set(re.findall(r"\$\{([A-Z_]+):\?", text))
    assert wanted == {"POSTGRES_PASSWORD"}
    assert not re.search(r"\$\{[A-Z_]*(PASSWORD|SECRET|KEY)[A-Z_]*:-", text)
    for service in compose()["services"].values():
        for name, value in service.get("environment", {}).items():
            assert "PASSWORD" not in name or value.startswith("${"), name


def test_every_name_in_compose_is_in_the_example() -> None:
    names = set(re.findall(r"\$\{([A-Z_]+)", (BASE_DIR / "docker-compose.yml").read_text()))
    assert names <= set(re.findall(r"^([A-Z_]+)=", EXAMPLE, re.MULTILINE))


def test_the_example_gives_no_value() -> None:
    assert re.findall(r"^[A-Z_]+=.+$", EXAMPLE, re.MULTILINE) == []


def test_the_image_copies_only_what_is_there_and_does_not_run_as_root() -> None:
    text = (BASE_DIR / "Dockerfile").read_text()
    for source in re.findall(r"^COPY (?!--from)(\S+) ", text, re.MULTILINE):
        assert (BASE_DIR / source).exists(), source
    assert re.search(r"^USER portal$", text, re.MULTILINE)
    assert "--no-deps --require-hashes" in text


def test_packages_are_installed_from_the_lock_alone() -> None:
    """An older pip looks past the lock for a package wanted with an extra, and stops at the first newer release."""
    assert "--no-deps --require-hashes" in (BASE_DIR / "Makefile").read_text()


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_locks_have_hashes_and_no_address(name: str) -> None:
    text = (BASE_DIR / name).read_text()
    assert "://" not in text
    assert "--index" not in text
    pins = re.findall(r"^[a-z0-9][\w.\[\],-]*==", text, re.MULTILINE)
    assert len(pins) > 50
    assert len(re.findall(r"^[a-z0-9].*\\\n +--hash=sha256:", text, re.MULTILINE)) == len(pins)


def test_every_dependency_is_locked() -> None:
    declared = re.findall(
        r'^  "([a-z0-9-]+)', (BASE_DIR / "pyproject.toml").read_text().split("[tool.uv]")[0], re.MULTILINE
    )
    locked = set(
        re.findall(r"^([a-z0-9-]+)(?:\[.*\])?==", (BASE_DIR / "requirements-dev.txt").read_text(), re.MULTILINE)
    )
    assert len(declared) > 30
    assert set(declared) <= locked


def test_continuous_integration_runs_check_and_test_and_nothing_more() -> None:
    script = BASE_DIR / ".ci" / "run"
    assert os.access(script, os.X_OK)
    lines = [line for line in script.read_text().splitlines() if line and not line.startswith("#")]
    assert lines == ["set -eu", 'cd "$(dirname "$0")/.."', "make check", "make test"]


def test_make_help_names_every_target() -> None:
    answer = subprocess.run(["make", "help"], cwd=BASE_DIR, capture_output=True, text=True, check=True)
    for target in ("run", "setup", "test", "check", "bench", "messages", "lock", "clean", "help", "docs"):
        assert re.search(rf"make {target}\s+\w", answer.stdout), target


def test_only_what_stands_between_the_marks_is_replaced() -> None:
    text = f"before\n{BEGIN}\nold\n{END}\nafter\n"
    assert refreshed(text, "new\n") == f"before\n{BEGIN}\n\nnew\n\n{END}\nafter\n"
    assert refreshed(refreshed(text, "new"), "new") == refreshed(text, "new")
    with pytest.raises(ValueError, match="marks"):
        refreshed("no marks", "new")


def test_translations_are_compiled_when_they_are_older(tmp_path: Path) -> None:
    source = tmp_path / "nb" / "LC_MESSAGES" / "django.po"
    source.parent.mkdir(parents=True)
    source.write_text(
        'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\nmsgid "Order"\nmsgstr "Bestilling"\n'
    )
    (made,) = compile_messages(tmp_path)
    assert b"Bestilling" in made.read_bytes()
    assert compile_messages(tmp_path) == []
