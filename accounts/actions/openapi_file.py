"""An OpenAPI file as it was handed in: read as JSON within bounds, nothing in it points out of the file.

What the parts mean is the business of ``openapi``; here a file that would hurt a reader is refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NoReturn
from urllib.parse import unquote

from accounts.lifecycle.errors import NotReady
from accounts.lifecycle.sentence import Sentence
from accounts.lifecycle.sentence import Sentence as _

LARGEST = 2 * 1024 * 1024  # bytes
DEEPEST = 100  # levels of objects and lists inside each other
MOST_PARTS = 200_000
MOST_PROBLEMS = 20

Where = tuple[str, ...]
Step = tuple[Any, "Step | None"]  # a key, and the step before it
_YAML = re.compile(rb"^\s*(?:---|#|openapi\s*:|swagger\s*:|info\s*:)")


class BadDescription(NotReady):
    """A file that cannot be shown: ``sentences`` say what is wrong and where, the first [20] of them."""

    def __init__(self, sentences: list[Sentence]) -> None:
        super().__init__(sentences[0])
        self.sentences = sentences[:MOST_PROBLEMS]


def parsed(content: bytes) -> dict[str, Any]:
    """The object that the file holds. Raises BadDescription for what is no JSON, too large, too deep or not text."""
    if len(content) > LARGEST:
        raise _bad(_("The file is larger than %(limit)s MB.", limit=LARGEST // 1024 // 1024))
    if not content.strip():
        raise _bad(_("The file is empty."))
    try:
        document = json.loads(content.decode("utf-8-sig"), parse_constant=_no_constant)
    except UnicodeDecodeError:
        raise _bad(_("The file is not written in UTF-8. Save it as UTF-8 and choose it again.")) from None
    except json.JSONDecodeError as error:
        raise _bad(_no_json(content, error)) from None
    except RecursionError:
        raise _bad(_too_deep()) from None
    except ValueError:
        raise _bad(_("The file holds a number that JSON does not allow.")) from None
    if not isinstance(document, dict):
        raise _bad(_("The file must hold one JSON object that describes an API."))
    return document


def checked(document: dict[str, Any]) -> list[Sentence]:
    """What is wrong anywhere in ``document``: references that lead nowhere or out of it, texts that cannot be kept.

    Raises BadDescription at once when it is too deep or has too many parts.
    """
    problems: list[Sentence] = []
    for parts, (value, step, depth) in enumerate(_walk(document), start=1):
        if depth > DEEPEST:
            raise _bad(_too_deep())
        if parts > MOST_PARTS:
            raise _bad(_("The file has more than %(most)s parts. Split it.", most=f"{MOST_PARTS:,}"))
        if isinstance(value, str) and not _can_be_kept(value):
            problems.append(_("%(where)s holds a character that no text may hold.", where=shown(_way(step))))
        elif isinstance(value, dict):
            problems += _of_object(document, value, step)
        if len(problems) >= MOST_PROBLEMS:
            break
    return problems


def resolve(document: dict[str, Any], reference: str) -> Any:
    """What ``reference`` ("#/components/schemas/Sale") points at. Raises LookupError where there is nothing."""
    found: Any = document
    for key in reference.removeprefix("#/").split("/"):
        name = unquote(key).replace("~1", "/").replace("~0", "~")
        found = found[int(name)] if isinstance(found, list) and name.isdecimal() else found[name]
    return found


def follow(document: dict[str, Any], value: Any) -> Any:
    """``value``, or what its references lead to in the end; None when they go round in a circle."""
    seen: set[str] = set()
    while isinstance(value, dict) and isinstance(value.get("$ref"), str):
        if value["$ref"] in seen:
            return None
        seen.add(value["$ref"])
        value = resolve(document, value["$ref"])
    return value


def shown(where: Where) -> str:
    """A place in the file, in words: "paths › /sales › get"."""
    return " › ".join(where) or "{ }"


def _walk(document: Any) -> Iterator[tuple[Any, Step | None, int]]:
    """Every value with the way to it and its depth; no recursion, since the file decides how deep it is."""
    waiting: list[tuple[Any, Step | None, int]] = [(document, None, 1)]
    while waiting:
        value, step, depth = waiting.pop()
        yield value, step, depth
        if isinstance(value, dict):
            waiting += [(inner, (key, step), depth + 1) for key, inner in value.items()]
        elif isinstance(value, list):
            waiting += [(inner, (number, step), depth + 1) for number, inner in enumerate(value)]


def _way(step: Step | None) -> Where:
    keys = []
    while step is not None:
        keys.append(str(step[0]).encode(errors="replace").decode().replace("\0", "?")[:80])
        step = step[1]
    return tuple(reversed(keys))


def _of_object(document: dict[str, Any], value: dict[str, Any], step: Step | None) -> Iterator[Sentence]:
    where = shown(_way(step))
    if not all(map(_can_be_kept, value)):
        yield _("%(where)s holds a character that no text may hold.", where=where)
    if isinstance(value.get("$id"), str) or isinstance(value.get("$dynamicRef"), str):
        yield _("%(where)s: $id and $dynamicRef cannot be shown. Use $ref.", where=where)
    reference = value.get("$ref")
    if isinstance(reference, str) and _can_be_kept(reference):
        yield from _of_reference(document, reference, where)


def _of_reference(document: dict[str, Any], reference: str, where: str) -> Iterator[Sentence]:
    said = {"where": where, "reference": reference[:200]}
    if not reference.startswith("#"):
        yield _(
            "%(where)s points to %(reference)s, outside the file. Nothing is fetched: put everything into one file.",
            **said,
        )
        return
    try:
        resolve(document, reference if reference.startswith("#/") else "#/?")
    except (LookupError, TypeError, ValueError):  # a place in a list with thousands of digits, say
        yield _("%(where)s points to %(reference)s, which is not in the file.", **said)


def _can_be_kept(text: str) -> bool:
    """Can every database and every page hold it? No NUL, no half of a pair of surrogates."""
    return "\0" not in text and (text.isascii() or text.encode(errors="ignore").decode() == text)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _no_json(content: bytes, error: json.JSONDecodeError) -> Sentence:
    start = content[:2000].removeprefix(b"\xef\xbb\xbf")
    if start.lstrip().startswith(b"<"):
        return _("This is a web page or XML, not JSON. Download the OpenAPI file itself, as JSON.")
    if _YAML.match(start):
        return _("This looks like YAML. Convert it to JSON first, for example in Swagger Editor.")
    return _("This is no JSON: there is a mistake in line %(line)s, column %(column)s.", line=error.lineno,
             column=error.colno)  # fmt: skip


def _too_deep() -> Sentence:
    return _("The file has more than %(deepest)s levels inside each other.", deepest=DEEPEST)


def _bad(sentence: Sentence) -> BadDescription:
    return BadDescription([sentence])
