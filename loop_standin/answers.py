"""An HTTP answer as plain data, and the ways to make one."""

from __future__ import annotations

import json
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, body and extra headers; whoever sends it adds the length."""

    status: int
    body: bytes = b""
    content_type: str = "application/json; charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict)


def json_answer(status: int, content: object, **headers: str) -> Answer:
    """Give an answer with ``content`` as JSON. Header names take ``_`` for ``-``."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    body = json.dumps(content, ensure_ascii=False).encode()
    return Answer(status, body, headers={"Cache-Control": "no-store", **named})


def error(status: int, code: str, description: str, **headers: str) -> Answer:
    """Give an error in the form of RFC 6749, section 5.2: a code for programs, a sentence for people."""
    return json_answer(status, {"error": code, "error_description": description}, **headers)
