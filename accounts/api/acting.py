"""POST /orders/{reference}/{verb} and /accounts/{id}/{verb}: the verbs' own forms as JSON, through the one table."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

import orjson
from django import forms
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import NinjaAPI

from accounts import verbs
from accounts.actions import api_answers
from accounts.api import described
from accounts.api.calls import caller, find_account, find_order, ticket
from accounts.api.problems import Wrong
from accounts.api.schemas import Done
from accounts.forms.verbs import VerbForm
from accounts.lifecycle.actor import Actor
from accounts.lifecycle.errors import LostRace, NotReady
from accounts.models import Account, Event, Order, Scope
from accounts.models.facts import changed_since, who_was_first
from accounts.readers import programs
from accounts.words import say

JSON = "application/json"
SEEN = "seen"
_ETAG = re.compile(r'"(\d{1,9})"')


def install(api: NinjaAPI) -> None:
    """Add an operation for each verb of both tables to ``api``."""
    for name, verb in verbs.ORDER_VERBS.items():
        _add_order_verb(api, name, verb)
    for name, verb in verbs.ACCOUNT_VERBS.items():
        _add_account_verb(api, name, verb)


def _add_order_verb(api: NinjaAPI, name: str, verb: verbs.Verb) -> None:
    @api.post(f"/orders/{{reference}}/{name}", response=Done, **described.verb("order", name, verb))
    def post_order_verb(request: HttpRequest, response: HttpResponse, reference: str) -> dict[str, Any]:
        by = caller(request, Scope.ORDERS_WRITE)
        found = find_order(by, reference)
        return act(request, response, lambda said, seen: _perform(found, name, by, said, seen))


def _add_account_verb(api: NinjaAPI, name: str, verb: verbs.Verb) -> None:
    @api.post(f"/accounts/{{uuid:pk}}/{name}", response=Done, **described.verb("account", name, verb))
    def post_account_verb(request: HttpRequest, response: HttpResponse, pk: UUID) -> dict[str, Any]:
        by = caller(request, Scope.ACCOUNTS_WRITE)
        found = find_account(by, pk)
        return act(request, response, lambda said, seen: _perform(found, name, by, said, seen))


def act(
    request: HttpRequest, response: HttpResponse, do: Callable[[Mapping[str, Any], int | None], dict[str, Any]]
) -> dict[str, Any]:
    """Answer with what ``do`` did with the fields that were sent and the version that was looked at: once for a key."""
    said = _body(request)
    seen = _seen(request, said)
    now = timezone.now()
    mine = ticket(request, str(seen))

    def work() -> dict[str, Any]:
        return do(said, seen)

    answered = api_answers.once(mine, work, now=now)
    response["ETag"] = f'"{answered.answer["version"]}"'
    if answered.replayed:
        response["Idempotency-Replayed"] = "true"
    return answered.answer


def act_on(
    request: HttpRequest, response: HttpResponse, account: Account, by: Actor,
    do: Callable[[Mapping[str, Any]], dict[str, Any]],
) -> dict[str, Any]:  # fmt: skip
    """As ``act``, for what is no row of a lifecycle: only while ``account`` is as the program saw it."""

    def work(said: Mapping[str, Any], seen: int | None) -> dict[str, Any]:
        _still_as_seen(account, seen, by)
        return do(said)

    return act(request, response, work)


def _perform(
    subject: Order | Account, name: str, by: Actor, said: Mapping[str, Any], seen: int | None
) -> dict[str, Any]:
    data = _as_typed(_form(subject, name, by, seen), said)
    try:
        event = verbs.perform(subject, name, by=by, now=timezone.now(), data=data, seen=seen)
    except verbs.InvalidInput as invalid:
        raise Wrong(422, say(invalid.sentence), errors=_errors(invalid.form)) from None
    return done(subject, event, by, say(verbs.verb_of(subject, name).said))


def done(subject: Order | Account, event: Event, by: Actor, sentence: str) -> dict[str, Any]:
    """What ``schemas.Done`` describes: the change of ``subject``, told to ``by``."""
    happened = programs.plain(event, by)
    return {
        "subject": subject.reference if isinstance(subject, Order) else str(subject.pk),
        "version": event.seq,
        "state": event.target,
        "event": {**happened, "at": event.at.isoformat()},
        "said": sentence,
    }


def _form(subject: Order | Account, name: str, by: Actor, seen: int | None) -> VerbForm:
    """The verb's form. What is not possible in this state is a conflict; a version that is out of date says first
    who changed what."""
    _still_as_seen(subject, seen, by)
    try:
        verbs.row_of(subject, name)
    except NotReady as refusal:
        raise Wrong(409, say(refusal.sentence), state=subject.state, version=subject.version) from None
    return verbs.form_of(subject, name, by=by)


def _body(request: HttpRequest) -> dict[str, Any]:
    """The JSON object that was sent, {} for none. Raises the problems 413, 415 and 422."""
    try:
        body = request.body
    except RequestDataTooBig:
        raise Wrong(413, _("A verb’s fields have no more than a few kilobytes.")) from None
    if not body:
        return {}
    if request.content_type != JSON:
        raise Wrong(415, _("Send %(kind)s.") % {"kind": JSON})
    try:
        said = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise Wrong(422, _("The body is no JSON.")) from None
    if not isinstance(said, dict):
        raise Wrong(422, _("Send one JSON object with the fields of the verb."))
    return said


def _seen(request: HttpRequest, said: dict[str, Any]) -> int | None:
    """The version of the subject that the program looked at, out of If-Match or ``seen``; None where it says none."""
    field, header = said.pop(SEEN, None), request.headers.get("If-Match", "").strip()
    if field is not None and (isinstance(field, bool) or not isinstance(field, int)):
        raise _wrong(SEEN, _("Send the version as a number."))
    if header in ("", "*"):
        return field
    found = _ETAG.fullmatch(header)
    if found is None:
        raise _wrong("If-Match", _('Send the ETag of the order or account, such as "7".'))
    if field is not None and field != int(found[1]):
        raise _wrong(SEEN, _("If-Match and seen name different versions. Send one of them."))
    return int(found[1])


def _still_as_seen(subject: Order | Account, seen: int | None, by: Actor) -> None:
    """Raise LostRace, which says who changed what, if ``subject`` is not as the program saw it."""
    if seen is not None and changed_since(subject, seen, by):
        raise LostRace(who_was_first(subject))


def arguments(form: type[VerbForm], account: Account, said: Mapping[str, Any]) -> dict[str, Any]:
    """What ``form`` makes of the fields that were sent. Raises the problem 422."""
    filled = form(_as_typed(form(subject=account), said), subject=account)
    if not filled.is_valid():
        raise Wrong(422, _("This is not complete."), errors=_errors(filled))
    return filled.arguments()


def _as_typed(form: VerbForm, said: Mapping[str, Any]) -> dict[str, Any]:
    """The fields as the form takes them from a page. Raises the problem 422 for what it does not ask for."""
    if unknown := sorted(said.keys() - form.fields.keys()):
        asked = _("This verb asks for: %(fields)s.") % {"fields": ", ".join(form.fields) or "–"}
        errors = [{"field": name, "detail": asked} for name in unknown]
        raise Wrong(422, _("This verb does not ask for %(fields)s.") % {"fields": ", ".join(unknown)}, errors=errors)
    return {name: _typed(name, value, form.fields[name]) for name, value in said.items() if value is not None}


def _typed(name: str, value: Any, field: forms.Field) -> Any:
    if isinstance(field, forms.MultipleChoiceField):
        if isinstance(value, list) and all(isinstance(one, str) for one in value):
            return value
        raise _wrong(name, _("Send a list of strings."))
    if isinstance(field, forms.BooleanField):
        if isinstance(value, bool):
            return value
        raise _wrong(name, _("Send true or false."))
    if not isinstance(value, str):
        raise _wrong(name, _("Send a string."))
    return value


def _errors(form: VerbForm) -> list[dict[str, str]]:
    """What a form refuses, as a problem lists it; "" is the form as a whole."""
    return [{"field": "" if name == "__all__" else name, "detail": " ".join(map(str, said))}
            for name, said in form.errors.items()]  # fmt: skip


def _wrong(field: str, detail: str) -> Wrong:
    return Wrong(422, detail, errors=[{"field": field, "detail": detail}])
