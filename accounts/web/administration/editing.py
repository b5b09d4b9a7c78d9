"""What the administrator's forms share: a change is done or refused in words, and nobody overwrites another's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _

from accounts.forms.administration import Versioned
from accounts.lifecycle.errors import LostRace, NotReady
from accounts.models import Event, Subject
from accounts.web.refusals import not_allowed_is_403
from accounts.words import say

DONE, WRONG, STALE = 200, 422, 409


def attempt(form: Any, do: Callable[[], object], *, field: str | None = None) -> int:
    """Do what a valid form says: DONE, WRONG (the refusal stands at ``field`` or above the form) or STALE.

    STALE means that somebody changed it first: nothing was written, and the caller shows what is saved now. Raises
    PermissionDenied when the action does not allow it.
    """
    if not form.is_valid():
        return WRONG
    with not_allowed_is_403():
        try:
            do()
        except LostRace as lost:
            form.first = say(lost.sentence)
            return STALE
        except NotReady as refusal:
            form.add_error(field if field in form.fields else None, say(refusal.sentence))
            return WRONG
    return DONE


def show_what_is_saved(form: Versioned, subject: Subject, saved: Mapping[str, Any]) -> None:
    """After STALE: keep what was typed, say at each field that differs what is saved now, and by whom.

    Pressing the button again is then a new decision: the form says the version that is there now. ``saved`` gives the
    saved values by the form's fields, as the person would read them.
    """
    last = Event.objects.filter(subject_type=subject.subject_type(), subject_id=subject.pk).order_by("-seq").first()
    for name, value in saved.items():
        if name in form.fields and name in (last.data.get("changed", saved) if last else saved):
            text = _("Saved meanwhile: %(value)s") % {"value": value if value not in ("", None) else _("(empty)")}
            note = {"text": text, "by": last.actor_name if last else "", "at": last.at if last else None}
            form.fields[name].note = note  # type: ignore[attr-defined]  # drawn by the field's template
    form.data = form.data.copy()  # type: ignore[attr-defined]  # a QueryDict
    form.data["version"] = str(subject.version)  # type: ignore[index]  # a copy may be written to


def page(request: HttpRequest, template: str, context: Mapping[str, Any], status: int = 200) -> HttpResponse:
    """A page with a form that nobody keeps in a cache."""
    response = render(request, f"accounts/administration/{template}.html", dict(context), status=status)
    add_never_cache_headers(response)
    return response
