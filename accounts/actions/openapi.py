"""What an OpenAPI file says: is it one (3.0 or 3.1), and which operations does it describe.

Source of the rules: the OpenAPI Specification 3.0.4 and 3.1.1, "OpenAPI Object" to "Responses Object". The shape
is checked as far as a reader needs it: what a viewer and the list of operations would stumble over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from accounts.actions.openapi_file import BadDescription, Where, checked, follow, parsed, shown
from accounts.actions.openapi_outline import outline
from accounts.lifecycle.sentence import Sentence
from accounts.lifecycle.sentence import Sentence as _

VERSION = re.compile(r"3\.[01]\.\d{1,3}(?:-[\w.]{1,10})?")
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
BESIDE_METHODS = frozenset({"$ref", "summary", "description", "servers", "parameters"})
PLACES = ("query", "header", "path", "cookie")
ANSWER = re.compile(r"[1-5](?:\d\d|XX)|default")
MOST_OPERATIONS = 1_000


@dataclass(frozen=True)
class Described:
    """An OpenAPI file that can be shown; ``outline`` as ``openapi_outline`` makes it."""

    openapi: str
    title: str
    version: str
    operations: int
    outline: dict[str, Any]


def read(content: bytes) -> Described:
    """Read a file. Raises BadDescription with sentences that say what is wrong and where."""
    document = parsed(content)
    problems = [*checked(document), *_of_root(document)] or [*_of_paths(document)]
    if problems:
        raise BadDescription(problems)
    operations = [*_operations(document)]
    if not operations:
        raise BadDescription([_("The file describes no operation: there is nothing to show.")])
    if len(operations) > MOST_OPERATIONS:
        raise BadDescription([_("The file describes more than %(most)s operations. Split it.", most=MOST_OPERATIONS)])
    info = document["info"]
    return Described(
        document["openapi"], info["title"].strip()[:200], info["version"].strip()[:100], len(operations),
        outline(document, operations),
    )  # fmt: skip


def _of_root(document: dict[str, Any]) -> Iterator[Sentence]:
    if "swagger" in document:
        yield _("This is Swagger %(version)s. Convert it to OpenAPI 3 first.", version=str(document["swagger"])[:20])
        return
    version = document.get("openapi")
    if not isinstance(version, str) or not VERSION.fullmatch(version):
        yield _("openapi must be 3.0.x or 3.1.x, for example 3.0.3.")
    info = document.get("info")
    if not isinstance(info, dict):
        yield _missing(("info",), document, dict)
    else:
        yield from (_missing(("info", name), info, str) for name in ("title", "version") if not _text(info.get(name)))
    for name, kind in (("paths", dict), ("components", dict), ("servers", list), ("tags", list)):
        if not isinstance(document.get(name, kind()), kind):
            yield _missing((name,), document, kind)
    if "paths" not in document:
        yield _missing(("paths",), document, dict)


def _of_paths(document: dict[str, Any]) -> Iterator[Sentence]:
    """What is wrong with the paths; the references in them lead somewhere (``checked``)."""
    for path, item in document["paths"].items():
        where = ("paths", path)
        if path.startswith("x-"):
            continue
        item = follow(document, item)
        if not path.startswith("/"):
            yield _("%(where)s: a path begins with /.", where=shown(where))
        elif not isinstance(item, dict):
            yield _must_be(where, dict)
        else:
            yield from _of_item(document, item, where)


def _of_item(document: dict[str, Any], item: dict[str, Any], where: Where) -> Iterator[Sentence]:
    yield from _of_parameters(document, item, where)
    for name, operation in item.items():
        here = (*where, name)
        if name in METHODS:
            yield from _of_operation(document, operation, here)
        elif name not in BESIDE_METHODS and not name.startswith("x-"):
            yield _("%(where)s: OpenAPI knows no such method. Write get, post, ...", where=shown(here))


def _of_operation(document: dict[str, Any], operation: Any, where: Where) -> Iterator[Sentence]:
    if not isinstance(operation, dict):
        yield _must_be(where, dict)
        return
    yield from _of_parameters(document, operation, where)
    tags = operation.get("tags", [])
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        yield _("%(where)s must be a list of texts.", where=shown((*where, "tags")))
    if not isinstance(operation.get("responses"), dict):
        yield _missing((*where, "responses"), operation, dict)
        return
    for status, answer in operation["responses"].items():
        here = (*where, "responses", status)
        if not status.startswith("x-") and not ANSWER.fullmatch(status):
            yield _("%(where)s: write a status such as 200, 4XX or default.", where=shown(here))
        elif not isinstance(follow(document, answer), dict):
            yield _must_be(here, dict)


def _of_parameters(document: dict[str, Any], owner: dict[str, Any], where: Where) -> Iterator[Sentence]:
    listed = owner.get("parameters", [])
    where = (*where, "parameters")
    if not isinstance(listed, list):
        yield _must_be(where, list)
        return
    for number, said in enumerate(listed):
        here, parameter = (*where, str(number)), follow(document, said)
        if not isinstance(parameter, dict):
            yield _must_be(here, dict)
        elif not _text(parameter.get("name")):
            yield _missing((*here, "name"), parameter, str)
        elif parameter.get("in") not in PLACES:
            yield _("%(where)s must be query, header, path or cookie.", where=shown((*here, "in")))


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any], Mapping[str, Any]]]:
    """Path, method, the path's item and the operation, in the order of the file."""
    for path, said in document["paths"].items():
        item = follow(document, said)
        if path.startswith("/"):
            yield from ((path, name, item, one) for name, one in item.items() if name in METHODS)


def _text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _missing(where: Where, owner: Mapping[str, Any], kind: type) -> Sentence:
    """The sentence for what is not there, or is there and something else."""
    absent = owner.get(where[-1]) in (None, "")
    return _("%(where)s is missing.", where=shown(where)) if absent else _must_be(where, kind)


def _must_be(where: Where, kind: type) -> Sentence:
    if kind is dict:
        return _("%(where)s must be an object, or point to one.", where=shown(where))
    if kind is list:
        return _("%(where)s must be a list.", where=shown(where))
    return _("%(where)s must be a text.", where=shown(where))
