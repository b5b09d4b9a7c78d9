"""Files from the portal: accounts to import, usage to take in. Always tried first; a worker does the work."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.actions import uploads as acting
from accounts.actions.account_lines import COLUMNS
from accounts.forms.imports import AccountsFileForm, UsageFileForm
from accounts.lifecycle.errors import LostRace, NotReady
from accounts.models import Upload, UploadKind
from accounts.readers import uploads as reader
from accounts.web.door import actor_for, needs
from accounts.web.listing import neighbours
from accounts.web.refusals import not_allowed_is_403
from accounts.words import say


@needs(*acting.MAY_HAND_IN)
@require_safe
def imports(request: HttpRequest) -> HttpResponse:
    """The files that were handed in, the newest first, and the ways to hand in another."""
    page = reader.uploads(request.GET)
    context = {"rows": [reader.Shown(upload) for upload in page.rows], **neighbours(request, page)}
    return render(request, "accounts/staff/imports.html", context)


@needs(*acting.MAY_HAND_IN)
@require_http_methods(["GET", "HEAD", "POST"])
def import_new(request: HttpRequest, kind: str) -> HttpResponse:
    """Hand in a file: it is tried, and nothing of it is kept yet."""
    if kind not in list(UploadKind):
        raise Http404("There is nothing of this kind to import.")
    if request.method != "POST":
        return _form_page(request, kind, _form(kind), 200)
    form = _form(kind, request.POST, request.FILES)
    if getattr(request, "upload_was_too_large", False):
        form.add_error("file", _("The file is larger than 100 MB. Ask an operator to import it."))
    if not form.is_valid():
        return _form_page(request, kind, form, 422)
    given: dict[str, Any] = dict(form.cleaned_data)
    file = given.pop("file")
    with not_allowed_is_403():
        try:
            upload = acting.hand_in(file.chunks(), kind=UploadKind(kind), file_name=file.name,
                                    by=actor_for(request), now=timezone.now(), **given)  # fmt: skip
        except NotReady as refusal:
            form.add_error("file", say(refusal.sentence))
            return _form_page(request, kind, form, 422)
    return HttpResponseRedirect(reverse("import", args=[upload.pk]))


@needs(*acting.MAY_HAND_IN)
@require_safe
def import_page(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One file: how far it is, then what became of it, or the lines that are wrong."""
    upload = get_object_or_404(Upload.objects.select_related("run", "uploaded_by", "environment"), pk=pk)
    response = render(request, "accounts/staff/import.html", {"shown": reader.Shown(upload), "upload": upload})
    add_never_cache_headers(response)
    return response


@needs(*acting.MAY_HAND_IN)
@require_POST
def import_carry_out(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Take in for real what was tried without a mistake."""
    tried = get_object_or_404(Upload.objects.select_related("run"), pk=pk)
    with not_allowed_is_403():
        try:
            upload = acting.carry_out(tried, by=actor_for(request), now=timezone.now())
        except (NotReady, LostRace) as refusal:
            messages.info(request, say(refusal.sentence))
            return HttpResponseRedirect(reverse("import", args=[tried.pk]))
    return HttpResponseRedirect(reverse("import", args=[upload.pk]))


def _form(kind: str, *given: Any) -> forms.Form:
    if kind == UploadKind.ACCOUNTS.value:
        return AccountsFileForm(*given)
    return UsageFileForm(*given, today=timezone.localdate())


def _form_page(request: HttpRequest, kind: str, form: forms.Form, status: int) -> HttpResponse:
    context = {"form": form, "kind": kind, "columns": COLUMNS}
    return render(request, "accounts/staff/import_new.html", context, status=status)
