"""The catalogue of reasons to return an order: both languages side by side, in an order, in use or retired."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.actions import return_reasons as acting
from accounts.forms.administration import ReturnReasonForm
from accounts.forms.order import FIELD_LABELS
from accounts.lifecycle.errors import LostRace
from accounts.lifecycle.states import Role
from accounts.models import ReturnReason
from accounts.readers import administration as reader
from accounts.web.administration.editing import DONE, STALE, attempt, page, show_what_is_saved
from accounts.web.door import actor_for, needs, seen_version
from accounts.web.refusals import not_allowed_is_403
from accounts.words import say

administrators_only = needs(Role.ADMINISTRATOR)
asks = require_http_methods(["GET", "HEAD", "POST"])
LABELS = {name: field.label for name, field in ReturnReasonForm.base_fields.items()} | {"position": "#"}


@administrators_only
@require_safe
def return_reasons(request: HttpRequest) -> HttpResponse:
    """Every reason in its place, with the field it is about."""
    language = _language(request)
    rows = [_row(reason, language) for reason in ReturnReason.objects.order_by("position", "title_en", "pk")]
    return render(request, "accounts/administration/return_reasons.html", {"rows": rows})


@administrators_only
@asks
def return_reason_add(request: HttpRequest) -> HttpResponse:
    """Add a reason at the end of the catalogue."""
    form = ReturnReasonForm(request.POST if request.method == "POST" else None, reason=ReturnReason())
    if request.method != "POST":
        return page(request, "return_reason", {"form": form})
    by, now = actor_for(request), timezone.now()
    status = attempt(form, lambda: acting.add_return_reason(form.texts(), by=by, now=now))
    if status != DONE:
        return page(request, "return_reason", {"form": form}, status)
    messages.success(request, _("The reason is added. Support can use it now."))
    return HttpResponseRedirect(reverse("return_reasons"))


@administrators_only
@asks
def return_reason(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One reason: its texts in both languages, and what was changed by whom."""
    found = get_object_or_404(ReturnReason, pk=pk)
    form = ReturnReasonForm(request.POST if request.method == "POST" else None, reason=found)
    by, now, status = actor_for(request), timezone.now(), DONE
    if request.method == "POST":
        status = attempt(form, lambda: acting.edit_return_reason(found, form.texts(), by=by, now=now, seen=form.seen))
        if status == DONE:
            messages.success(request, _("The reason is saved."))
            return HttpResponseRedirect(reverse("return_reasons"))
    if status == STALE:
        found.refresh_from_db()
        show_what_is_saved(form, found, {name: getattr(found, name) for name in ("field", *acting.TEXTS)})
    context = {
        "form": form,
        "reason": found,
        "reason_title": found.title(_language(request)),
        "version": _version(found),
        "entries": reader.happened(found, by.id, LABELS),
    }
    return page(request, "return_reason", context, status)


@administrators_only
@require_POST
def return_reason_do(request: HttpRequest, pk: UUID, what: str) -> HttpResponse:
    """Move a reason ``up`` or ``down``, ``retire`` it, or ``restore`` it."""
    found = get_object_or_404(ReturnReason, pk=pk)
    by, now = actor_for(request), timezone.now()
    with not_allowed_is_403():
        try:
            if what in ("up", "down"):
                acting.move(found, up=what == "up", by=by, now=now)
            else:
                acting.set_active(found, what == "restore", by=by, now=now, seen=seen_version(request))
                messages.success(request, _("Support can use the reason again.") if what == "restore"
                                 else _("The reason is retired: Support does not see it any more."))  # fmt: skip
        except LostRace as lost:
            messages.info(request, say(lost.sentence))
    return HttpResponseRedirect(reverse("return_reasons"))


def _row(reason: ReturnReason, language: str) -> dict[str, Any]:
    return {
        "reason": reason,
        "title": reason.title(language),
        "text": reason.text(language),
        "field": FIELD_LABELS.get(reason.field, _("The whole order")),
    }


def _language(request: HttpRequest) -> str:
    return "nb" if getattr(request, "LANGUAGE_CODE", "").startswith("nb") else "en"


def _version(reason: ReturnReason) -> list[dict[str, Any]]:
    return [{"name": "version", "value": reason.version}]
