"""What an event keeps besides its sentence, as rows of words: before and after, for whom, out of which file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

_LABELS = {
    "api_version": gettext_noop("Version of the API"),
    "answer_by": gettext_noop("Answer by"),
    "days": gettext_noop("Days"),
    "deputy_for": gettext_noop("As deputy for"),
    "elapsed_ms": gettext_noop("Took, ms"),
    "failing_since": gettext_noop("Failing since"),
    "file": gettext_noop("File"),
    "first": gettext_noop("First day"),
    "given": gettext_noop("Given"),
    "hint": gettext_noop("Begins with"),
    "item": gettext_noop("Item of the checklist"),
    "last": gettext_noop("Last day"),
    "last_activity_on": gettext_noop("Last activity"),
    "last_used_on": gettext_noop("Last used"),
    "line": gettext_noop("Line"),
    "number": gettext_noop("Number"),
    "order": gettext_noop("Order"),
    "outcome": gettext_noop("Outcome"),
    "owner": gettext_noop("Owner"),
    "reactivated_on": gettext_noop("Reactivated"),
    "role": gettext_noop("Role"),
    "roles": gettext_noop("Roles"),
    "scopes": gettext_noop("May be used for"),
    "sha256": gettext_noop("SHA-256 of the file"),
    "status": gettext_noop("Status"),
    "taken": gettext_noop("Taken away"),
    "task": gettext_noop("Task"),
    "title": gettext_noop("Title"),
    "unverified": gettext_noop("Not verified"),
    "until": gettext_noop("Until"),
}
"""What the particulars are called that no form asks for; another one is shown by its own name."""


@dataclass(frozen=True)
class Detail:
    """One row: a label and a value, or what it was before and after."""

    label: str
    value: str
    before: str | None = None


def details(data: Mapping[str, Any], labels: Mapping[str, Any]) -> list[Detail]:
    """What an event's ``data`` says to people; ``labels`` names the fields that have a name on a form.

    Ids beside a name (``to_id``) are left to the files: they say nothing to a reader.
    """
    return list(_rows(data, labels))


def _rows(data: Mapping[str, Any], labels: Mapping[str, Any]) -> Iterator[Detail]:
    if data.keys() >= {"from", "to"}:
        yield Detail(_("Changed"), _text(data["to"]), _text(data["from"]))
        data = {name: value for name, value in data.items() if name not in ("from", "to")}
    for name, value in data.items():
        if name.endswith("_id"):
            continue
        if name == "comments" and isinstance(value, list):
            yield from (_comment(one, labels) for one in value)
        elif isinstance(value, Mapping):
            yield from _changes(name, value, labels)
        else:
            yield Detail(_label(name, labels), _text(value))


def _comment(one: Mapping[str, str], labels: Mapping[str, Any]) -> Detail:
    return Detail(_label(one.get("field", ""), labels), one.get("text", ""))


def _changes(name: str, value: Mapping[str, Any], labels: Mapping[str, Any]) -> Iterator[Detail]:
    """A mapping inside the data: of fields to [before, after] or {from, to}, or of plain values."""
    if value.keys() == {"from", "to"}:
        yield Detail(_label(name, labels), _text(value["to"]), _text(value["from"]))
        return
    for inner, said in value.items():
        label = _label(inner, labels)
        if isinstance(said, list) and len(said) == 2 and name == "changed":
            yield Detail(label, _text(said[1]), _text(said[0]))
        elif isinstance(said, Mapping) and said.keys() == {"from", "to"}:
            yield Detail(label, _text(said["to"]), _text(said["from"]))
        else:
            yield Detail(label, _text(said))


def _label(name: str, labels: Mapping[str, Any]) -> str:
    if name in labels:
        return str(labels[name])
    return _(_LABELS[name]) if name in _LABELS else str(capfirst(name.replace("_", " ")))


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if value is None or value == "":
        return "–"
    if isinstance(value, list):
        return ", ".join(_text(one) for one in value) or "–"
    return str(value)
