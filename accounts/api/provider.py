"""POST /provider/{environment}/callback: a provider by webhook answers, signed by Standard Webhooks."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import NinjaAPI, Schema

from accounts.actions import provider_answers
from accounts.api.calls import problems
from accounts.api.problems import Wrong
from accounts.lifecycle.errors import NotAllowed
from accounts.words import say

BODY_MOST = 16 * 1024

_FIELDS = {
    "operation": {"type": "string", "format": "uuid", "description": "data.operation of the request"},
    "outcome": {"type": "string", "enum": ["done", "refused"]},
    "client_id": {"type": "string", "maxLength": 200, "description": "Of provider.set_up."},
    "client_secret": {
        "type": "string", "maxLength": 500, "writeOnly": True, "description": "Of provider.set_up and .add_secret.",
    },
    "key_id": {"type": "string", "maxLength": 100, "description": "Your id of the secret."},
    "expires_on": {"type": "string", "maxLength": 10, "description": "The day on which the secret expires, or empty."},
    "reason": {"type": "string", "maxLength": 300, "description": "Why it is refused; people read it."},
}  # fmt: skip
_HEADERS = [
    {"name": name, "in": "header", "required": False, "schema": {"type": "string", "maxLength": 400}}
    for name in ("webhook-id", "webhook-timestamp", "webhook-signature")
]


class Taken(Schema):
    """The answer is kept; ``replayed``: it had come before."""

    operation: str
    replayed: bool


def install(api: NinjaAPI) -> None:
    """Add the operation to ``api``. Its key is the signature, not a token."""

    @api.post(
        "/provider/{uuid:environment}/callback", response=Taken, auth=None, throttle=[], operation_id="provider_answer",
        url_name="provider_answer", summary="Answer an operation (a provider by webhook)",
        description=(
            "The answer to a request that the portal sent to the provider of an environment. Signed with the secret of "
            "both sides by the Standard Webhooks specification; no older than five minutes. The same webhook-id again "
            "gives the same answer and changes nothing more."
        ),
        openapi_extra={
            "parameters": _HEADERS,
            "requestBody": {"required": True, "content": {"application/json": {"schema": {
                "type": "object", "required": ["operation", "outcome"], "properties": _FIELDS,
                "additionalProperties": False}}}},
            "responses": problems(401, 404, 409, 413, 422),
            "security": [],
        },
    )  # fmt: skip
    def post_provider_answer(request: HttpRequest, response: HttpResponse, environment: UUID) -> dict[str, Any]:
        length = request.META.get("CONTENT_LENGTH") or "0"
        if not (length.isascii() and length.isdecimal() and len(length) < 10) or int(length) > BODY_MOST:
            raise Wrong(413, f"An answer has at most {BODY_MOST:,} bytes.")
        headers = {name: value for name, value in request.headers.items() if name.lower().startswith("webhook-")}
        try:
            answer = provider_answers.take(environment, request.body, headers, now=timezone.now())
        except NotAllowed as refusal:
            raise Wrong(401, say(refusal.sentence)) from None
        return {"operation": str(answer.operation.pk), "replayed": answer.replayed}
