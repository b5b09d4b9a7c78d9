"""Every mail that the portal sends, in both languages, for staff to look at before somebody gets it.

The samples are made of rows that are nowhere (``delivery.samples``): nobody's data, and no link that works.
"""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.delivery.kinds import KINDS
from accounts.delivery.samples import Sample, sample
from accounts.lifecycle.states import Role
from accounts.readers.messages import kind_label
from accounts.web.door import needs
from accounts.web.mail_html import holds_mail_frame, mail_page

LOOKS = (Role.SUPPORT, Role.ADMINISTRATOR)


@needs(*LOOKS)
@require_safe
def mails(request: HttpRequest) -> HttpResponse:
    """The kinds of mail by whom they are for, each with its subject line in the reader's language."""
    language = translation.get_language() or settings.LANGUAGE_CODE
    now = timezone.now()
    groups: dict[str, list[dict[str, str]]] = {}
    for kind, known in KINDS.items():
        row = {"kind": kind, "label": kind_label(kind), "subject": sample(kind, language, now=now).subject}
        groups.setdefault(_readers(known.role if kind != "stage_reminder" else None, kind), []).append(row)
    return render(request, "accounts/staff/mails.html", {"groups": groups.items(), "number": len(KINDS)})


@needs(*LOOKS)
@holds_mail_frame
@require_safe
def mail_sample(request: HttpRequest, kind: str, language: str) -> HttpResponse:
    """One kind of mail: its subject, its HTML and its text, side by side."""
    found = _sample(kind, language)
    kinds = list(KINDS)
    place = kinds.index(kind)
    context = {
        "sample": found,
        "label": kind_label(kind),
        "language": language,
        "tabs": [
            {"label": label, "url": reverse("mail_sample", args=[kind, code]), "current": code == language}
            for code, label in (("en", _("English")), ("nb", _("Norwegian")))
        ],
        "previous_url": reverse("mail_sample", args=[kinds[place - 1], language]) if place else "",
        "next_url": reverse("mail_sample", args=[kinds[place + 1], language]) if place + 1 < len(kinds) else "",
    }
    return render(request, "accounts/staff/mail_sample.html", context)


@needs(*LOOKS)
@require_safe
def mail_sample_html(request: HttpRequest, kind: str, language: str) -> HttpResponse:
    """The HTML of one sample, for the frame on its page."""
    return mail_page(_sample(kind, language).html, framed=True)


def _sample(kind: str, language: str) -> Sample:
    if kind not in KINDS or language not in dict(settings.LANGUAGES):
        raise Http404("There is no such mail.")
    return sample(kind, language, now=timezone.now())


def _readers(role: Role | None, kind: str) -> str:
    if kind == "stage_reminder":
        return _("For whoever the order waits for")
    labels = {
        Role.SUPPORT: _("For Support"),
        Role.SERVICE_RESPONSIBLE: _("For the Service Responsible"),
        Role.CEGAL: _("For Cegal"),
        Role.ADMINISTRATOR: _("For administrators"),
        None: _("For requesters, owners and technical contacts"),
    }
    return labels.get(role, str(role))
