"""What stands in a log line, and what never does."""

import contextlib
import io
import json
import logging
import logging.config
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from portal.logs import hide, logging_config

pytestmark = pytest.mark.sqlite_only


@pytest.mark.parametrize(
    "name", ["client_secret", "password", "access_token", "Authorization", "csrf_token", "api_key"]
)
def test_secrets_are_hidden_by_their_name(name: str) -> None:
    assert hide(None, "info", {"event": "x", name: "hush"}) == {"event": "x", name: "[hidden]"}


def test_signed_links_are_hidden_and_ids_are_not() -> None:
    order = "POST /orders/0b0cf2f5-6d4c-4d44-9b38-a0e5b9f0a3f1/approve"
    link = "GET /answer/eyJub3RpY2UiOiI3In0:1vNabc:0123456789abcdefghijklmnopqrstuvwxyzABCDEFG/"
    assert hide(None, "info", {"request": order})["request"] == order
    assert hide(None, "info", {"request": link})["request"] == "GET /answer/[hidden]/"


@pytest.mark.parametrize("through", ["structlog", "logging"])
def test_production_writes_one_json_object_a_line(through: str) -> None:
    with written(as_json=True) as line:
        if through == "structlog":
            structlog.get_logger("accounts.x").info("sent", client_secret="hush", count=2)
        else:
            logging.getLogger("accounts.x").info("sent", extra={"client_secret": "hush", "count": 2})
    said = json.loads(line.getvalue())
    assert (said["event"], said["count"], said["level"]) == ("sent", 2, "info")
    assert "hush" not in line.getvalue()


@pytest.mark.parametrize("as_json", [True, False])
def test_a_traceback_shows_no_local_variable(as_json: bool) -> None:
    def fails(client_secret: str) -> None:
        raise ValueError("it does not work")

    with written(as_json=as_json) as line:
        try:
            fails("canary" + "-in-a-local")
        except ValueError:
            logging.getLogger("accounts.x").exception("a request failed")
    assert "it does not work" in line.getvalue()
    assert "canary-in-a-local" not in line.getvalue()


@contextlib.contextmanager
def written(*, as_json: bool) -> Iterator[io.StringIO]:
    """What is logged inside the block, as one kind of installation writes it."""
    config: dict[str, Any] = logging_config(as_json=as_json, level="INFO")
    line = io.StringIO()
    config["handlers"]["stderr"]["stream"] = line
    config["handlers"] = {"stderr": config["handlers"]["stderr"]}
    before = logging.getLogger().handlers[:], logging.getLogger().level
    try:
        logging.config.dictConfig(config)
        yield line
    finally:
        logging.getLogger().handlers[:], logging.getLogger().level = before
