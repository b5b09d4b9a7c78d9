"""What every test gets: no network but this machine, an empty cache; and a word on what is left out."""

import gc
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import servers

# Playwright's synchronous interface keeps an event loop in the test's thread; Django's check must allow it.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

# Thousands of modules and models live as long as the run: looking them through again and again takes a sixth of it.
gc.set_threshold(200_000, 20, 100)

pytest_plugins = ["tests.history", "tests.story"]

LOOPBACK = {"127.0.0.1", "::1", "localhost", "0.0.0.0"}
MISSING = servers.missing()
ON_POSTGRES = servers.ON_POSTGRES
BROWSER_ARGUMENTS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)


PAGES_WITH_SQL_OF_THEIR_OWN = (
    "test_audit", "test_collect_at_once", "test_figures", "test_reports", "test_staff_ahead", "test_staff_worklist",
)  # fmt: skip
"""The pages whose lists and figures ask each database in its own way, or on which two meet."""
OF_NO_DATABASE = ("test_oidc.py", "test_templates.py", "test_examples.py")
"""An identity provider's answers, the words of the mails, a walk by commands: the same whatever keeps the rows."""


@pytest.hookimpl(trylast=True)  # after the order was shuffled
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what this run is not for: the run on PostgreSQL repeats the domain, not the pages nor the browser."""
    unwanted = {"browser", "sqlite_only"} if ON_POSTGRES else {"postgres_only"}
    left = [
        item
        for item in items
        if unwanted & {mark.name for mark in item.iter_markers()} or (ON_POSTGRES and _needs_no_second_run(item.path))
    ]
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = [item for item in items if item not in left]
    items.sort(key=_is_short)
    for item in items:
        if item.get_closest_marker("browser") and not servers.browser_path():
            item.add_marker(pytest.mark.skip(reason="LEFT OUT: no chromium here (tests/bring.sh installs it)"))


def pytest_collection_finish() -> None:
    """What was imported stays: the garbage collector need not look at it any more."""
    gc.freeze()


def _is_short(item: pytest.Item) -> bool:
    """The tests with browsers and processes go first: begun last, one of them would keep the others waiting."""
    return not (item.get_closest_marker("browser") or item.get_closest_marker("processes"))


def _needs_no_second_run(path: Path) -> bool:
    """Is this a test of pages that ask the database nothing of their own, or of no database at all?"""
    if (
        path.parent.name in ("architecture", "gateways", "lifecycle", "standin", "wiring")
        or path.name in OF_NO_DATABASE
    ):
        return True
    return path.parent.name == "web" and not path.name.startswith(PAGES_WITH_SQL_OF_THEIR_OWN)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Name what could not be tried on this machine."""
    if MISSING:
        terminalreporter.section("LEFT OUT ON THIS MACHINE", sep="!", red=True, bold=True)
        for sentence in MISSING:
            terminalreporter.line(f"- no {sentence} (tests/bring.sh installs it)", red=True)


@pytest.fixture(scope="session", autouse=True)
def only_this_machine() -> Iterator[None]:
    """Close the network: a connection to anything but this machine is an error that names the address."""
    original = socket.socket.connect

    def connect(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX and address[0] not in LOOPBACK:
            raise RuntimeError(f"a test tried to reach {address[0]}: tests stay on this machine")
        original(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", connect)
        yield


@pytest.fixture(scope="session")
def django_db_keepdb(django_db_modify_db_settings: None) -> bool:
    """On SQLite a migrated database is laid out before the tests ask for one, so there is one to keep."""
    from django.db import connection

    from tests import template

    if not ON_POSTGRES:
        template.copy_to(Path(connection.settings_dict["TEST"]["NAME"]))
    return not ON_POSTGRES


@pytest.fixture(autouse=True)
def empty_cache() -> Iterator[None]:
    """Start every test with no rate limit used up."""
    from django.core.cache import cache

    cache.clear()
    yield
    cache.clear()


@pytest.fixture(autouse=True)
def own_language() -> Iterator[None]:
    """Start every test in the portal's own language: a page asked for in Norwegian leaves its thread Norwegian."""
    from django.utils import translation

    translation.deactivate()
    yield
    translation.deactivate()


@pytest.fixture(autouse=True)
def no_connection_left() -> Iterator[None]:
    """Let no test leave a connection to a token URL open."""
    yield
    from accounts.gateways.client import shared_client

    if shared_client.cache_info().currsize:
        for private in (True, False):
            shared_client(private).close()
        shared_client.cache_clear()


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Start the machine's own Chromium."""
    arguments = BROWSER_ARGUMENTS.split()
    return {**browser_type_launch_args, "executable_path": servers.browser_path(), "args": arguments}


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """A throw-away Redis; the test is left out, loudly, where there is none."""
    try:
        with servers.redis() as url:
            yield url
    except servers.NotInstalledError as reason:
        pytest.skip(f"LEFT OUT: {reason}")


@pytest.fixture
def mail_server() -> Iterator[servers.MailServer]:
    """A real mail server on this machine."""
    with servers.smtp() as server:
        yield server
