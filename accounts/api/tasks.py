"""GET /tasks, and what closes one: confirm it, enter the new secret, ask another contact."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Field, NinjaAPI, Query, Schema

from accounts.actions import finding_contact, new_secret, provider
from accounts.api import described, shapes
from accounts.api.acting import act_on, arguments, done
from accounts.api.calls import caller
from accounts.api.problems import Wrong
from accounts.api.reading import FAILS, cursor_of
from accounts.api.schemas import Done, TaskPage
from accounts.forms.tasks import ContactForm, DoneForm
from accounts.forms.verbs import CommentForm, NewSecretForm, VerbForm
from accounts.lifecycle.actor import Actor
from accounts.lifecycle.states import Role, TaskKind
from accounts.models import Event, Scope, Task
from accounts.models.task import TaskQuerySet
from accounts.readers import paging
from accounts.readers.programs import STAFF

Said = Mapping[str, Any]


class TasksAsked(Schema):
    """The filters of the list of tasks."""

    kind: TaskKind | None = None
    cursor: str = Field("", max_length=paging.LONGEST_KEY)


def install(api: NinjaAPI) -> None:
    """Add the operations to ``api``."""
    _list(api)
    _add(
        api, "confirm", CommentForm, _confirm,
        "Says that the work is done: Cegal's program of a client or a secret, Support's of a task of Support, "
        "with a comment on what was done.",
    )  # fmt: skip
    _add(api, "enter_secret", NewSecretForm, _enter_secret, "Of a task new_secret, by Cegal's program: the secret.")
    _add(
        api, "ask_contact", ContactForm, _ask_contact,
        "Of a task find_contact, by Support's program: the inactivity notice goes to this contact.",
    )  # fmt: skip


def _list(api: NinjaAPI) -> None:
    @api.get("/tasks", response=TaskPage, summary="List open tasks", url_name="tasks", openapi_extra=FAILS)
    def get_tasks(request: HttpRequest, asked: Query[TasksAsked]) -> dict[str, Any]:
        """The longest open first: every one for staff, the provider's for Cegal."""
        rows = _of(caller(request, Scope.ACCOUNTS_READ)).open()
        rows = rows.filter(kind=asked.kind.value) if asked.kind else rows
        order = paging.Order("opened_at")
        page = paging.page(rows, order, cursor_of(Task, order, asked.cursor))
        return {"items": [shapes.task_line(row) for row in page.rows], "next": page.after or None}


def _add(
    api: NinjaAPI, name: str, form: type[VerbForm], do: Callable[[Task, Actor, Said], tuple[Event, str]], explains: str
) -> None:
    @api.post(f"/tasks/{{uuid:pk}}/{name}", response=Done, **described.action("task", name, form, explains))
    def post_task(request: HttpRequest, response: HttpResponse, pk: UUID) -> dict[str, Any]:
        by = caller(request, Scope.ACCOUNTS_WRITE)
        found = _find(by, pk)

        def work(said: Said) -> dict[str, Any]:
            event, sentence = do(found, by, said)
            return done(found.account, event, by, sentence)

        return act_on(request, response, found.account, by, work)


def _confirm(task: Task, by: Actor, said: Said) -> tuple[Event, str]:
    form = CommentForm if task.is_providers else DoneForm
    event = provider.confirm(task, by=by, now=timezone.now(), **arguments(form, task.account, said))
    return event, _("Confirmed.")


def _enter_secret(task: Task, by: Actor, said: Said) -> tuple[Event, str]:
    _only(task, TaskKind.NEW_SECRET)
    fields = arguments(NewSecretForm, task.account, said)
    event = new_secret.enter_new_secret(task.account, by=by, now=timezone.now(), **fields)
    return event, _("The new secret is stored. The portal verifies it.")


def _ask_contact(task: Task, by: Actor, said: Said) -> tuple[Event, str]:
    _only(task, TaskKind.FIND_CONTACT)
    event = finding_contact.ask_contact(task, by=by, now=timezone.now(), **arguments(ContactForm, task.account, said))
    return event, _("The notice goes to the contact.")


def _only(task: Task, kind: TaskKind) -> None:
    if task.kind != kind.value:
        raise Wrong(409, _("This is for tasks of the kind %(kind)s alone.") % {"kind": kind.value})


def _find(by: Actor, pk: UUID) -> Task:
    """The task that ``by`` may see, done or not: who was first is told. Raises the problem 404."""
    found = _of(by).filter(pk=pk).first()
    if found is None:
        raise Wrong(404, _("There is no such task, or this token does not open it."))
    return found


def _of(by: Actor) -> TaskQuerySet:
    """Staff see every task, Cegal the provider's, others none."""
    if by.holds(*STAFF):
        rows = Task.objects.all()
    else:
        rows = Task.objects.providers() if by.holds(Role.CEGAL) else Task.objects.none()
    return rows.select_related("account__environment", "account__organisation", "credential")
