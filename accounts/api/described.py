"""How the verbs stand in the API's description: the fields of each form, and what can go wrong."""

from __future__ import annotations

from typing import Any

from django import forms

from accounts.api.calls import KEY_HEADER, problems
from accounts.forms.order import FIELD_LABELS
from accounts.forms.returning import ReturnForm
from accounts.forms.verbs import LONGEST_COMMENT, IssueForm, SetupForm, VerbForm
from accounts.verbs import Verb

LARGEST_VERSION = 999_999_999
_SEEN = {
    "type": ["integer", "null"], "minimum": 0, "maximum": LARGEST_VERSION,
    "description": "The version that you looked at; answered with 409 and who was first when there is a newer one.",
}  # fmt: skip
_IF_MATCH = {
    "name": "If-Match", "in": "header", "description": "The ETag that you looked at: the same as seen.",
    "schema": {"type": "string", "maxLength": 20},
}  # fmt: skip
_OF_EACH_ENVIRONMENT: dict[type[VerbForm], dict[str, dict[str, Any]]] = {
    SetupForm: {
        "client_id__{environment}": {"type": "string", "maxLength": 200},
        "client_secret__{environment}": {"type": "string", "maxLength": 500, "writeOnly": True},
        "expires_on__{environment}": {"type": ["string", "null"], "format": "date"},
    },
    IssueForm: {"loop_reference__{environment}": {"type": "string", "maxLength": 100}},
}


_OF_ONE_SECRET: dict[str, Any] = {
    "client_secret": {
        "type": "string", "maxLength": 500, "writeOnly": True,
        "description": "Of a reactivation or a secret rotation: the new client secret.",
    },
    "expires_on": {"type": ["string", "null"], "format": "date"},
    "key_id": {"type": "string", "maxLength": 100, "description": "Of a secret rotation: the secret's id."},
}  # fmt: skip


def verb(kind: str, name: str, verb: Verb) -> dict[str, Any]:
    """What ``NinjaAPI.post`` is told about the verb ``name`` of a ``kind`` of subject."""
    return action(kind, name, verb.form, f"{verb.explains} {_per_environment(verb.form)}".strip())


def action(kind: str, name: str, form: type[VerbForm], description: str) -> dict[str, Any]:
    """As ``verb``, for what is no row of a lifecycle."""
    words = name.replace("_", " ")
    fields = _fields(form)
    return {
        "summary": f"{words.capitalize()} ({kind})",
        "description": description,
        "operation_id": f"{kind}_{name}",
        "url_name": f"{kind}_{name}",
        "openapi_extra": {
            "parameters": [KEY_HEADER, _IF_MATCH],
            "requestBody": {"required": False, "content": {"application/json": {"schema": fields}}},
            "responses": problems(401, 403, 404, 409, 413, 415, 422, 429),
        },
    }


def _fields(form: type[VerbForm]) -> dict[str, Any]:
    """The JSON Schema of a form's fields, those of each environment by a pattern of their names."""
    properties = {name: _schema(field) for name, field in form.base_fields.items() if name not in _OF_PAGES}
    if issubclass(form, ReturnForm):
        properties |= {
            f"comment_{name}": {"type": "string", "maxLength": LONGEST_COMMENT, "description": str(label)}
            for name, label in FIELD_LABELS.items()
        }
    if issubclass(form, SetupForm):
        properties |= _OF_ONE_SECRET
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {**properties, "seen": _SEEN},
        "required": [name for name, field in form.base_fields.items() if field.required and name in properties],
    }
    patterns = _OF_EACH_ENVIRONMENT.get(form, {})
    if patterns:
        schema["patternProperties"] = {
            f"^{name.partition('{')[0]}.+$": said for name, said in patterns.items()
        }  # fmt: skip
    return {**schema, "additionalProperties": False}


_OF_PAGES = frozenset({"picking", "on"})
"""Fields by which a page says which boxes were ticked; programs send the comments themselves."""


def _schema(field: forms.Field) -> dict[str, Any]:
    if isinstance(field, forms.BooleanField):
        return {"type": "boolean", "default": False}
    if isinstance(field, forms.DateField):
        return {"type": "string" if field.required else ["string", "null"], "format": "date"}
    said: dict[str, Any] = {"type": "string", "description": str(field.label or "")}
    longest = getattr(field, "max_length", None)
    return said | ({"maxLength": longest} if longest else {}) | ({"minLength": 1} if field.required else {})


def _per_environment(form: type[VerbForm]) -> str:
    names = ", ".join(f"`{name}`" for name in _OF_EACH_ENVIRONMENT.get(form, {}))
    return f"For each environment of the order: {names}." if names else ""
