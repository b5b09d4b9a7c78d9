"""The stand-in of the Loop API as a real process, and clients as the product makes them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from accounts.gateways.client import GuardedClient
from loop_standin.process import running

TOKEN = "/test/loop-m2m/loop-api/v1/token"


@pytest.fixture(scope="session")
def standin_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("standin") / "gateway.ndjson"


@pytest.fixture(scope="session")
def standin_process(standin_log: Path) -> Iterator[str]:
    with running("--log", str(standin_log)) as address:
        yield address


@pytest.fixture
def admin(standin_process: str) -> Iterator[httpx.Client]:
    """The stand-in's admin door; behaviour is put right again afterwards."""
    with httpx.Client(base_url=standin_process, timeout=10, trust_env=False) as door:
        yield door
        door.put("/standin/behaviour", json={"mode": "ok"})


@pytest.fixture
def token_url(admin: httpx.Client) -> str:
    return f"{admin.base_url}{TOKEN[1:]}" if str(admin.base_url).endswith("/") else f"{admin.base_url}{TOKEN}"


@pytest.fixture
def hasty() -> Iterator[GuardedClient]:
    """A client with a second for everything, so that tests of time-outs end soon."""
    with GuardedClient(allow_private=True, total_seconds=1.0) as client:
        yield client
