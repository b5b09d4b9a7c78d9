"""Open tasks for staff: what waits, since when, what to do about it; and the pages on which Support closes one."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.actions import finding_contact, provider
from accounts.forms.tasks import ContactForm, DoneForm, TaskFilter
from accounts.lifecycle.states import PROVIDER_TASKS, Role, TaskKind
from accounts.models import Task, current_policy
from accounts.readers import tasks as reader
from accounts.web.asking import Question, ask_keeping
from accounts.web.door import actor_for, needs
from accounts.web.listing import here_with, neighbours, tabs
from accounts.words import TASK_ADVICE, TASK_WORDS, say

STAFF = (Role.SUPPORT, Role.SERVICE_RESPONSIBLE, Role.ADMINISTRATOR)
TABS = (reader.SUPPORT, reader.PROVIDER, reader.ALL)


@needs(*STAFF)
@require_safe
def tasks(request: HttpRequest) -> HttpResponse:
    """Open tasks by whose they are; the filters stand in the address."""
    form = TaskFilter(request.GET, states=TABS, usual=reader.SUPPORT)
    search = reader.Search(form.tab, form.said("kind"), form.environment_name, form.text, late=form.said("late") == "1")
    rows, page = reader.open_tasks(search, request.GET, current_policy(), timezone.localdate())
    counts = reader.counts()
    found = [
        (reader.SUPPORT, _("Support"), counts[reader.SUPPORT]),
        (reader.PROVIDER, _("At Cegal"), counts[reader.PROVIDER]),
        (reader.ALL, _("All"), None),
    ]
    context = {
        "rows": rows,
        "form": form,
        "tabs": tabs(request, form.tab, found),
        "narrowed": form.narrows,
        "reset_url": here_with(request, q="", environment="", kind="", late="") if form.narrows else "",
        "may_close": actor_for(request).holds(Role.SUPPORT),
        **neighbours(request, page),
    }
    return render(request, "accounts/staff/tasks.html", context)


@needs(Role.SUPPORT)
@require_http_methods(["GET", "HEAD", "POST"])
def task(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Close one of Support's own tasks. A provider's task is Cegal's and is not found here."""
    own = Task.objects.exclude(kind__in=[kind.value for kind in PROVIDER_TASKS])
    found = get_object_or_404(own.select_related("account__environment", "account__organisation"), pk=pk)
    if found.kind == TaskKind.FIND_CONTACT.value and request.GET.get("as") != "done":
        return _ask_contact(request, found)
    question = _question(found, _("Close this task"), _("The task is done."))
    form = DoneForm(request.POST or None, subject=found.account)

    def close() -> None:
        provider.confirm(found, by=actor_for(request), now=timezone.now(), **form.arguments())

    return ask_keeping(request, question, form, close)


def _ask_contact(request: HttpRequest, found: Task) -> HttpResponse:
    question = _question(found, _("Send the notice to a contact"), _("The notice goes to the contact."))
    form = ContactForm(request.POST or None, subject=found.account)

    def send() -> None:
        finding_contact.ask_contact(found, by=actor_for(request), now=timezone.now(), **form.arguments())

    return ask_keeping(request, question, form, send)


def _question(found: Task, label: str, said: str) -> Question:
    kind, account = TaskKind(found.kind), found.account
    facts: tuple[dict[str, Any], ...] = (
        {"term": _("Task"), "value": say(TASK_WORDS[kind])},
        {"term": _("Organisation"), "value": account.organisation.name, "sub": account.organisation.number},
        {"term": _("Open since"), "at": found.opened_at},
    )
    explains = say(TASK_ADVICE[kind])
    return Question(account, label, explains, reverse("staff_account", args=[account.pk]), said, facts=facts)
