"""The operations of an API in plain values: what a page lists without any script.

Texts are kept as they stand in the file (Markdown is not rendered), cut where somebody wrote a book.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from accounts.actions.openapi_file import follow

LONGEST_LINE, LONGEST_TEXT = 300, 4_000  # characters
MOST_WORDS = 8  # of an enumeration
Operation = tuple[str, str, Mapping[str, Any], Mapping[str, Any]]


def outline(document: dict[str, Any], operations: Iterable[Operation]) -> dict[str, Any]:
    """What the file says of itself, its servers, and its operations by their first tag, in the order of the file."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for number, (path, method, item, operation) in enumerate(operations, start=1):
        name = _line(next(iter(operation.get("tags", [])), ""))
        groups.setdefault(name, []).append(_operation(document, number, path, method, item, operation))
    about = {one["name"]: _text(one.get("description")) for one in document.get("tags", []) if _named(one)}
    servers = [one.get("url") for one in document.get("servers", []) if isinstance(one, dict)]
    return {
        "description": _text(document["info"].get("description")),
        "servers": [_line(url) for url in servers if isinstance(url, str)][:10],
        "groups": [{"name": name, "about": about.get(name, ""), "operations": ops} for name, ops in groups.items()],
    }


def _operation(
    document: dict[str, Any], number: int, path: str, method: str, item: Mapping[str, Any], said: Mapping[str, Any]
) -> dict[str, Any]:
    parameters = {
        (one["name"], one["in"]): _parameter(document, one)
        for one in (follow(document, each) for each in (*item.get("parameters", []), *said.get("parameters", [])))
    }
    return {
        "id": f"operation-{number}",
        "method": method.upper(),
        "path": path[:LONGEST_LINE],
        "summary": _line(said.get("summary") or item.get("summary")),
        "description": _text(said.get("description") or item.get("description")),
        "deprecated": said.get("deprecated") is True,
        "parameters": [*parameters.values()],
        "body": _body(document, follow(document, said.get("requestBody"))),
        "answers": [
            {"status": status, "description": _text(follow(document, answer).get("description"))}
            for status, answer in said["responses"].items()
            if not status.startswith("x-")
        ],
    }


def _parameter(document: dict[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": _line(said["name"]),
        "in": said["in"],
        "required": said.get("required") is True,
        "type": _type(document, said.get("schema")),
        "description": _text(said.get("description")),
    }


def _body(document: dict[str, Any], said: Any) -> dict[str, Any] | None:
    if not isinstance(said, dict) or not isinstance(said.get("content"), dict):
        return None
    kinds = [
        {"kind": _line(kind), "type": _type(document, media.get("schema") if isinstance(media, dict) else None)}
        for kind, media in said["content"].items()
    ]
    return {"required": said.get("required") is True, "description": _text(said.get("description")), "kinds": kinds}


def _type(document: dict[str, Any], schema: Any) -> str:
    """The type in a few signs: "integer", "Sale", "Sale[]", "draft | sold"; "" where nothing is said."""
    if not isinstance(schema, dict):
        return ""
    if isinstance(schema.get("$ref"), str):
        return _line(schema["$ref"].rpartition("/")[2])
    if isinstance(schema.get("enum"), list):
        words = [_line(str(word)) for word in schema["enum"]]
        return _line(" | ".join(words[:MOST_WORDS] + ["…"] * (len(words) > MOST_WORDS)))
    kinds = schema.get("type")
    if kinds == "array":
        return f"{_type(document, schema.get('items'))}[]"
    return _line(" | ".join(map(str, kinds)) if isinstance(kinds, list) else kinds)


def _named(tag: Any) -> bool:
    return isinstance(tag, dict) and isinstance(tag.get("name"), str)


def _line(value: Any) -> str:
    return " ".join(value.split())[:LONGEST_LINE] if isinstance(value, str) else ""


def _text(value: Any) -> str:
    return value.strip()[:LONGEST_TEXT] if isinstance(value, str) else ""
